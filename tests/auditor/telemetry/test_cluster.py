"""What the cluster side says of itself, in closed sets of labels."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from auditor.domain.identity import GroupVersionKind
from auditor.domain.pair import Doubt
from auditor.errors import SourceUnavailable
from auditor.telemetry.cluster import ClusterEvents, Interruption

DEPLOYMENT = GroupVersionKind("apps", "v1", "Deployment")


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def test_changes_are_counted_by_kind(registry: CollectorRegistry) -> None:
    """Kinds in use are configuration, so they may be labels."""
    ClusterEvents(registry).events_received("prod", DEPLOYMENT, 3)

    labels = {"cluster": "prod", "kind": "apps/v1/Deployment"}
    assert registry.get_sample_value("auditor_watch_events_total", labels) == 3


@pytest.mark.parametrize("reason", Interruption)
def test_interruptions_are_counted_by_reason(
    registry: CollectorRegistry, reason: Interruption
) -> None:
    """Why a watch ended is one of a few reasons."""
    ClusterEvents(registry).watch_interrupted("prod", "x", reason, error=None, pause=1.0)

    labels = {"cluster": "prod", "reason": str(reason)}
    assert registry.get_sample_value("auditor_watch_restarts_total", labels) == 1


def test_watch_that_ends_in_its_time_is_no_warning(registry: CollectorRegistry) -> None:
    """Servers end watches every few minutes; only what is not expected is worth a warning."""
    events = ClusterEvents(registry)

    with capture_logs() as logs:
        events.watch_interrupted("prod", "x", Interruption.ENDED, error=None, pause=0)
        lost = SourceUnavailable("reset")
        events.watch_interrupted("prod", "x", Interruption.LOST, error=lost, pause=1.26)

    assert [log["log_level"] for log in logs] == ["debug", "warning"]
    assert (logs[1]["error"], logs[1]["pause"]) == ("reset", 1.3)


def test_kinds_are_counted_by_standing(registry: CollectorRegistry) -> None:
    """Every standing has its number, zero included, so that a graph does not break off."""
    ClusterEvents(registry).kinds_counted("prod", [None, None, Doubt.FORBIDDEN])

    counted = {
        standing: registry.get_sample_value(
            "auditor_kinds", {"cluster": "prod", "standing": standing}
        )
        for standing in ("synced", "forbidden", "stale")
    }
    assert counted == {"synced": 2, "forbidden": 1, "stale": 0}


def test_doubt_is_a_warning(registry: CollectorRegistry) -> None:
    """A kind that becomes unknown is said loudly, one that becomes known is not."""
    events = ClusterEvents(registry)

    with capture_logs() as logs:
        events.kind_settled("prod", "secrets", Doubt.FORBIDDEN)
        events.kind_settled("prod", "secrets", None)

    assert [(log["standing"], log["log_level"]) for log in logs] == [
        ("forbidden", "warning"),
        ("synced", "debug"),
    ]
