"""Looks things up in a ledger, beside a running worker or without one.

Read-only, so it needs no lock and can be used at any time. It refuses to be asynchronous: who has an
event loop reads in a thread.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from auditor.domain.finding import Announcement, State, TrackedFinding, Transition, TransitionKind
from auditor.state.ledger.tables import moment, open_to_read, translated
from auditor.wire.finding import decode

_HISTORY = "SELECT sequence, kind, history.at, body FROM history"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A transition that a sink refused for good."""

    sink: str
    transition_id: str
    reason: str
    tracked: TrackedFinding


class LedgerReader:
    """A read-only view. Every method raises StoreUnavailable when the file cannot be read now."""

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            ConfigError: there is no ledger, or it cannot be used; names the remedy.
            StoreUnavailable: the disk does not answer now.

        """
        self._path = path
        self._connection = open_to_read(path)

    def __enter__(self) -> Self:
        """Use as a context manager to close it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def findings(self, state: State | None = State.OPEN) -> list[TrackedFinding]:
        """The findings in a state, or all there are; resolved ones latest first."""
        where = ("WHERE state = ?", (state,)) if state else ("", ())
        query = f"SELECT body FROM findings {where[0]} ORDER BY resolved_at DESC, object"  # noqa: S608
        return [decode(body) for (body,) in self._rows(query, where[1])]

    def find(self, fingerprint: str) -> list[TrackedFinding]:
        """The findings whose id begins so: one, none, or several if it is too short."""
        query = "SELECT body FROM findings WHERE fingerprint >= ? AND fingerprint < ? LIMIT 20"
        return [decode(body) for (body,) in self._rows(query, (fingerprint, fingerprint + "\x7f"))]

    def history(self, fingerprint: str) -> list[Announcement]:
        """Every transition of one finding that is still kept, oldest first."""
        query = f"{_HISTORY} WHERE fingerprint = ? ORDER BY sequence"
        return [_announcement(row) for row in self._rows(query, (fingerprint,))]

    def announcements(self, sequence: int, limit: int) -> list[Announcement]:
        """What waits in the outbox after a sequence, in order."""
        query = f"{_HISTORY} JOIN outbox USING (sequence) WHERE sequence > ? ORDER BY 1 LIMIT ?"
        return [_announcement(row) for row in self._rows(query, (sequence, limit))]

    def dead_letters(self) -> list[DeadLetter]:
        """What sinks refused for good, oldest first."""
        query = "SELECT sink, id, reason, body FROM dead_letters ORDER BY number"
        return [
            DeadLetter(sink=sink, transition_id=id_, reason=reason, tracked=decode(body))
            for sink, id_, reason, body in self._rows(query, ())
        ]

    def _rows(self, query: str, values: Sequence[Any]) -> list[Any]:
        try:
            return self._connection.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise translated(error, self._path) from error


def _announcement(row: tuple[int, str, str, str]) -> Announcement:
    sequence, kind, at, body = row
    transition = Transition(kind=TransitionKind(kind), tracked=decode(body), at=moment(at))
    return Announcement(sequence=sequence, transition=transition)
