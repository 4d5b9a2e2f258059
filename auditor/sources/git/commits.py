"""Commits of a repository on disk, by the objects of refs and by ids.

It refuses to fetch what is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pygit2

from auditor.domain.history import Heads
from auditor.errors import SourceUnavailable


class Incomplete(Exception):
    """Something is not there that must be: raised here, met where a repository can be fetched anew."""


def heads_of(revisions: Iterable[str], find: Callable[[str], str]) -> Heads:
    """Find the commit of every revision; what there is none of says why."""
    commits, lacking = {}, {}
    for revision in revisions:
        try:
            commits[revision] = find(revision)
        except SourceUnavailable as error:
            lacking[revision] = str(error)
    return Heads(commits=commits, lacking=lacking)


def youngest(repository: pygit2.Repository, objects: Iterable[pygit2.Oid]) -> str:
    """The commit that was made last of those that some refs mean.

    Raises:
        Incomplete: one of them, or the names of its files, are not there.
        SourceUnavailable: one means no commit.

    """
    commits = [whole_commit(repository, oid) for oid in objects]
    return str(max(commits, key=lambda commit: (commit.commit_time, str(commit.id))).id)


def whole_commit(repository: pygit2.Repository, oid: pygit2.Oid) -> pygit2.Commit:
    """The commit that an object means, if the names of its files can be read; see `youngest`."""
    try:
        found = repository[oid]
        while isinstance(found, pygit2.Tag):
            found = repository[found.target]
    except (KeyError, pygit2.GitError) as error:
        raise Incomplete from error
    if not isinstance(found, pygit2.Commit):
        raise SourceUnavailable(f"{str(oid)[:10]} is no commit. Name one, or a branch or tag.")
    if found.tree_id not in repository:
        raise Incomplete
    return found


def commit_by_id(repository: pygit2.Repository, start: str) -> str | None:
    """The commit whose id is this, or begins so; ``None`` where none is here.

    Raises:
        Incomplete: the names of its files are not there.
        SourceUnavailable: several objects begin so, or what does is no commit.

    """
    try:
        found = repository[start]
    except KeyError:
        return None
    except ValueError as error:
        raise SourceUnavailable(
            f"several objects begin with {start}. Give more characters of the commit id."
        ) from error
    return str(whole_commit(repository, found.id).id)
