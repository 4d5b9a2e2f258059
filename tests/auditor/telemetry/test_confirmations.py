"""Dry runs are counted by what they came to, and nothing of an object is said."""

from __future__ import annotations

from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from auditor.domain.evidence import DryRun
from auditor.telemetry.confirmations import ConfirmationEvents
from tests.builders import CLUSTER, ref


def count(registry: CollectorRegistry, outcome: DryRun) -> float | None:
    labels = {"cluster": CLUSTER, "outcome": str(outcome)}
    return registry.get_sample_value("auditor_confirmations_total", labels)


def test_every_outcome_starts_at_zero() -> None:
    """So that a first failure is a rise."""
    registry = CollectorRegistry()
    ConfirmationEvents(registry).cluster_watched(CLUSTER)

    assert [count(registry, outcome) for outcome in DryRun] == [0, 0, 0]


def test_a_failure_is_told_with_its_status_alone() -> None:
    """What the API server said besides may quote values."""
    registry = CollectorRegistry()
    with capture_logs() as lines:
        ConfirmationEvents(registry).dry_run_failed(ref(), 403)

    assert count(registry, DryRun.FAILED) == 1
    (line,) = lines
    assert line == {
        "event": "dry_run_failed",
        "log_level": "warning",
        "cluster": CLUSTER,
        "object": "apps/Deployment/shop/web",
        "status": 403,
    }


def test_an_answer_is_counted() -> None:
    """Under what it said."""
    registry = CollectorRegistry()
    ConfirmationEvents(registry).dry_run_answered(ref(), DryRun.REFUTED)

    assert count(registry, DryRun.REFUTED) == 1
