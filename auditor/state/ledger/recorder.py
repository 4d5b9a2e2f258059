"""Writes outcomes down: findings, history, outbox, and how far the sinks have come, in one transaction.

What keeps the file small rides along, so that it costs no transaction of its own. It refuses to answer
questions.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from auditor.domain.finding import Announcement, Outcome
from auditor.errors import StoreUnavailable
from auditor.state.ledger import retention, rows
from auditor.state.ledger.book import Book
from auditor.state.ledger.outbox import SqliteOutbox
from auditor.state.ledger.rows import Progress, Swept
from auditor.state.ledger.settings import LedgerSettings
from auditor.state.ledger.writer import Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """What is to be written."""

    outcomes: Sequence[Outcome]
    at: datetime
    progress: Progress | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    """What came of it."""

    announcements: list[Announcement]
    progress: Progress | None
    swept: Swept | None


class Recorder:
    """Hands outcomes to the writer's thread, and takes in what was committed."""

    def __init__(
        self, book: Book, writer: Writer, outbox: SqliteOutbox, settings: LedgerSettings
    ) -> None:
        self._book = book
        self._writer = writer
        self._outbox = outbox
        self._settings = settings
        self._crowded = settings.max_outbox
        self._pruned: datetime | None = None

    async def record(self, outcomes: Sequence[Outcome], at: datetime) -> list[Announcement]:
        """Write outcomes; on return they are on disk.

        Raises:
            StoreUnavailable: nothing was written.

        """
        entry = _Entry(outcomes=outcomes, at=at, progress=self._outbox.bookmarks.progress())
        written = await self._writer.submit(partial(self._write, entry), self._take_in)
        with suppress(StoreUnavailable):  # the outcomes are on disk; the next ones try again
            await self._stay_small()
        return written.announcements

    def _write(self, entry: _Entry, connection: sqlite3.Connection) -> _Written:
        if self._pruned is None or entry.at - self._pruned >= retention.EVERY:
            self._pruned = entry.at
            retention.prune(connection, self._settings.retention, at=entry.at)
        announcements = self._book.record(connection, entry.outcomes, entry.at)
        progress = entry.progress
        swept = rows.advance(connection, progress) if progress else None
        return _Written(announcements=announcements, progress=progress, swept=swept)

    def _take_in(self, written: _Written) -> None:
        self._outbox.extend(written.announcements)
        if written.progress and written.swept:
            self._outbox.bookmarks.advanced(written.progress, written.swept)

    async def _stay_small(self) -> None:
        if self._outbox.backlog().depth > self._crowded:
            left = await self._outbox.coalesce()
            self._crowded = max(self._settings.max_outbox, left + left // 10)
