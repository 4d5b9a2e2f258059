"""Whether a source can be heard is a metric, and said once for every change."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from auditor.telemetry.sources import SourceEvents
from tests.doubles import START

SOURCE = "cluster/prod"


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def test_source_that_is_heard(registry: CollectorRegistry) -> None:
    """When it was last heard is a timestamp."""
    SourceEvents(registry).source_heard(SOURCE, START)

    value = registry.get_sample_value(
        "auditor_source_last_event_timestamp_seconds", {"source": SOURCE}
    )
    assert value == START.timestamp()


def test_each_change_is_said_once(registry: CollectorRegistry) -> None:
    """A source that stays up, or down, is not news."""
    events = SourceEvents(registry)

    with capture_logs() as logs:
        for _ in range(3):
            events.source_up(SOURCE)
        for _ in range(3):
            events.source_down(SOURCE, "refused")

    assert [log["event"] for log in logs] == ["source_connected", "source_lost"]
    assert logs[1]["reason"] == "refused"
    assert registry.get_sample_value("auditor_source_up", {"source": SOURCE}) == 0
