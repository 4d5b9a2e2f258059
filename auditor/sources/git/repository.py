"""A Git repository as the port `Repository`: looks for news in a thread, and reads what is at hand."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Collection
from pathlib import Path
from typing import Final, Protocol

import pygit2

from auditor.domain.history import CONFIGURED, CommitInfo, Heads, Passage
from auditor.errors import SourceUnavailable
from auditor.sources.git.fetching import Remote
from auditor.sources.git.local import LocalClone
from auditor.sources.git.mirror import Mirror
from auditor.sources.git.objects import Objects
from auditor.sources.git.tree import GitTree

PATIENCE: Final = 300.0
"""Seconds that a fetch may take."""


class Origin(Protocol):
    """Where commits come from."""

    def look(
        self, stop: threading.Event, revisions: Collection[str]
    ) -> tuple[pygit2.Repository, Heads]:
        """Return a repository on disk and the commits of revisions in it. Blocks; ends once stopped.

        Raises:
            SourceUnavailable: not to be had now.

        """


class GitRepository:
    """One repository, at every revision that is asked for."""

    def __init__(self, name: str, origin: Origin, *, patience: float = PATIENCE) -> None:
        self._name = name
        self._origin = origin
        self._patience = patience
        self._source: pygit2.Repository | None = None
        self._objects: Objects | None = None

    @property
    def name(self) -> str:
        """The configured name."""
        return self._name

    async def heads(self, revisions: Collection[str] = (CONFIGURED,)) -> Heads:
        """Look for news, and tell where revisions are; see `auditor.ports.Repository.heads`.

        Raises:
            SourceUnavailable: the repository cannot be reached in time, or holds nothing.

        """
        stop = threading.Event()
        try:
            async with asyncio.timeout(self._patience):
                source, heads = await asyncio.to_thread(self._origin.look, stop, revisions)
        except TimeoutError as error:
            reason = (
                f"repository {self._name} took longer than {self._patience:g} s. It is tried again."
            )
            raise SourceUnavailable(reason) from error
        finally:
            stop.set()
        if source is not self._source or self._objects is None:
            self._source, self._objects = source, Objects(source, name=self._name)
        return heads

    def tree(self, commit: str) -> GitTree:
        """The files of a commit; see `Objects.tree`."""
        return self._known.tree(commit)

    def changed(self, before: str, after: str) -> frozenset[str]:
        """Paths that differ between two commits; see `Objects.changed`."""
        return self._known.changed(before, after)

    def commit(self, commit: str) -> CommitInfo:
        """Who made a commit, and when; see `Objects.commit`."""
        return self._known.commit(commit)

    def last_change(self, commit: str, passage: Passage) -> CommitInfo:
        """The commit that last changed a passage; see `Objects.last_change`."""
        return self._known.last_change(commit, passage)

    def trace(self, commit: str, passage: Passage) -> tuple[Passage, ...]:
        """The passages that say what the fields of a passage are; see `Objects.trace`."""
        return self._known.trace(commit, passage)

    @property
    def _known(self) -> Objects:
        if self._objects is None:
            raise SourceUnavailable(f"repository {self._name} was never reached")
        return self._objects


def open_repository(name: str, remote: Remote, *, cache: Path) -> GitRepository:
    """Choose how a repository is read: a path where it lies, anything else through a mirror."""
    path = remote.url.removeprefix("file://")
    if path != remote.url or Path(path).is_absolute():
        return GitRepository(name, LocalClone(Path(path), ref=remote.ref))
    return GitRepository(name, Mirror(remote, cache=cache))
