"""Announcements on disk until every sink has taken them.

A sink that is down for an hour costs rows, not memory. Beyond the bound only the last announcement of
each finding is kept: the stream then skips steps, but ends in the right state, and what was left out is
counted. How far a sink has come is written with the next findings, or a moment later, because a sync for
each batch would cost more than the batch: after a crash a sink sees that moment again. It refuses to
deliver: it is read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Final

from auditor.domain.finding import Announcement
from auditor.errors import StoreUnavailable
from auditor.ports import Backlog, Cursor
from auditor.state.ledger import rows
from auditor.state.ledger.readers import Readers
from auditor.state.ledger.rows import Progress, Swept
from auditor.state.ledger.tail import Tail
from auditor.state.ledger.writer import Writer

Read = Callable[[int, int], Awaitable[Sequence[Announcement]]]
"""Reads, from the file, the announcements after a sequence, so many at most."""
_LATER: Final = 0.1
"""Seconds after which cursors are written although there are no new findings."""


class SqliteOutbox:
    """The outbox port over the ledger's file."""

    def __init__(self, writer: Writer, read: Read, tail: Tail, backlog: Backlog) -> None:
        self._writer = writer
        self._read = read
        self._tail = tail
        self._backlog = backlog
        self._readers: Readers | None = None
        self._reminder: asyncio.TimerHandle | None = None

    async def subscribe(
        self, *, durable: Sequence[str], passing: Sequence[str]
    ) -> Mapping[str, Cursor]:
        """Name all sinks; see the port."""
        known = await self._writer.submit(partial(rows.keep_only, sinks=durable), _ignore)
        present = Cursor(sequence=self._tail.last)
        self._readers = Readers(durable=known, passing=dict.fromkeys(passing, present))
        self._remind()
        return {**dict.fromkeys(passing, present), **known}

    async def after(self, sequence: int, *, limit: int) -> Sequence[Announcement]:
        """Read what follows a sequence."""
        if self._tail.covers(sequence):
            return self._tail.after(sequence, limit)
        return await self._read(sequence, limit)

    async def beyond(self, sequence: int) -> None:
        """Wait for what follows a sequence."""
        await self._tail.beyond(sequence)

    async def acknowledge(self, sink: str, cursor: Cursor) -> None:
        """Note how far a sink has come; it is on disk a moment later.

        A sink's first position is on disk on return: without any, a crash would leave it nothing to
        read back from.
        """
        readers = self._readers
        if readers is None:
            return
        readers.move(sink, cursor)
        progress = readers.progress(self._tail.last)
        if progress and readers.begins(sink):
            job = partial(rows.advance, progress=progress)
            await self._writer.submit(job, partial(self.advanced, progress))
        self._remind()

    async def bury(self, sink: str, announcement: Announcement, reason: str) -> None:
        """Keep a refused announcement."""
        job = partial(rows.bury, sink=sink, announcement=announcement, reason=reason)
        await self._writer.submit(job, _ignore)

    def backlog(self) -> Backlog:
        """What waits now."""
        return self._backlog

    def extend(self, announcements: Sequence[Announcement]) -> None:
        """Take in what was just committed."""
        if announcements:
            depth = self._backlog.depth + len(announcements)
            oldest = self._backlog.oldest or announcements[0].transition.at
            self._backlog = replace(self._backlog, depth=depth, oldest=oldest)
            self._tail.extend(announcements)

    async def coalesce(self) -> int:
        """Keep only the last announcement of each finding; return how many are left."""
        await self._writer.submit(rows.coalesce, self._coalesced)
        return self._backlog.depth

    def progress(self) -> Progress | None:
        """What is to be written about the sinks, if anything; nothing until they are named."""
        return self._readers.progress(self._tail.last) if self._readers else None

    def advanced(self, progress: Progress, swept: Swept) -> None:
        """Take in that progress was written."""
        if self._readers:
            self._readers.noted(progress)
        self._swept(swept)

    async def close(self) -> None:
        """Write down how far the sinks have come."""
        if self._reminder:
            self._reminder.cancel()
        if progress := self.progress():
            with suppress(StoreUnavailable):
                await self._writer.submit(partial(rows.advance, progress=progress), _ignore)

    def _remind(self) -> None:
        if self._reminder is None:
            loop = asyncio.get_running_loop()
            self._reminder = loop.call_later(_LATER, self._write_progress)

    def _write_progress(self) -> None:
        self._reminder = None
        if progress := self.progress():
            job = partial(rows.advance, progress=progress)
            written = self._writer.post(job, partial(self.advanced, progress))
            written.add_done_callback(self._check)

    def _check(self, written: asyncio.Future[Swept]) -> None:
        if not written.cancelled() and written.exception():
            self._remind()

    def _swept(self, swept: Swept) -> None:
        depth = self._backlog.depth - swept.gone
        self._backlog = replace(self._backlog, depth=depth, oldest=swept.oldest)

    def _coalesced(self, swept: Swept) -> None:
        self._swept(swept)
        coalesced = self._backlog.coalesced + swept.gone
        self._backlog = replace(self._backlog, coalesced=coalesced)


def _ignore(_: object) -> None:
    """Nothing in memory follows from it."""
