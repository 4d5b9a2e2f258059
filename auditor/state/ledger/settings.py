"""What a ledger may keep, and how much of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from auditor.domain.lifecycle import Flapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long resolved findings and old history are kept; open findings always are."""

    resolved: timedelta = timedelta(days=90)
    max_resolved: int = 100_000
    max_history: int = 500_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerSettings:
    """Bounds of a ledger.

    ``max_outbox`` is the number of waiting announcements beyond which only the last one of each finding
    is kept. ``max_bytes`` bounds the file: a full ledger refuses to record rather than to forget.
    """

    flapping: Flapping = field(default_factory=Flapping)
    retention: Retention = field(default_factory=Retention)
    max_outbox: int = 1_000_000
    max_bytes: int = 4 * 2**30
