"""Announcements on disk until every sink has taken them.

A sink that is down for an hour costs rows, not memory. Beyond the bound only the last announcement of
each finding is kept: the stream then skips steps, but ends in the right state, and what was left out is
counted. It refuses to deliver: it is read.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

from auditor.domain.finding import Announcement
from auditor.ports.delivery import Backlog, Cursor
from auditor.state.ledger import rows
from auditor.state.ledger.backlog import BacklogCount
from auditor.state.ledger.bookmarks import Bookmarks
from auditor.state.ledger.tail import Tail
from auditor.state.ledger.writer import Writer

Read = Callable[[int, int], Awaitable[Sequence[Announcement]]]
"""Reads, from the file, the announcements after a sequence, so many at most."""


class SqliteOutbox:
    """The outbox port over the ledger's file."""

    def __init__(self, writer: Writer, read: Read, tail: Tail, backlog: Backlog) -> None:
        self._writer = writer
        self._read = read
        self._tail = tail
        self._count = BacklogCount(backlog)
        self.bookmarks = Bookmarks(writer, lambda: tail.last, self._count.swept)

    async def subscribe(
        self, *, durable: Sequence[str], passing: Sequence[str]
    ) -> Mapping[str, Cursor]:
        """Name all sinks; see the port."""
        return await self.bookmarks.subscribe(durable=durable, passing=passing)

    async def after(self, sequence: int, *, limit: int) -> Sequence[Announcement]:
        """Read what follows a sequence."""
        if self._tail.covers(sequence):
            return self._tail.after(sequence, limit)
        return await self._read(sequence, limit)

    async def beyond(self, sequence: int) -> None:
        """Wait for what follows a sequence."""
        await self._tail.beyond(sequence)

    async def acknowledge(self, sink: str, cursor: Cursor) -> None:
        """Note how far a sink has come."""
        await self.bookmarks.move(sink, cursor)

    async def bury(self, sink: str, announcement: Announcement, reason: str) -> None:
        """Keep a refused announcement."""
        job = partial(rows.bury, sink=sink, announcement=announcement, reason=reason)
        await self._writer.submit(job, lambda _: None)

    def backlog(self) -> Backlog:
        """What waits now."""
        return self._count.now

    def extend(self, announcements: Sequence[Announcement]) -> None:
        """Take in what was just committed."""
        if announcements:
            self._count.grew(announcements)
            self._tail.extend(announcements)

    async def coalesce(self) -> int:
        """Keep only the last announcement of each finding; return how many are left."""
        await self._writer.submit(rows.coalesce, self._count.coalesced)
        return self._count.now.depth
