"""Announcements on disk until every sink has taken them.

A sink that is down for an hour costs rows, not memory. Beyond the bound only the last announcement of
each finding is kept: the stream then skips steps, but ends in the right state, and what was left out is
counted. It refuses to deliver: it is read.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from auditor.domain.finding import Announcement
from auditor.ports import Backlog, Cursor
from auditor.state.ledger import rows
from auditor.state.ledger.rows import Swept
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
        self._backlog = backlog
        self._cursors: dict[str, Cursor] = {}
        self._passing: frozenset[str] = frozenset()

    async def subscribe(
        self, *, durable: Sequence[str], passing: Sequence[str]
    ) -> Mapping[str, Cursor]:
        """Name all sinks; see the port."""
        known = await self._writer.submit(lambda c: rows.keep_only(c, durable), _ignore)
        present = Cursor(sequence=self._tail.last)
        self._cursors = {**dict.fromkeys(passing, present), **known}
        self._passing = frozenset(passing)
        await self._writer.submit(partial(rows.sweep, floor=self._floor()), self._swept)
        return dict(self._cursors)

    async def after(self, sequence: int, *, limit: int) -> Sequence[Announcement]:
        """Read what follows a sequence."""
        if self._tail.covers(sequence):
            return self._tail.after(sequence, limit)
        return await self._read(sequence, limit)

    async def beyond(self, sequence: int) -> None:
        """Wait for what follows a sequence."""
        await self._tail.beyond(sequence)

    async def acknowledge(self, sink: str, cursor: Cursor) -> None:
        """Note how far a sink has come, and let go of what all have taken."""
        before = self._floor()
        self._cursors[sink] = cursor
        floor = self._floor()
        if sink not in self._passing:
            await self._writer.submit(partial(_advance, sink, cursor, floor), self._swept)
        elif floor > before:
            await self._writer.submit(partial(rows.sweep, floor=floor), self._swept)

    async def bury(self, sink: str, announcement: Announcement, reason: str) -> None:
        """Keep a refused announcement."""
        await self._writer.submit(
            lambda connection: rows.bury(connection, sink, announcement, reason), _ignore
        )

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

    def _floor(self) -> int:
        """Up to where every sink has taken everything."""
        taken = [cursor.sequence for cursor in self._cursors.values()]
        return min(taken, default=self._tail.last)

    def _swept(self, swept: Swept) -> None:
        depth = self._backlog.depth - swept.gone
        self._backlog = replace(self._backlog, depth=depth, oldest=swept.oldest)

    def _coalesced(self, swept: Swept) -> None:
        self._swept(swept)
        coalesced = self._backlog.coalesced + swept.gone
        self._backlog = replace(self._backlog, coalesced=coalesced)


def _advance(sink: str, cursor: Cursor, floor: int, connection: sqlite3.Connection) -> Swept:
    rows.store_cursor(connection, sink, cursor)
    return rows.sweep(connection, floor)


def _ignore(_: object) -> None:
    """Nothing in memory follows from it."""
