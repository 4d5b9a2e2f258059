"""What the server must be able to ask of the worker."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from auditor.domain.finding import Announcement, State, Suppression, TrackedFinding, Verdict
from auditor.domain.identity import ObjectRef
from auditor.domain.pair import Doubt
from auditor.domain.report import Summary


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One thing that must hold before the worker is ready, whether it holds, and why (not)."""

    name: str
    met: bool
    reason: str = ""


class Answers(Protocol):
    """What is known now."""

    def conditions(self) -> Sequence[Condition]:
        """Everything that readiness depends on; ready means that all are met."""

    def summary(self) -> Summary:
        """How many objects have which verdict."""

    def objects(self) -> Iterable[tuple[ObjectRef, Verdict, Doubt | None]]:
        """Every audited object with its verdict and, where unknown, why."""

    def suppressed(self) -> Iterable[tuple[ObjectRef, Suppression]]:
        """Every difference that an ignore rule hides now, with its object."""

    async def findings(self, state: State) -> Sequence[TrackedFinding]:
        """All findings in a state, the newest last.

        Raises:
            StoreUnavailable: the ledger cannot be read now.

        """

    async def find(self, fingerprint: str) -> Sequence[TrackedFinding]:
        """The findings, whatever their state, whose id begins so: one, none, or several.

        Raises:
            StoreUnavailable: the ledger cannot be read now.

        """

    async def history(self, fingerprint: str) -> Sequence[Announcement]:
        """Every transition of one finding that is still kept, oldest first.

        Raises:
            StoreUnavailable: the ledger cannot be read now.

        """
