"""What the ledger forgets, and when.

Open findings and what waits in the outbox are never forgotten. Old rows go a slice at a time, so that a
ledger with a long past does not hold up the present.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta
from typing import Final

from auditor.state.ledger.settings import Retention
from auditor.state.ledger.tables import stamp

EVERY: Final = timedelta(minutes=10)
_SLICE: Final = 2_000
"""Rows that go at a time, of each sort."""

_RESOLVED = """
    DELETE FROM findings WHERE fingerprint IN (
        SELECT fingerprint FROM findings WHERE state = 'resolved' AND resolved_at < ? LIMIT ?)
"""
_SURPLUS = """
    DELETE FROM findings WHERE fingerprint IN (
        SELECT fingerprint FROM findings WHERE state = 'resolved'
        ORDER BY resolved_at DESC LIMIT ? OFFSET ?)
"""
_HISTORY = """
    DELETE FROM history WHERE sequence IN (
        SELECT sequence FROM history WHERE
            (at < ? OR sequence <= (SELECT max(sequence) FROM history) - ?)
            AND sequence < coalesce((SELECT min(sequence) FROM outbox), 1 << 62)
        ORDER BY sequence LIMIT ?)
"""


def prune(connection: sqlite3.Connection, retention: Retention, *, at: datetime) -> int:
    """Forget one slice of what is too old or too much; return how many rows went."""
    limit = stamp(at - retention.resolved)
    return (
        connection.execute(_RESOLVED, (limit, _SLICE)).rowcount
        + connection.execute(_SURPLUS, (_SLICE, retention.max_resolved)).rowcount
        + connection.execute(_HISTORY, (limit, retention.max_history, _SLICE)).rowcount
    )
