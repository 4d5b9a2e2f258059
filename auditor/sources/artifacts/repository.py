"""What is fetched in revisions, as the port `Repository`.

Looking costs one small question where nothing is new. What is new is fetched into a folder of its own, put on
the shelf in a thread, and from there on read like a Git repository. It refuses to know where revisions come
from.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final, Protocol

from auditor.domain.history import CONFIGURED, CommitInfo, Heads, Passage
from auditor.errors import SourceUnavailable
from auditor.ports import Tree
from auditor.sources.git.shelf import Entry, Revision, Shelf

PATIENCE: Final = 300.0
"""Seconds that a look may take, with all that is fetched."""


class Upstream(Protocol):
    """Where revisions come from."""

    @property
    def line(self) -> str:
        """What of it is followed."""

    async def newest(self, ref: str) -> str:
        """Return the id of the revision that a ref means now.

        Raises:
            SourceUnavailable: not to be had now.

        """

    async def fetch(self, revision: str, into: Path) -> tuple[Revision, Iterator[Entry]]:
        """Fetch a revision into an empty folder; raises as `newest` does, and so does reading the files."""


class FetchedRepository:
    """Something that comes in revisions, each whole."""

    def __init__(
        self, name: str, upstream: Upstream, shelf: Shelf, *, patience: float = PATIENCE
    ) -> None:
        self._name = name
        self._upstream = upstream
        self._shelf = shelf
        self._patience = patience

    @property
    def name(self) -> str:
        """The configured name."""
        return self._name

    async def heads(self, revisions: Collection[str] = (CONFIGURED,)) -> Heads:
        """Look for news, fetch them, and tell what counts now of all that is asked for.

        Raises:
            SourceUnavailable: it cannot be reached in time, or nothing of it can be had.

        """
        try:
            async with asyncio.timeout(self._patience):
                found = {each: await self._attempt(each) for each in sorted(revisions)}
        except TimeoutError as error:
            reason = (
                f"repository {self._name} took longer than {self._patience:g} s. It is tried again."
            )
            raise SourceUnavailable(reason) from error
        lacking = {each: why for each, why in found.items() if isinstance(why, SourceUnavailable)}
        if lacking and len(lacking) == len(found):
            raise next(iter(lacking.values()))
        return Heads(
            commits={each: head for each, head in found.items() if isinstance(head, str)},
            lacking={each: str(why) for each, why in lacking.items()},
        )

    async def _attempt(self, revision: str) -> str | SourceUnavailable:
        """The id of what a revision is now, or why it cannot be had: others may be all the same."""
        try:
            return await self._look(revision or self._upstream.line)
        except SourceUnavailable as error:
            return error

    async def _look(self, line: str) -> str:
        """Have on the shelf what a ref means now."""
        revision = await self._upstream.newest(line)
        if await asyncio.to_thread(self._shelf.has, revision):
            await asyncio.to_thread(self._shelf.follow, revision, line=line)
        else:
            await self._fetch(revision, line)
        return revision

    async def _fetch(self, revision: str, line: str) -> None:
        with tempfile.TemporaryDirectory(prefix="auditor-fetch-", ignore_cleanup_errors=True) as at:
            described, files = await self._upstream.fetch(revision, Path(at))
            await asyncio.to_thread(self._shelf.put, described, files, line=line)

    def tree(self, commit: str) -> Tree:
        """The files of a revision; see `Shelf.tree`."""
        return self._shelf.tree(commit)

    def changed(self, before: str, after: str) -> frozenset[str]:
        """Paths that differ between two revisions; see `Shelf.changed`."""
        return self._shelf.changed(before, after)

    def commit(self, commit: str) -> CommitInfo:
        """Who made a revision, and when; see `Shelf.described`."""
        return self._shelf.described(commit)

    def trace(self, commit: str, passage: Passage) -> tuple[Passage, ...]:
        """The passages that say what the fields of a passage are; see `Shelf.trace`."""
        return self._shelf.trace(commit, passage)

    def last_change(self, commit: str, passage: Passage) -> CommitInfo:
        """The revision that last changed a passage; see `Shelf.last_change`."""
        return self._shelf.last_change(commit, passage)
