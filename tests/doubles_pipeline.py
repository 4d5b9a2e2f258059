"""Stand-ins for what the worker works with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from auditor.domain.finding import Outcome, State, TrackedFinding, Transition, TransitionKind
from auditor.domain.identity import ObjectRef
from auditor.errors import StoreUnavailable


class MemoryLedger:
    """Opens what is found and resolves what is not; fails as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.recorded: list[Outcome] = []
        self._open: dict[str, TrackedFinding] = {}

    async def record(self, outcomes: Sequence[Outcome], *, at: datetime) -> Sequence[Transition]:
        if self.failures:
            self.failures -= 1
            raise StoreUnavailable("disk full")
        self.recorded += outcomes
        return [step for outcome in outcomes for step in self._advance(outcome, at)]

    def concerns(self, ref: ObjectRef) -> bool:
        return any(tracked.finding.ref == ref for tracked in self._open.values())

    def look_again(self, ref: ObjectRef) -> datetime | None:
        return None

    def live(self, ref: ObjectRef) -> Sequence[TrackedFinding]:
        return [tracked for tracked in self._open.values() if tracked.finding.ref == ref]

    def open_findings(self) -> Sequence[TrackedFinding]:
        return tuple(self._open.values())

    def _advance(self, outcome: Outcome, at: datetime) -> list[Transition]:
        found = {finding.fingerprint: finding for finding in outcome.findings}
        steps = []
        for fingerprint, finding in found.items():
            tracked = TrackedFinding(finding=finding, state=State.OPEN, first_seen=at, last_seen=at)
            if fingerprint not in self._open:
                steps.append(Transition(kind=TransitionKind.OPENED, tracked=tracked, at=at))
            self._open[fingerprint] = tracked
        gone = [t for f, t in self._open.items() if t.finding.ref == outcome.ref and f not in found]
        for tracked in gone:
            del self._open[tracked.fingerprint]
            steps.append(Transition(kind=TransitionKind.RESOLVED, tracked=tracked, at=at))
        return steps
