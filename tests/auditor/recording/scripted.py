"""Sources that say what a test wrote down: a cluster's API and a Git repository."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

from auditor.domain.history import CONFIGURED, CommitInfo, Heads, Passage
from auditor.errors import ManifestError, RetryableError
from auditor.ports import Blob, Skipped

COMMITTED = datetime(2026, 1, 1, tzinfo=UTC)


class ScriptedApi:
    """An API that gives each answer in turn; an error in the script is raised."""

    def __init__(self, *script: bytes | RetryableError) -> None:
        self._script = list(script)

    async def get(self, path: str, params: Mapping[str, str], *, accept: str) -> bytes:
        part = self._script.pop(0)
        if isinstance(part, RetryableError):
            raise part
        return part

    @asynccontextmanager
    async def stream(
        self, path: str, params: Mapping[str, str], *, accept: str
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        if self._script and isinstance(self._script[0], RetryableError):
            raise self._script[0]
        yield self._pieces()

    async def _pieces(self) -> AsyncIterator[bytes]:
        for part in self._script:
            if isinstance(part, RetryableError):
                raise part
            yield part


class ScriptedRepository:
    """A repository with these commits, oldest first; each look at the head goes one further."""

    name = "platform"

    def __init__(self, commits: Mapping[str, Mapping[str, bytes]]) -> None:
        self._commits = commits
        self._ahead = list(commits)

    async def heads(self, revisions: Collection[str] = (CONFIGURED,)) -> Heads:
        """Whatever is asked for stands at the same commit."""
        return Heads(commits=dict.fromkeys(revisions, self._ahead.pop(0)))

    def tree(self, commit: str) -> ScriptedTree:
        return ScriptedTree(self._commits[commit], commit)

    def changed(self, before: str, after: str) -> frozenset[str]:
        old, new = self._commits[before], self._commits[after]
        return frozenset(path for path in {*old, *new} if old.get(path) != new.get(path))

    def commit(self, commit: str) -> CommitInfo:
        return CommitInfo(id=commit, author="Ada", authored=COMMITTED, committed=COMMITTED)

    def trace(self, commit: str, passage: Passage) -> tuple[Passage, ...]:
        """Read a file of the commit, as whoever traces does, and find one line of it."""
        self.tree(commit).read(passage.path)
        return Passage(passage.path, 2, spans=((2, 2),)), replace(passage, layers=None)

    def last_change(self, commit: str, passage: Passage) -> CommitInfo:
        return self.commit(commit)


class ScriptedTree:
    """The files of one commit."""

    repository = "platform"

    def __init__(self, files: Mapping[str, bytes], revision: str) -> None:
        self._files = files
        self.revision = revision

    def blobs(self, under: str = "") -> Iterator[Blob]:
        found = [path for path in sorted(self._files) if path.startswith(under)]
        if not found:
            raise ManifestError("there is no such path", path=under)
        return iter([Blob(p, git_id(self._files[p]), len(self._files[p])) for p in found])

    def omitted(self, under: str = "") -> Iterator[Skipped]:
        return iter([Skipped(path="vendor", line=None, reason="is a submodule")])

    def read(self, path: str, /) -> bytes:
        return self._files[path]


def git_id(content: bytes) -> str:
    """Git's own id of a content, as ``git hash-object`` prints it."""
    return hashlib.sha1(b"blob %d\0%s" % (len(content), content)).hexdigest()  # noqa: S324


def pieces_of(text: bytes, cuts: Sequence[int]) -> list[bytes]:
    """Cut bytes at places, as a network does."""
    places = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    return [text[a:b] for a, b in pairwise(places)]
