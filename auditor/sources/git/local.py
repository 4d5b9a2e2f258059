"""A repository on this machine, read where it lies: no copy, no fetch, never written to."""

from __future__ import annotations

import threading
from collections.abc import Collection
from pathlib import Path

import pygit2

from auditor.domain.history import Heads
from auditor.errors import SourceUnavailable
from auditor.sources.git.commits import Incomplete, commit_by_id, heads_of, youngest
from auditor.sources.git.libgit2 import prepare
from auditor.sources.git.refs import HEAD, Named, Refs


class LocalClone:
    """A folder with a Git repository, bare or with a checkout, and what is followed in it."""

    def __init__(self, folder: Path, *, ref: str = HEAD) -> None:
        self._folder = folder
        self._ref = ref
        self._repository: pygit2.Repository | None = None
        self._index: Refs | None = None

    def look(
        self, stop: threading.Event, revisions: Collection[str]
    ) -> tuple[pygit2.Repository, Heads]:
        """Return the repository and the commits of revisions.

        Raises:
            SourceUnavailable: there is no repository, or nothing in it.

        """
        del stop  # nothing here takes long
        prepare()
        try:
            if self._repository is None:
                self._repository = pygit2.Repository(str(self._folder))
            return self._repository, self._heads(self._repository, revisions)
        except (pygit2.GitError, KeyError, Incomplete) as error:
            self._repository = None
            reason = f"{self._folder} holds no readable Git repository ({error}). Correct url."
            raise SourceUnavailable(reason) from error

    def _heads(self, repository: pygit2.Repository, revisions: Collection[str]) -> Heads:
        names = {*repository.references, *([] if repository.head_is_unborn else [HEAD])}
        if self._index is None or self._index.names != names:
            self._index = Refs(names, repository=str(self._folder))
        refs = self._index

        def find(revision: str) -> str:
            meant = refs.find(revision or self._ref)
            if isinstance(meant, Named):
                found = [repository.references[name].resolve().target for name in meant.names]
                return youngest(repository, found)
            commit = commit_by_id(repository, meant.start)
            if commit is None:
                reason = f"{self._folder} has no commit {meant.start}. Fetch it, or correct the revision."
                raise SourceUnavailable(reason)
            return commit

        return heads_of(revisions, find)
