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
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TextIO

import pygit2

from auditor.domain.history import Heads
from auditor.errors import SourceUnavailable
from auditor.sources.git.commits import Incomplete
from auditor.sources.git.credentials import redact, translated
from auditor.sources.git.fetching import Fetching, Kept, Remote
from auditor.sources.git.libgit2 import prepare

_MARKER: Final = "auditor-complete"
"""Written after the first good fetch; a mirror without it is half written."""
_LOCKS: Final = ("*.lock", "refs/**/*.lock", "objects/pack/*.lock")
TURN: Final = 20.0
"""Seconds that a look waits for another one into the same mirror."""
_GLANCE: Final = 0.02
"""Seconds from one try to the next."""
_MANY_PACKS: Final = 100
"""Every fetch leaves a pack; from here on they are put into one."""


class Mirror:
    """One remote repository, mirrored below a cache folder."""

    def __init__(self, remote: Remote, *, cache: Path, turn: float = TURN) -> None:
        self._remote = remote
        self._turn = turn
        self._cache = cache
        self._repository: pygit2.Repository | None = None
        self._kept = Kept()
        key = hashlib.sha256(remote.url.encode()).hexdigest()[:32]
        self.folder = cache / f"{key}.git"

    def look(
        self, stop: threading.Event, revisions: Collection[str]
    ) -> tuple[pygit2.Repository, Heads]:
        """Fetch what is new; return the mirror, and the commits of revisions. Blocks.

        Raises:
            SourceUnavailable: the server cannot be reached, refuses, or has nothing.

        """
        prepare()
        with translated(self._remote.url), self._locked(stop):
            heads = self._fetched(stop, revisions)
            if heads is None:
                self._discard()
                heads = self._fetched(stop, revisions)
            if heads is None:
                raise SourceUnavailable(
                    f"{redact(self._remote.url)}: what was fetched is incomplete."
                )
            (self.folder / _MARKER).touch()
            return self._tidied(self._open()), heads

    def _fetched(self, stop: threading.Event, revisions: Collection[str]) -> Heads | None:
        """Fetch; ``None`` where what is here cannot be read."""
        fetching = Fetching(self._remote, self._open(), self._kept, stop)
        try:
            return fetching.heads(revisions)
        except Incomplete:
            return None

    @contextmanager
    def _locked(self, stop: threading.Event) -> Iterator[None]:
        """Have the mirror alone; a scan beside a worker, or a second entry of one URL, takes turns."""
        self._cache.mkdir(parents=True, exist_ok=True)
        until = time.monotonic() + self._turn
        with self.folder.with_suffix(".lock").open("w") as lock:
            while not _try_lock(lock):
                if time.monotonic() > until or stop.wait(_GLANCE):
                    reason = f"another fetch into {self.folder} is under way. It is tried again."
                    raise SourceUnavailable(f"{redact(self._remote.url)}: {reason}")
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
        self._kept = Kept()
        shutil.rmtree(self.folder, ignore_errors=True)

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


def _try_lock(lock: TextIO) -> bool:
    """Take a lock, unless another has it; it ends with the file."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
