"""Two commits, as somebody names them: ``main..feature``, ``main...HEAD``, ``v1.4..``.

Written as git does (https://git-scm.com/docs/gitrevisions): an empty side is HEAD, and three dots mean from
where the two parted. A branch that is not here may be that of the remote, as in most checkouts of pull
requests. It refuses to fetch what is missing, and says how to.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

import pygit2

from auditor.errors import ConfigError

_RANGE: Final = re.compile(r"^(.*?)(\.{2,3})(?!\.)(.*)$", re.DOTALL)
_HEAD: Final = "HEAD"


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionRange:
    """Two commits by their ids, and the text that named them."""

    text: str
    before: str
    after: str


def find_range(repository: pygit2.Repository, text: str) -> RevisionRange:
    """Find the two commits that a text names.

    Raises:
        ConfigError: it names no two commits, or not ones that are here; says what to do.

    """
    match = _RANGE.match(text.strip())
    if match is None or not (match[1] or match[3]):
        one = text.strip() or "main"
        raise ConfigError(
            f"{text!r} names no two revisions. Write {one}..HEAD for what HEAD changes from there, "
            f"or {one}...HEAD for what it changes since the two parted."
        )
    first, dots, second = match.groups()
    before, after = _find(repository, first or _HEAD), _find(repository, second or _HEAD)
    if dots == "...":
        before = _fork(repository, before, after, text)
    return RevisionRange(text=text.strip(), before=str(before), after=str(after))


def _find(repository: pygit2.Repository, name: str) -> pygit2.Oid:
    for spelled in (name, f"refs/remotes/origin/{name}"):
        try:
            return repository.revparse_single(spelled).peel(pygit2.Commit).id
        except KeyError:
            continue
        except (ValueError, pygit2.GitError) as error:
            raise ConfigError(_refusal(name, str(error))) from error
    raise ConfigError(_absence(repository, name))


def _refusal(name: str, reason: str) -> str:
    if "ambiguous" in reason:
        return f"{name!r} is ambiguous: several objects begin so. Give more characters of the commit id."
    return f"{name!r} names no commit. Name a branch, a tag or a commit."


def _absence(repository: pygit2.Repository, name: str) -> str:
    if repository.is_empty:
        return f"{repository.workdir} has no commits yet. Commit first."
    short = {ref.split("/", 2)[-1].removeprefix("origin/") for ref in repository.references}
    near = get_close_matches(name, short, n=1)
    hint = f" Did you mean {near[0]}?" if near else " Correct the name, or fetch it."
    if repository.is_shallow:
        hint += _SHALLOW
    return f"there is no commit {name!r} in {repository.workdir}.{hint}"


_SHALLOW: Final = (
    " The checkout is shallow: fetch its history first (git fetch --unshallow; for GitHub's "
    "actions/checkout fetch-depth: 0)."
)


def _fork(
    repository: pygit2.Repository, before: pygit2.Oid, after: pygit2.Oid, text: str
) -> pygit2.Oid:
    base: pygit2.Oid | None = repository.merge_base(before, after)
    if base is None:
        hint = _SHALLOW if repository.is_shallow else " Use two dots to compare them all the same."
        raise ConfigError(f"{text!r}: the two have no commit in common.{hint}")
    return base
