"""Who reads the outbox, and how far each has come: in memory, and on disk.

It refuses to write: it says what is to be written.
"""

from __future__ import annotations

from collections.abc import Mapping

from auditor.ports.delivery import Cursor
from auditor.state.ledger.rows import Progress


class Readers:
    """The cursors of all sinks; those of durable ones are kept on disk as well."""

    def __init__(self, durable: Mapping[str, Cursor], passing: Mapping[str, Cursor]) -> None:
        self._durable = dict(durable)
        self._passing = dict(passing)
        self._on_disk = dict(self._durable)
        self._swept = 0

    def move(self, sink: str, cursor: Cursor) -> None:
        """Note how far a sink has come."""
        cursors = self._passing if sink in self._passing else self._durable
        cursors[sink] = cursor

    def begins(self, sink: str) -> bool:
        """Whether a sink has a position, and the disk knows none of it yet."""
        now, stored = self._durable.get(sink, Cursor()), self._on_disk.get(sink, Cursor())
        return now.position is not None and stored.position is None

    def progress(self, last: int) -> Progress | None:
        """What differs from the disk, given the newest sequence of all; None if nothing does."""
        moved = {
            sink: cursor
            for sink, cursor in self._durable.items()
            if self._on_disk.get(sink) != cursor
        }
        floor = self._floor(last)
        return Progress(moved, floor) if moved or floor > self._swept else None

    def noted(self, progress: Progress) -> None:
        """Take in that progress is on disk."""
        self._on_disk |= progress.cursors
        self._swept = max(self._swept, progress.floor)

    def _floor(self, last: int) -> int:
        """Up to where every sink has taken everything; where nobody reads, that is everything."""
        cursors = (*self._durable.values(), *self._passing.values())
        return min((cursor.sequence for cursor in cursors), default=last)
