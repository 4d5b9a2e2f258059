"""Which commit a configured ref means: a branch, a tag, or HEAD."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from auditor.errors import SourceUnavailable

HEAD = "HEAD"


def find_ref(ref: str, names: Iterable[str], *, repository: str) -> str:
    """Find the full name of a ref among all that a repository has.

    Raises:
        SourceUnavailable: there is none, or the repository is empty; the message names what is near.

    """
    present = set(names)
    if not present:
        raise SourceUnavailable(f"{repository} is empty. Push a commit to it.")
    wanted = (ref, f"refs/heads/{ref}", f"refs/tags/{ref}", f"refs/remotes/origin/{ref}")
    found = next((name for name in wanted if name in present), None)
    if found is None:
        raise SourceUnavailable(f"{repository} has no branch or tag {ref!r}. {_hint(ref, present)}")
    return found


def _hint(ref: str, names: set[str]) -> str:
    short = sorted({name.split("/", 2)[-1] for name in names if not name.endswith("^{}")} - {HEAD})
    near = get_close_matches(ref, short, n=1) or short[:3]
    return f"It has {', '.join(near)}; correct ref, or push it." if near else "Push it."
