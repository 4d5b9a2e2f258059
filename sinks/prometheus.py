"""Findings as metrics, for alerts and dashboards.

Delivery: none is needed; the state is rebuilt from the ledger's open findings at every start, and counters
begin at zero as Prometheus expects. Labels come from closed sets and from configuration. One series per
object is opt-in, and capped: a mass drift must not take the monitoring down. It refuses to serve HTTP: it
fills the registry that the worker serves.

- ``auditor_findings_open{cluster,check,category,severity}``
- ``auditor_oldest_open_finding_timestamp_seconds{cluster,severity}``, absent where nothing is open
- ``auditor_finding_transitions_total{transition,check}``
- ``auditor_detection_latency_seconds``: from the write, which the API server records to the second, to the
  record in the ledger
- ``auditor_resolution_seconds``: from the last opening to the end
- ``auditor_object_finding_open{cluster,group,kind,namespace,name,check}`` on request, and
  ``auditor_object_series_dropped_total``
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from prometheus_client import Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from pydantic import Field

from auditor.config.sections import Section
from auditor.domain import checks
from auditor.domain.expiry import OWN
from auditor.domain.finding import Announcement, State, TrackedFinding, Transition, TransitionKind
from auditor.ports.delivery import Resume, SinkContext

_Labels = tuple[str, str, str, str]
"""Cluster, check, category, severity."""
_BEGINNINGS = {TransitionKind.OPENED, TransitionKind.REOPENED}
_DETECTION = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_RESOLUTION = (
    _MINUTE,
    5 * _MINUTE,
    15 * _MINUTE,
    _HOUR,
    4 * _HOUR,
    12 * _HOUR,
    _DAY,
    3 * _DAY,
    7 * _DAY,
)


class PrometheusOptions(Section):
    """What is shown besides the totals."""

    per_object: bool = Field(default=False)
    """Whether every object with an open finding gets a series of its own."""

    max_series: int = Field(default=2000, ge=1, le=100_000)
    """How many such series there are at most."""


class PrometheusSink:
    """Keeps metrics in step with the findings."""

    Options = PrometheusOptions
    durable = False

    def __init__(self, options: PrometheusOptions, context: SinkContext) -> None:
        registry = context.registry
        self._open = OpenFindings(options, context.clusters)
        registry.register(self._open)
        self._transitions = Counter(
            "auditor_finding_transitions_total",
            "What happened to findings.",
            ["transition", "check"],
            registry=registry,
        )
        self._detection = Histogram(
            "auditor_detection_latency_seconds",
            "From the write that caused a finding to its being recorded.",
            registry=registry,
            buckets=_DETECTION,
        )
        self._resolution = Histogram(
            "auditor_resolution_seconds",
            "From the opening of a finding to its end.",
            registry=registry,
            buckets=_RESOLUTION,
        )
        for check in checks.ALL:
            for kind in TransitionKind:
                self._transitions.labels(kind, check.id)

    async def open(self, resume: Resume) -> frozenset[str]:
        """Begin with what is open now."""
        self._open.replace(resume.open)
        return frozenset()

    async def publish(self, batch: Sequence[Announcement]) -> str | None:
        """Count every transition."""
        for announcement in batch:
            self._count(announcement.transition)
        return None

    async def close(self) -> None:
        """The metrics stay as they are."""

    def _count(self, transition: Transition) -> None:
        tracked = transition.tracked
        began = tracked.finding.began
        self._open.put(tracked)
        self._transitions.labels(transition.kind, tracked.finding.check).inc()
        if transition.kind in _BEGINNINGS and began:
            self._detection.observe(max(0.0, (transition.at - began).total_seconds()))
        if transition.kind is TransitionKind.RESOLVED:
            self._resolution.observe((transition.at - tracked.opened).total_seconds())


class OpenFindings(Collector):
    """What is open, told at every scrape."""

    def __init__(self, options: PrometheusOptions, clusters: Sequence[str]) -> None:
        self._limit = options.max_series if options.per_object else 0
        self._per_object = options.per_object
        self._open: dict[str, TrackedFinding] = {}
        self._counts: dict[_Labels, int] = {}
        self._dropped = 0
        for check in checks.ALL:
            for cluster in (OWN,) if check is checks.EXPIRED_RULE else clusters:
                self._counts[cluster, check.id, check.category, check.severity] = 0

    def replace(self, tracked: Sequence[TrackedFinding]) -> None:
        """Begin anew with these."""
        self._open = {}
        self._counts = dict.fromkeys(self._counts, 0)
        for each in tracked:
            self.put(each)

    def put(self, tracked: TrackedFinding) -> None:
        """Take in how a finding is now."""
        before = self._open.get(tracked.fingerprint)
        if before:
            self._counts[_labels(before)] -= 1
        if tracked.state is not State.OPEN:
            self._open.pop(tracked.fingerprint, None)
        else:
            self._open[tracked.fingerprint] = tracked
            labels = _labels(tracked)
            self._counts[labels] = self._counts.get(labels, 0) + 1
            self._dropped += self._per_object and not before and len(self._open) > self._limit

    def collect(self) -> Iterator[Metric]:
        """Tell the metrics that are read off the open findings."""
        yield self._totals()
        yield self._oldest()
        if self._per_object:
            yield self._objects()
            yield CounterMetricFamily(
                "auditor_object_series_dropped_total",
                "Findings that opened while the cap on series per object was reached.",
                self._dropped,
            )

    def _totals(self) -> Metric:
        family = GaugeMetricFamily(
            "auditor_findings_open",
            "Open findings.",
            labels=["cluster", "check", "category", "severity"],
        )
        for labels, count in self._counts.items():
            family.add_metric(labels, count)
        return family

    def _oldest(self) -> Metric:
        family = GaugeMetricFamily(
            "auditor_oldest_open_finding_timestamp_seconds",
            "When the finding that is open for longest opened.",
            labels=["cluster", "severity"],
        )
        oldest: dict[tuple[str, str], float] = {}
        for tracked in self._open.values():
            labels = (tracked.finding.ref.cluster, str(tracked.finding.severity))
            opened = tracked.opened.timestamp()
            oldest[labels] = min(opened, oldest.get(labels, opened))
        for labels, opened in oldest.items():
            family.add_metric(labels, opened)
        return family

    def _objects(self) -> Metric:
        family = GaugeMetricFamily(
            "auditor_object_finding_open",
            "Objects with an open finding, as far as the cap allows.",
            labels=["cluster", "group", "kind", "namespace", "name", "check"],
        )
        for tracked in islice(self._open.values(), self._limit):
            ref, check = tracked.finding.ref, tracked.finding.check
            family.add_metric((ref.cluster, ref.group, ref.kind, ref.namespace, ref.name, check), 1)
        return family


def _labels(tracked: TrackedFinding) -> _Labels:
    finding = tracked.finding
    return finding.ref.cluster, finding.check, finding.category, finding.severity
