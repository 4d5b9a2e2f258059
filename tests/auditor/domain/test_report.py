"""A report counts verdicts and says whether anything is open."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from auditor.domain.finding import (
    Category,
    Finding,
    Severity,
    State,
    TrackedFinding,
    Verdict,
)
from auditor.domain.report import Report, Summary
from tests.builders import ref

_NOW = datetime(2026, 1, 2, tzinfo=UTC)


def _tracked(state: State) -> TrackedFinding:
    finding = Finding(
        ref=ref(),
        version="v1",
        check="K8S-002",
        category=Category.CHANGED,
        severity=Severity.HIGH,
        verdict=Verdict.DRIFTED,
        message="",
    )
    return TrackedFinding(finding=finding, state=state, first_seen=_NOW, last_seen=_NOW)


def test_a_summary_counts_every_verdict_once() -> None:
    """The parts of a summary add up to its objects."""
    summary = Summary.of([Verdict.IN_SYNC, Verdict.IN_SYNC, Verdict.DRIFTED, Verdict.UNKNOWN])

    assert summary == Summary(objects=4, in_sync=2, drifted=1, pending=0, unknown=1)


@pytest.mark.parametrize(
    ("state", "drift"), [(State.OPEN, True), (State.RESOLVED, False), (State.SUPPRESSED, False)]
)
def test_only_open_findings_are_drift(state: State, drift: bool) -> None:  # noqa: FBT001
    """What ended or is hidden does not count."""
    assert Report(findings=(_tracked(state),)).has_drift is drift


def test_nothing_looked_at_is_no_drift_but_has_problems() -> None:
    """A report of problems alone has no drift; its reader must look at the problems."""
    report = replace(Report(), problems=("cluster prod cannot be reached",))

    assert not report.has_drift
    assert report.problems
