"""The outbox's tables: what is waiting, who has come how far, what was refused.

Every function is one job of the writer. They refuse to hold anything in memory.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from auditor.domain.finding import Announcement
from auditor.ports.delivery import Cursor
from auditor.state.ledger.tables import moment, stamp
from auditor.wire.finding import encode

_DEAD_LETTERS: Final = 10_000
"""Refused announcements kept."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Cursors that moved, and up to where every sink has taken everything."""

    cursors: Mapping[str, Cursor]
    floor: int


@dataclass(frozen=True, slots=True)
class Swept:
    """How many rows went, and since when the oldest of the others waits."""

    gone: int
    oldest: datetime | None


def waiting(connection: sqlite3.Connection) -> tuple[int, int, datetime | None]:
    """How many wait, the newest sequence that ever was, and since when the oldest waits."""
    depth = connection.execute("SELECT count(*) FROM outbox").fetchone()[0]
    newest = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'history'").fetchone()
    return depth, newest[0] if newest else 0, _oldest(connection)


def keep_only(connection: sqlite3.Connection, sinks: Sequence[str]) -> dict[str, Cursor]:
    """Forget the cursors of other sinks, and return those of these; a new one begins at 0."""
    marks = ",".join("?" * len(sinks))
    connection.execute(f"DELETE FROM cursors WHERE sink NOT IN ({marks})", sinks)  # noqa: S608
    rows = connection.execute("SELECT sink, sequence, position FROM cursors").fetchall()
    known = {
        sink: Cursor(sequence=sequence, position=position) for sink, sequence, position in rows
    }
    return {sink: known.get(sink, Cursor()) for sink in sinks}


def advance(connection: sqlite3.Connection, progress: Progress) -> Swept:
    """Note how far sinks have come, and let go of what all have taken."""
    cursors = progress.cursors.items()
    marks = [(sink, cursor.sequence, cursor.position) for sink, cursor in cursors]
    connection.executemany("INSERT OR REPLACE INTO cursors VALUES (?, ?, ?)", marks)
    floor = (progress.floor,)
    gone = connection.execute("DELETE FROM outbox WHERE sequence <= ?", floor).rowcount
    return Swept(gone, _oldest(connection))


def coalesce(connection: sqlite3.Connection) -> Swept:
    """Keep only the last announcement of each finding."""
    gone = connection.execute(
        "DELETE FROM outbox WHERE sequence < (SELECT max(newer.sequence) FROM outbox AS newer "
        "WHERE newer.fingerprint = outbox.fingerprint)"
    ).rowcount
    return Swept(gone, _oldest(connection))


def bury(
    connection: sqlite3.Connection, sink: str, announcement: Announcement, reason: str
) -> None:
    """Keep a refused announcement; the oldest make room."""
    transition = announcement.transition
    body = encode(transition.tracked).decode()
    row = (sink, announcement.sequence, transition.id, reason, stamp(transition.at), body)
    connection.execute(
        "INSERT INTO dead_letters (sink, sequence, id, reason, at, body) VALUES (?, ?, ?, ?, ?, ?)",
        row,
    )
    newest = "(SELECT max(number) FROM dead_letters)"
    connection.execute(
        f"DELETE FROM dead_letters WHERE number <= {newest} - ?",  # noqa: S608 - no input
        (_DEAD_LETTERS,),
    )


def _oldest(connection: sqlite3.Connection) -> datetime | None:
    row = connection.execute("SELECT at FROM outbox ORDER BY sequence LIMIT 1").fetchone()
    return moment(row[0]) if row else None
