"""A repository on this machine, read where it lies: no copy, no fetch, never written to."""

from __future__ import annotations

import threading
from pathlib import Path

import pygit2

from auditor.errors import SourceUnavailable
from auditor.sources.git.libgit2 import prepare
from auditor.sources.git.refs import HEAD, find_ref


class LocalClone:
    """A folder with a Git repository, bare or with a checkout, and what is followed in it."""

    def __init__(self, folder: Path, *, ref: str = HEAD) -> None:
        self._folder = folder
        self._ref = ref
        self._repository: pygit2.Repository | None = None

    def look(self, stop: threading.Event) -> tuple[pygit2.Repository, str]:
        """Return the repository and the commit that the followed ref is at.

        Raises:
            SourceUnavailable: there is no repository, or no such ref.

        """
        del stop  # nothing here takes long
        prepare()
        try:
            if self._repository is None:
                self._repository = pygit2.Repository(str(self._folder))
            return self._repository, str(self._head(self._repository))
        except (pygit2.GitError, KeyError) as error:
            self._repository = None
            reason = f"{self._folder} holds no readable Git repository ({error}). Correct url."
            raise SourceUnavailable(reason) from error

    def _head(self, repository: pygit2.Repository) -> pygit2.Oid:
        names = [*repository.references, *([] if repository.head_is_unborn else [HEAD])]
        name = find_ref(self._ref, names, repository=str(self._folder))
        return repository.references[name].peel(pygit2.Commit).id
