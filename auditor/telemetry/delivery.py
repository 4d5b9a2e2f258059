"""What happens between the outbox and the sinks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from functools import cache

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from auditor.domain.finding import Announcement
from auditor.ports.delivery import Backlog

_log = structlog.get_logger("auditor.delivery")


class Fate(StrEnum):
    """What became of an announcement at a sink; a metric label."""

    DELIVERED = "delivered"
    SKIPPED = "skipped"
    """The other side had it already, from before a restart."""
    REJECTED = "rejected"
    """Refused for good; it is among the dead letters."""
    FAILED = "failed"
    """An attempt that failed; what it was about comes again."""


class DeliveryEvents:
    """Events of the sinks and of the outbox that they read."""

    def __init__(self, registry: CollectorRegistry, sinks: Iterable[str]) -> None:
        self._registry = registry
        self._published = Counter(
            "auditor_sink_published_total",
            "Announcements by what became of them at a sink.",
            ["sink", "outcome"],
            registry=registry,
        )
        self._up = Gauge(
            "auditor_sink_up", "Whether a sink takes announcements.", ["sink"], registry=registry
        )
        last = Gauge(
            "auditor_sink_last_delivery_timestamp_seconds",
            "When a sink last took announcements.",
            ["sink"],
            registry=registry,
        )
        seconds = Histogram(
            "auditor_sink_publish_seconds",
            "Time from handing a batch to a sink to its being taken.",
            ["sink"],
            registry=registry,
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
        )
        # A batch may be a single announcement, and finding a series by its labels costs more than counting.
        self._delivered = cache(lambda sink: self._published.labels(sink, Fate.DELIVERED))
        self._last = cache(last.labels)
        self._seconds = cache(seconds.labels)
        for sink in sinks:
            self._know(sink)

    def _know(self, sink: str) -> None:
        """Let every series exist from the start, so that a rate over it does."""
        self._up.labels(sink).set(0)
        for fate in Fate:
            self._published.labels(sink, fate)

    def outbox_watched(self, backlog: Callable[[], Backlog]) -> None:
        """Let the outbox's metrics read it when they are scraped."""
        self._registry.register(_OutboxCollector(backlog))

    def sink_opened(self, sink: str, sequence: int) -> None:
        """A sink is connected and goes on after a sequence."""
        self._up.labels(sink).set(1)
        _log.info("sink_opened", sink=sink, after=sequence)

    def sink_failed(self, sink: str, error: str, retry_in: float) -> None:
        """A sink cannot take announcements now; they come again."""
        self._up.labels(sink).set(0)
        self._published.labels(sink, Fate.FAILED).inc()
        _log.warning("sink_failed", sink=sink, error=error, retry_in=round(retry_in, 1))

    def sink_closed(self, sink: str) -> None:
        """A sink was let go."""
        self._up.labels(sink).set(0)
        _log.info("sink_closed", sink=sink)

    def sink_abandoned(self, sink: str) -> None:
        """A sink did not let go in time."""
        self._up.labels(sink).set(0)
        _log.warning("sink_abandoned", sink=sink)

    def batch_published(self, sink: str, count: int, *, took: float, at: float) -> None:
        """A sink took a batch, within ``took`` seconds, at ``at`` (Unix time)."""
        self._delivered(sink).inc(count)
        self._last(sink).set(at)
        self._seconds(sink).observe(took)

    def repeats_skipped(self, sink: str, count: int) -> None:
        """The other side had announcements already."""
        self._published.labels(sink, Fate.SKIPPED).inc(count)
        _log.info("repeats_skipped", sink=sink, count=count)

    def announcement_rejected(self, sink: str, announcement: Announcement, reason: str) -> None:
        """A sink refused an announcement for good."""
        finding = announcement.transition.tracked.finding
        self._published.labels(sink, Fate.REJECTED).inc()
        _log.error(
            "announcement_rejected",
            sink=sink,
            id=announcement.transition.id,
            ref=str(finding.ref),
            cluster=finding.ref.cluster,
            check=finding.check,
            reason=reason,
        )


class _OutboxCollector(Collector):
    """Reads the outbox at every scrape."""

    def __init__(self, backlog: Callable[[], Backlog]) -> None:
        self._backlog = backlog

    def collect(self) -> Iterator[Metric]:
        now = self._backlog()
        yield GaugeMetricFamily(
            "auditor_outbox_depth", "Announcements that some sink has not taken.", now.depth
        )
        yield GaugeMetricFamily(
            "auditor_outbox_oldest_timestamp_seconds",
            "Since when the oldest of them waits; 0 if none does.",
            now.oldest.timestamp() if now.oldest else 0,
        )
        yield CounterMetricFamily(
            "auditor_outbox_coalesced_total",
            "Announcements left out because later ones of the same finding were waiting.",
            now.coalesced,
        )
