"""Findings for tests, each in one line: ``tracked("web", severity=Severity.LOW)``."""

from __future__ import annotations

from datetime import timedelta

from auditor.domain.difference import Difference, Op, Writer
from auditor.domain.fieldpath import FieldPath
from auditor.domain.finding import (
    Announcement,
    Category,
    Finding,
    Severity,
    State,
    Suppression,
    TrackedFinding,
    Transition,
    TransitionKind,
    Verdict,
)
from tests.builders import ref
from tests.doubles import START

HIDDEN = Suppression(
    rule="hpa",
    check="K8S-002",
    difference=Difference(
        path=FieldPath(("spec", "replicas")),
        pointer="/spec/replicas",
        op=Op.CHANGED,
        desired=2,
        actual=5,
        writer=Writer(manager="keda", operation="Update", time=START),
    ),
    reason="scaled by hand at night",
    owner="team-shop",
    expires=START + timedelta(days=30),
)
"""A difference that an ignore rule hides."""


def tracked(name: str = "web", state: State = State.OPEN, **finding: object) -> TrackedFinding:
    """A finding about a Deployment; ``finding`` replaces fields of it."""
    fields = {
        "ref": ref(name=name),
        "version": "v1",
        "check": "K8S-002",
        "category": Category.CHANGED,
        "severity": Severity.HIGH,
        "verdict": Verdict.DRIFTED,
        "message": "spec.replicas differs",
    }
    return TrackedFinding(
        finding=Finding(**(fields | finding)),  # type: ignore[arg-type]  # fields by name
        state=state,
        first_seen=START,
        last_seen=START,
        resolved_at=START + timedelta(minutes=1) if state is State.RESOLVED else None,
    )


def announcement(sequence: int, name: str = "web") -> Announcement:
    """The opening of a finding, as the outbox holds it."""
    transition = Transition(kind=TransitionKind.OPENED, tracked=tracked(name), at=START)
    return Announcement(sequence=sequence, transition=transition)
