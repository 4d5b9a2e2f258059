"""The front of the ledger: takes outcomes, answers what is known.

It refuses to decide anything: the life of findings is ``auditor.domain.lifecycle``.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from auditor.domain.finding import Announcement, Outcome, State, TrackedFinding, Transition
from auditor.domain.identity import ObjectRef
from auditor.domain.lifecycle import calm_at
from auditor.ports.delivery import Backlog
from auditor.state.ledger import rows
from auditor.state.ledger.book import Book
from auditor.state.ledger.lock import locked
from auditor.state.ledger.outbox import SqliteOutbox
from auditor.state.ledger.reader import LedgerReader
from auditor.state.ledger.recorder import Recorder
from auditor.state.ledger.settings import LedgerSettings
from auditor.state.ledger.tables import open_to_write
from auditor.state.ledger.tail import Tail
from auditor.state.ledger.writer import Writer

T = TypeVar("T")


class Library:
    """A reader with a thread of its own."""

    def __init__(self, path: Path) -> None:
        self._reader = LedgerReader(path)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger-reader")

    async def ask(self, question: Callable[[LedgerReader], T]) -> T:
        """Ask the reader without holding up the event loop."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, question, self._reader)

    async def announcements(self, sequence: int, limit: int) -> Sequence[Announcement]:
        """What waits in the outbox."""
        return await self.ask(lambda reader: reader.announcements(sequence, limit))

    def close(self) -> None:
        """Let go of thread and file."""
        self._thread.shutdown()
        self._reader.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    book: Book
    writer: Writer
    library: Library
    outbox: SqliteOutbox


class SqliteLedger:
    """Findings and their announcements in one file; made by `SqliteLedger.open`."""

    def __init__(self, parts: _Parts, settings: LedgerSettings) -> None:
        self.outbox = parts.outbox
        self._book = parts.book
        self._library = parts.library
        self._recorder = Recorder(parts.book, parts.writer, parts.outbox, settings)
        self._flapping = settings.flapping

    @classmethod
    @asynccontextmanager
    async def open(
        cls, path: Path, settings: LedgerSettings | None = None
    ) -> AsyncIterator[SqliteLedger]:
        """Open the ledger for the one worker that writes it.

        Raises:
            ConfigError: it cannot be used, or another worker uses it; names the remedy.
            StoreUnavailable: the disk does not answer now.

        """
        settings = settings or LedgerSettings()
        async with AsyncExitStack() as stack:
            stack.enter_context(locked(path))
            connection = await asyncio.to_thread(open_to_write, path, max_bytes=settings.max_bytes)
            stack.callback(connection.close)
            book = await asyncio.to_thread(Book, connection, settings.flapping)
            writer = Writer(connection, path, book.settle)
            stack.push_async_callback(writer.close)
            library = Library(path)
            stack.callback(library.close)  # before the writer: the last to close tidies the file up
            outbox = _outbox(connection, writer, library)
            stack.push_async_callback(outbox.bookmarks.close)
            parts = _Parts(book=book, writer=writer, library=library, outbox=outbox)
            yield cls(parts, settings)

    async def record(self, outcomes: Sequence[Outcome], *, at: datetime) -> Sequence[Transition]:
        """Take note of outcomes; see the port."""
        announcements = await self._recorder.record(outcomes, at)
        return [announcement.transition for announcement in announcements]

    def concerns(self, ref: ObjectRef) -> bool:
        """Tell whether anything is kept of the object."""
        return ref in self._book.index

    def look_again(self, ref: ObjectRef) -> datetime | None:
        """When a contested finding of the object will have calmed."""
        live = self._book.index.of(ref).values()
        times = [calm_at(tracked, self._flapping) for tracked in live]
        return min((time for time in times if time is not None), default=None)

    def live(self, ref: ObjectRef) -> Sequence[TrackedFinding]:
        """The findings of an object that are open or hidden."""
        return tuple(self._book.index.of(ref).values())

    def open_findings(self) -> Sequence[TrackedFinding]:
        """Every open finding."""
        return self._book.index.open()

    async def findings(self, state: State | None) -> Sequence[TrackedFinding]:
        """All findings in a state, or all that are kept."""
        return await self._library.ask(lambda reader: reader.findings(state))

    async def find(self, fingerprint: str) -> Sequence[TrackedFinding]:
        """The findings, resolved ones too, whose id begins so."""
        return await self._library.ask(lambda reader: reader.find(fingerprint))

    async def history(self, fingerprint: str) -> Sequence[Announcement]:
        """Every transition of one finding that is still kept, oldest first."""
        return await self._library.ask(lambda reader: reader.history(fingerprint))


def _outbox(connection: sqlite3.Connection, writer: Writer, library: Library) -> SqliteOutbox:
    depth, newest, oldest = rows.waiting(connection)
    backlog = Backlog(depth=depth, oldest=oldest)
    return SqliteOutbox(writer, library.announcements, Tail(newest), backlog)
