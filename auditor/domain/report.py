"""What one audit came to, as a whole: the answer of ``scan``, ``diff`` and ``explain``.

A report is complete and final; whoever prints it asks nobody for anything more. It refuses to know how
it is printed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from auditor.domain.finding import State, TrackedFinding, Verdict
from auditor.domain.identity import ObjectRef
from auditor.domain.reasoning import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """How many objects were looked at, and how many got each verdict."""

    objects: int = 0
    in_sync: int = 0
    drifted: int = 0
    pending: int = 0
    unknown: int = 0

    @classmethod
    def of(cls, verdicts: Iterable[Verdict]) -> Self:
        """Count one verdict per object."""
        counts = dict.fromkeys(Verdict, 0)
        for verdict in verdicts:
            counts[verdict] += 1
        return cls(
            objects=sum(counts.values()),
            in_sync=counts[Verdict.IN_SYNC],
            drifted=counts[Verdict.DRIFTED],
            pending=counts[Verdict.PENDING],
            unknown=counts[Verdict.UNKNOWN],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What is compared where nothing has happened yet: two commits.

    ``revisions`` is how they were asked for, such as ``main...HEAD``; ``cluster`` the one that what
    differs was compared with, empty where none was asked. ``unknown`` is what cannot be known of either, a
    line each: whether it would change nobody can say.
    """

    revisions: str
    before: str
    after: str
    cluster: str = ""
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that one look found. With a ``proposal`` findings say what would happen.

    ``problems`` are sentences for a person about what could not be looked at: with any of them, the
    absence of findings proves nothing.
    """

    findings: tuple[TrackedFinding, ...] = ()
    summary: Summary = Summary()
    problems: tuple[str, ...] = ()
    proposal: Proposal | None = None

    @property
    def has_drift(self) -> bool:
        """Whether any finding is open."""
        return any(tracked.state is State.OPEN for tracked in self.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One stage on the way to a verdict, with the facts that counted there."""

    title: str
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """How the verdict of one object came about, in the order of the pipeline.

    ``fields`` are all that are not literally the same on both sides, differences and others.
    """

    ref: ObjectRef
    verdict: Verdict
    steps: tuple[Step, ...]
    fields: tuple[Reason, ...] = ()
    findings: tuple[TrackedFinding, ...] = ()
