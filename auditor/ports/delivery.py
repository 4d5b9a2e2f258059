"""What the parts expect of each other on the way from findings to the outside.

This module refuses to contain behaviour.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Protocol, runtime_checkable

from prometheus_client import CollectorRegistry

from auditor.domain.finding import Announcement, Outcome, TrackedFinding, Transition
from auditor.domain.identity import ObjectRef
from auditor.ports import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    """Where a sink left off.

    ``position`` is what its last `publish` returned. ``open`` are all open findings now, for sinks
    that hold state only in memory.
    """

    position: str | None
    open: Sequence[TrackedFinding] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkContext:
    """What a sink is given besides its options: ``SinkClass(options, context)``.

    ``name`` is the configured one; ``clusters`` are the names of all that are audited.
    """

    name: str
    registry: CollectorRegistry
    clock: Clock
    random: Random
    clusters: tuple[str, ...] = ()


class Sink(Protocol):
    """Takes announcements to the outside.

    Batching, retry, backoff, order and the cursor belong to the runtime. A *durable* sink is resumed
    after a restart where it was; others start at the present with `Resume.open`.
    """

    durable: bool

    async def open(self, resume: Resume) -> frozenset[str]:
        """Connect, and return the ids of transitions after ``resume.position`` already delivered.

        Raises:
            SinkUnavailable: not now; will be tried again.

        """

    async def publish(self, batch: Sequence[Announcement]) -> str | None:
        """Deliver all, in order, and return only when the other side has taken them.

        An empty batch delivers nothing and asks for the position only.

        Returns:
            An opaque position that `open` is given after a restart, or None.

        Raises:
            SinkUnavailable: none or some were taken; the whole batch comes again.
            DeliveryRejected: one can never be taken; the rest of the batch comes again without it.

        """

    async def close(self) -> None:
        """Let go of everything, within seconds."""


@runtime_checkable
class DeadLetterOffice(Protocol):
    """What a sink is besides, if it can put away announcements that it refused."""

    async def bury(self, announcement: Announcement, reason: str) -> None:
        """Put one refused announcement where people look for such.

        Raises:
            SinkUnavailable: not now.

        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """How far a sink has come: the last sequence it took, and its own opaque position."""

    sequence: int = 0
    position: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What waits in the outbox. ``coalesced`` counts announcements left out since the start."""

    depth: int = 0
    oldest: datetime | None = None
    coalesced: int = 0


class Outbox(Protocol):
    """Announcements on disk, until every sink has taken them."""

    async def subscribe(
        self, *, durable: Sequence[str], passing: Sequence[str]
    ) -> Mapping[str, Cursor]:
        """Name all sinks. What any other sink had not taken yet is forgotten.

        A durable sink resumes where it was; a passing one starts at the present.
        """

    async def after(self, sequence: int, *, limit: int) -> Sequence[Announcement]:
        """Read the announcements that follow a sequence, in order, without waiting for more."""

    async def beyond(self, sequence: int) -> None:
        """Wait until there is an announcement that follows a sequence."""

    async def acknowledge(self, sink: str, cursor: Cursor) -> None:
        """Note how far a sink has come; what all sinks have taken is let go.

        It is on disk soon; a sink's first position is on return.

        Raises:
            StoreUnavailable: it was not noted.

        """

    async def bury(self, sink: str, announcement: Announcement, reason: str) -> None:
        """Keep an announcement that a sink refused for good."""

    def backlog(self) -> Backlog:
        """What waits now."""


class Ledger(Protocol):
    """Remembers findings, and what is yet to be announced, in one transaction."""

    async def record(self, outcomes: Sequence[Outcome], *, at: datetime) -> Sequence[Transition]:
        """Take note of outcomes, and return what changed; on return it is on disk.

        Raises:
            StoreUnavailable: nothing was recorded.

        """

    def concerns(self, ref: ObjectRef) -> bool:
        """Tell whether anything is kept of the object: if not, a clean outcome is no news."""

    def look_again(self, ref: ObjectRef) -> datetime | None:
        """When time alone will change what is kept of the object (a contested finding calms)."""

    def live(self, ref: ObjectRef) -> Sequence[TrackedFinding]:
        """The findings of an object that are open, or that an ignore rule hides; from memory."""

    def open_findings(self) -> Sequence[TrackedFinding]:
        """Every open finding, from memory."""
