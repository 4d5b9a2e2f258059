"""Findings and their history, row by row.

`Book.record` runs in the writer's thread, inside a transaction; what it changes is drafted, and enters the
index only when that transaction was committed. Seeing a finding again unchanged is drafted too, but
written at most once a minute: a busy object must not cost a disk sync for every heartbeat.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from auditor.domain.finding import Announcement, Outcome, State, TrackedFinding, Transition
from auditor.domain.identity import ObjectRef
from auditor.domain.lifecycle import Flapping, Step, advance
from auditor.state.ledger.index import Index
from auditor.state.ledger.tables import stamp
from auditor.wire.finding import decode, encode

_REFRESH: Final = timedelta(minutes=1)
"""How far the last sighting on disk may lag behind the one in memory."""


class Book:
    """What is known of findings, and what a running transaction makes of it."""

    def __init__(self, connection: sqlite3.Connection, flapping: Flapping) -> None:
        self._flapping = flapping
        self.index = Index(_live(connection))
        self._draft: dict[ObjectRef, dict[str, TrackedFinding]] = {}
        self._written: dict[str, datetime] = {}

    def record(
        self, connection: sqlite3.Connection, outcomes: Sequence[Outcome], at: datetime
    ) -> list[Announcement]:
        """Write down what outcomes change, and return what is to be announced."""
        announcements: list[Announcement] = []
        for outcome in outcomes:
            known = self._known(connection, outcome)
            steps = advance(known, outcome, at=at, flapping=self._flapping)
            kept = (self._keep(connection, step) for step in steps)
            announcements.extend(announcement for announcement in kept if announcement)
        return announcements

    def settle(self, committed: bool) -> None:  # noqa: FBT001 - the answer to one question
        """Take the draft over into the index, or throw it away."""
        if committed:
            for drafted in self._draft.values():
                for tracked in drafted.values():
                    self._adopt(tracked)
        self._draft = {}

    def _adopt(self, tracked: TrackedFinding) -> None:
        self.index.put(tracked)
        if tracked.state is State.RESOLVED:
            self._written.pop(tracked.fingerprint, None)

    def _known(self, connection: sqlite3.Connection, outcome: Outcome) -> dict[str, TrackedFinding]:
        known = {**self.index.of(outcome.ref), **self._draft.get(outcome.ref, {})}
        for finding in outcome.findings:
            if finding.fingerprint not in known:
                known |= _remembered(connection, finding.fingerprint)
        return known

    def _keep(self, connection: sqlite3.Connection, step: Step) -> Announcement | None:
        tracked = step.tracked
        self._draft.setdefault(tracked.finding.ref, {})[tracked.fingerprint] = tracked
        if step.transition is None:
            self._refresh(connection, tracked)
            return None
        body = encode(tracked).decode()
        self._write(connection, tracked, body)
        sequence = _announce(connection, step.transition, body)
        return Announcement(sequence=sequence, transition=step.transition)

    def _refresh(self, connection: sqlite3.Connection, tracked: TrackedFinding) -> None:
        written = self._written.get(tracked.fingerprint, tracked.first_seen)
        held = self.index.of(tracked.finding.ref).get(tracked.fingerprint)
        learned = held is not None and held.finding.evidence != tracked.finding.evidence
        if learned or tracked.last_seen - written >= _REFRESH:
            self._write(connection, tracked, encode(tracked).decode())

    def _write(self, connection: sqlite3.Connection, tracked: TrackedFinding, body: str) -> None:
        self._written[tracked.fingerprint] = tracked.last_seen
        resolved_at = stamp(tracked.resolved_at) if tracked.resolved_at else None
        row = (tracked.fingerprint, tracked.state, tracked.finding.ref.key, resolved_at, body)
        connection.execute("INSERT OR REPLACE INTO findings VALUES (?, ?, ?, ?, ?)", row)


def _announce(connection: sqlite3.Connection, transition: Transition, body: str) -> int:
    fingerprint, at = transition.tracked.fingerprint, stamp(transition.at)
    cursor = connection.execute(
        "INSERT INTO history (id, fingerprint, kind, at, body) VALUES (?, ?, ?, ?, ?)",
        (transition.id, fingerprint, transition.kind, at, body),
    )
    sequence = cursor.lastrowid or 0
    connection.execute("INSERT INTO outbox VALUES (?, ?, ?)", (sequence, fingerprint, at))
    return sequence


def _live(connection: sqlite3.Connection) -> Iterator[TrackedFinding]:
    for (body,) in connection.execute("SELECT body FROM findings WHERE state != 'resolved'"):
        yield decode(body)


def _remembered(connection: sqlite3.Connection, fingerprint: str) -> dict[str, TrackedFinding]:
    row = connection.execute(
        "SELECT body FROM findings WHERE fingerprint = ?", (fingerprint,)
    ).fetchone()
    return {fingerprint: decode(row[0])} if row else {}
