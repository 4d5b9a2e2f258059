"""A bare mirror of a remote repository in a cache folder.

It survives restarts, and keeps every commit that it ever fetched, so that earlier revisions can be rendered
again. The whole history is fetched unless told otherwise, because findings name the commit that declared
what differs: libgit2 can neither fetch without file contents nor ask a server for the history of a path.
A shallow mirror is completed when all is wanted. A mirror whose first fetch did not end, or whose objects
are damaged, is thrown away and fetched anew. A lock file keeps a second process from fetching at the same
time. It refuses to be written to by anything but a fetch.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pygit2

from auditor.errors import SourceUnavailable
from auditor.sources.git.credentials import Callbacks, Credentials, redact, translated
from auditor.sources.git.libgit2 import prepare
from auditor.sources.git.refs import find_ref

_MARKER: Final = "auditor-complete"
"""Written after the first good fetch; a mirror without it is half written."""
_FOLLOWED: Final = "refs/auditor/followed"
_LOCKS: Final = ("*.lock", "refs/**/*.lock", "objects/pack/*.lock")
_ALL: Final = 2**31 - 1
"""The depth that fetches what a shallow fetch left out (``git fetch --unshallow``)."""
_MANY_PACKS: Final = 100
"""Every fetch leaves a pack; from here on they are put into one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """What is mirrored. ``depth`` is how many commits of the history a fetch takes; 0 takes all."""

    url: str
    ref: str = "HEAD"
    credentials: Credentials | None = None
    depth: int = 0


class Mirror:
    """One remote repository, mirrored below a cache folder."""

    def __init__(self, remote: Remote, *, cache: Path) -> None:
        self._remote = remote
        self._cache = cache
        self._repository: pygit2.Repository | None = None
        key = hashlib.sha256(remote.url.encode()).hexdigest()[:32]
        self.folder = cache / f"{key}.git"

    def look(self, stop: threading.Event) -> tuple[pygit2.Repository, str]:
        """Fetch what is new; return the mirror and the commit that the followed ref is at. Blocks.

        Raises:
            SourceUnavailable: the server cannot be reached, refuses, or has no such ref.

        """
        prepare()
        with translated(self._remote.url), self._locked():
            repository = self._open()
            commit = self._fetch(repository, stop)
            if commit is None:
                self._discard()
                repository = self._open()
                commit = self._fetch(repository, stop)
            if commit is None:
                raise SourceUnavailable(
                    f"{redact(self._remote.url)}: what was fetched is incomplete."
                )
            (self.folder / _MARKER).touch()
            return self._tidied(repository), commit

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._cache.mkdir(parents=True, exist_ok=True)
        with self.folder.with_suffix(".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                reason = f"another fetch into {self.folder} is under way. It is tried again."
                raise SourceUnavailable(f"{redact(self._remote.url)}: {reason}") from error
            yield

    def _open(self) -> pygit2.Repository:
        """Open the mirror, or make an empty one where none is or it was never complete."""
        if self._repository is not None and (self.folder / _MARKER).exists():
            return self._repository
        if not (self.folder / _MARKER).exists():
            self._discard()
        for lock in {file for pattern in _LOCKS for file in self.folder.glob(pattern)}:
            lock.unlink()  # left by a process that was killed: the lock of `_locked` is ours
        try:
            self._repository = pygit2.Repository(str(self.folder))
        except pygit2.GitError:
            self._discard()
            self._repository = pygit2.init_repository(str(self.folder), bare=True)
        return self._repository

    def _discard(self) -> None:
        self._repository = None
        shutil.rmtree(self.folder, ignore_errors=True)

    def _fetch(self, repository: pygit2.Repository, stop: threading.Event) -> str | None:
        """Fetch the followed ref; ``None`` where what is here cannot be read."""
        followed = repository.references.get(_FOLLOWED)
        if followed is not None and _whole_commit(repository, followed.target) is None:
            return None
        remote = repository.remotes.create_anonymous(self._remote.url)
        callbacks = Callbacks(self._remote.credentials, stop)
        heads = {head.name: head.oid for head in remote.list_heads(callbacks=callbacks, proxy=True)}
        name = find_ref(self._remote.ref, heads, repository=redact(self._remote.url))
        depth = _ALL if self._is_to_be_completed(repository) else self._remote.depth
        is_known = heads[name] in repository and (self.folder / _MARKER).exists()
        if not is_known or depth == _ALL:
            refspec = f"+{name}:{_FOLLOWED}"
            callbacks = Callbacks(self._remote.credentials, stop)
            remote.fetch([refspec], callbacks=callbacks, proxy=True, depth=depth)
        return _whole_commit(repository, heads[name])

    def _is_to_be_completed(self, repository: pygit2.Repository) -> bool:
        """Whether all of the history is wanted and only part of it here."""
        return not self._remote.depth and repository.is_shallow

    def _tidied(self, repository: pygit2.Repository) -> pygit2.Repository:
        """Put many packs into one, and open the result: every open pack costs a file handle."""
        packs = set(self.folder.glob("objects/pack/pack-*.pack"))
        if len(packs) < _MANY_PACKS:
            return repository
        repository.pack()
        if set(self.folder.glob("objects/pack/pack-*.pack")) - packs:
            for pack in packs:
                for part in self.folder.glob(f"objects/pack/{pack.stem}.*"):
                    part.unlink()
        self._repository = pygit2.Repository(str(self.folder))
        return self._repository


def _whole_commit(repository: pygit2.Repository, oid: pygit2.Oid) -> str | None:
    """Return the commit that a ref's object means, if it and its files' names can be read."""
    try:
        commit = repository[oid].peel(pygit2.Commit)
    except (KeyError, pygit2.GitError):
        return None
    return str(commit.id) if commit.tree_id in repository else None
