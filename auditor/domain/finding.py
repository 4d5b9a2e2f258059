"""What is wrong with one object, and what follows from it.

A comparator reports a `Deviation`; judging turns it into a `Finding`; the ledger keeps it as a
`TrackedFinding` and announces every `Transition` of it. This module refuses to decide: it only names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum, StrEnum
from functools import lru_cache

from auditor.domain.difference import Difference
from auditor.domain.evidence import Evidence
from auditor.domain.identity import ObjectRef
from auditor.domain.manifest import Origin, Owner
from auditor.domain.pair import Doubt


class Category(StrEnum):
    """What sort of wrong."""

    CHANGED = "changed"
    """Declared fields changed or removed, undeclared ones added."""
    MISSING = "missing"
    UNMANAGED = "unmanaged"
    LAGGING = "lagging"
    UNRECONCILED = "unreconciled"
    CONTESTED = "contested"
    INVALID = "invalid"


class Severity(StrEnum):
    """How bad, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Severity).index(self)


class Verdict(StrEnum):
    """What is known of an object. Unknown is never drift and never in_sync."""

    IN_SYNC = "in_sync"
    DRIFTED = "drifted"
    PENDING = "pending"
    """Git moved, the GitOps tool has not applied it yet and is within its time."""
    UNKNOWN = "unknown"


class State(StrEnum):
    """Where a finding is in its life."""

    OPEN = "open"
    RESOLVED = "resolved"
    SUPPRESSED = "suppressed"


class TransitionKind(StrEnum):
    """What happened to a finding."""

    OPENED = "opened"
    UPDATED = "updated"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    SUPPRESSED = "suppressed"


class Resolution(StrEnum):
    """How a finding ended."""

    REVERTED = "reverted"
    """The cluster moved back to what is declared."""
    CODIFIED = "codified"
    """The declaration moved to what lives."""
    APPLIED = "applied"
    """The cluster caught up with the declaration."""
    GONE = "gone"
    """The object is neither declared nor alive any more, or no longer audited."""


class Confidence(IntEnum):
    """How sure a comparator is. LOW: no writer is recorded on the object."""

    LOW = 1
    HIGH = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """What one comparator says of one pair: a check, with its differences.

    ``check`` is an id of the catalogue in ``auditor.domain.checks``. ``since`` is set where it is a
    finding only if it lasts, and says since when it does; ``patience`` is how long it may at least.
    """

    check: str
    category: Category
    message: str
    differences: tuple[Difference, ...] = ()
    severity: Severity | None = None
    confidence: Confidence = Confidence.HIGH
    since: datetime | None = None
    patience: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """One thing that can be done: ``kind`` is revert, codify or wait; ``details`` is for programs."""

    kind: str
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A judged deviation of one object.

    ``began`` is when the drift was written, as far as the object tells (UTC, to the second).
    ``actual_version`` tells which writing of the live object was judged (opaque; empty where
    there is no live object). ``evidence`` stands beside what the finding says, so it is no news.
    """

    ref: ObjectRef
    version: str
    check: str
    category: Category
    severity: Severity
    verdict: Verdict
    message: str
    differences: tuple[Difference, ...] = ()
    origin: Origin | None = None
    owner: Owner | None = None
    began: datetime | None = None
    actual_version: str = ""
    remedies: tuple[Remedy, ...] = ()
    evidence: Evidence | None = None

    @property
    def fingerprint(self) -> str:
        """The identity across restarts; see `fingerprint_of`."""
        return fingerprint_of(self.ref, self.check)


@lru_cache(maxsize=16_384)
def fingerprint_of(ref: ObjectRef, check: str) -> str:
    """Identify a finding by cluster, object and check only: never by values, messages or times."""
    text = f"{ref.cluster}\x00{ref.group}\x00{ref.kind}\x00{ref.namespace}\x00{ref.name}\x00{check}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """A difference (or a whole deviation) that an ignore rule hid, and which rule, why and whose."""

    rule: str
    check: str
    difference: Difference | None = None
    reason: str = ""
    owner: str = ""
    expires: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What judging one object came to.

    ``doubt`` is set exactly where the verdict is unknown; then ``findings`` is empty and earlier ones
    stay as they are. ``look_again`` is when time alone can change the outcome. ``declared`` is the
    moment since when the present declaration is current, ``actual_version`` which writing of the
    live object was judged. ``ripening`` are checks of which something is wrong, but not for long enough
    to be a finding.
    """

    ref: ObjectRef
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    suppressed: tuple[Suppression, ...] = ()
    doubt: Doubt | None = None
    look_again: datetime | None = None
    declared: datetime | None = None
    actual_version: str = ""
    ripening: frozenset[str] = frozenset()
    present: bool = True
    """Whether the object is declared or alive at all."""
    audited: bool = True
    """Whether anybody wants a verdict: it is declared, was lately, or something is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedFinding:
    """A finding with its history, as the ledger keeps it.

    ``generation`` counts its transitions from 1; with the fingerprint it makes transition ids.
    """

    finding: Finding
    state: State
    first_seen: datetime
    last_seen: datetime
    resolved_at: datetime | None = None
    resolution: Resolution | None = None
    generation: int = 1
    openings: tuple[datetime, ...] = ()
    """When it opened lately, oldest first: what tells flapping."""

    @property
    def fingerprint(self) -> str:
        """The identity of the finding."""
        return self.finding.fingerprint

    @property
    def opened(self) -> datetime:
        """When it opened last; ``first_seen`` is when it opened first."""
        return self.openings[-1] if self.openings else self.first_seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One step in the life of a finding, with the finding as it is after it."""

    kind: TransitionKind
    tracked: TrackedFinding
    at: datetime

    @property
    def id(self) -> str:
        """Deterministic: the same step always has the same id, so receivers can drop repeats."""
        tracked = self.tracked
        return _step_id(tracked.fingerprint, self.kind, tracked.generation, tracked.first_seen)


@lru_cache(maxsize=4_096)
def _step_id(fingerprint: str, kind: str, generation: int, first_seen: datetime) -> str:
    text = f"{fingerprint}\x00{kind}\x00{generation}\x00{first_seen.astimezone(UTC).isoformat()}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """A transition in the outbox. ``sequence`` grows by one per announcement, over all objects."""

    sequence: int
    transition: Transition
