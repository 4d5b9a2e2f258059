"""What operators see of the delivery."""

from __future__ import annotations

from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from auditor.ports.delivery import Backlog
from auditor.telemetry.delivery import DeliveryEvents, Fate
from tests.doubles import START
from tests.findings import announcement


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def events(registry: CollectorRegistry) -> DeliveryEvents:
    return DeliveryEvents(registry, ["kafka"])


def test_every_series_exists_from_the_start(
    registry: CollectorRegistry, events: DeliveryEvents
) -> None:
    """A sink that has never been reached is down, not absent."""
    assert registry.get_sample_value("auditor_sink_up", {"sink": "kafka"}) == 0
    for fate in Fate:
        labels = {"sink": "kafka", "outcome": fate}
        assert registry.get_sample_value("auditor_sink_published_total", labels) == 0


def test_the_outbox_is_read_at_every_scrape(
    registry: CollectorRegistry, events: DeliveryEvents
) -> None:
    """Nobody has to keep a gauge in step."""
    backlog = [Backlog()]
    events.outbox_watched(lambda: backlog[0])
    assert registry.get_sample_value("auditor_outbox_depth") == 0
    assert registry.get_sample_value("auditor_outbox_oldest_timestamp_seconds") == 0

    backlog[0] = Backlog(depth=7, oldest=START + timedelta(seconds=1), coalesced=3)

    assert registry.get_sample_value("auditor_outbox_depth") == 7
    oldest = registry.get_sample_value("auditor_outbox_oldest_timestamp_seconds")
    assert oldest == START.timestamp() + 1
    assert registry.get_sample_value("auditor_outbox_coalesced_total") == 3


def test_a_batch_moves_its_measures(registry: CollectorRegistry, events: DeliveryEvents) -> None:
    """How many, how fast, and when last."""
    events.batch_published("kafka", 5, took=0.02, at=START.timestamp())

    labels = {"sink": "kafka"}
    delivered = labels | {"outcome": "delivered"}
    assert registry.get_sample_value("auditor_sink_published_total", delivered) == 5
    assert registry.get_sample_value("auditor_sink_publish_seconds_sum", labels) == 0.02
    last = registry.get_sample_value("auditor_sink_last_delivery_timestamp_seconds", labels)
    assert last == START.timestamp()


def test_a_refusal_names_the_finding_and_no_value(events: DeliveryEvents) -> None:
    """Whoever looks for it finds it by id."""
    with capture_logs() as lines:
        events.announcement_rejected("kafka", announcement(1), "too large")

    assert lines == [
        {
            "event": "announcement_rejected",
            "log_level": "error",
            "sink": "kafka",
            "id": announcement(1).transition.id,
            "ref": "apps/Deployment/shop/web",
            "cluster": "prod",
            "check": "K8S-002",
            "reason": "too large",
        }
    ]


def test_up_and_down_follow_the_sink(registry: CollectorRegistry, events: DeliveryEvents) -> None:
    """One gauge, for one alert."""

    def up() -> float | None:
        return registry.get_sample_value("auditor_sink_up", {"sink": "kafka"})

    events.sink_opened("kafka", 3)
    assert up() == 1
    events.sink_failed("kafka", "gone", 1.5)
    assert up() == 0
    events.sink_opened("kafka", 3)
    events.sink_abandoned("kafka")
    assert up() == 0
