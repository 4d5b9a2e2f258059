"""Parts of trees, moved about: what Flux's sources do to files, said in mounts.

It refuses to look into files: what depends on which files there are is not said here.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import replace

from auditor.domain.gitops.branch import Mount

Mounts = tuple[Mount, ...]
"""Files from several places. Where two bring the same file, the later one counts."""


def moved(mounts: Iterable[Mount], *, under: str = "", at: str = "") -> Iterator[Mount]:
    """Take the part of a tree that is below a folder, and put it below another one."""
    for mount in mounts:
        below = beneath(mount.at, under)
        above = beneath(under, mount.at)
        if below is not None:
            yield replace(mount, at=joined(at, below))
        elif above is not None:
            yield replace(mount, under=joined(mount.under, above), at=at)


def narrowed(mounts: Iterable[Mount], folders: Iterable[str]) -> Mounts:
    """Keep of a tree what is below some folders."""
    tree = tuple(mounts)
    return tuple(each for folder in folders for each in moved(tree, under=folder, at=folder))


def beneath(path: str, folder: str) -> str | None:
    """A path as seen from a folder that it is in, or is; ``None`` where it is elsewhere."""
    if path == folder or not folder:
        return path if not folder else ""
    return path.removeprefix(f"{folder}/") if path.startswith(f"{folder}/") else None


def overlaps(one: str, other: str) -> bool:
    """Tell whether one of two paths is in the other, or is it."""
    return beneath(one, other) is not None or beneath(other, one) is not None


def joined(folder: str, path: str) -> str:
    """A path below a folder; either may be empty."""
    return posixpath.join(folder, path) if folder and path else folder or path
