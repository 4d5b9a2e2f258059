"""Paths of files as whoever stores them names them, which may be anything.

It refuses what no tree may have rather than to repair it: what a tool makes of such a name is not known.
"""

from __future__ import annotations

from typing import Final

_DEEPEST: Final = 64
_GIT: Final = ".git"
"""What lies in a folder of this name is no file of a tree, and Flux leaves it out as well."""


class Unacceptable(Exception):
    """What was sent is none that may be taken, and why; met by whoever reads it."""


def inside(name: str) -> str:
    """The path that a name has in a tree; empty for its root, and for what is left out.

    Raises:
        Unacceptable: it leads out, or cannot be a path.

    """
    steps = [step for step in name.split("/") if step not in {"", "."}]
    if name.startswith("/") or ".." in steps or "\\" in name or not name.isprintable():
        raise Unacceptable(f"holds the path {name!r}, which no tree may have")
    if len(steps) > _DEEPEST:
        raise Unacceptable(f"holds folders more than {_DEEPEST} deep")
    return "" if _GIT in steps else "/".join(steps)
