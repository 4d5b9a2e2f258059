"""Findings as metrics."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from auditor.domain import checks
from auditor.domain.expiry import OWN
from auditor.domain.finding import (
    Announcement,
    Category,
    Severity,
    State,
    TrackedFinding,
    Transition,
    TransitionKind,
)
from auditor.ports.delivery import Resume, Sink
from sinks.prometheus import PrometheusOptions, PrometheusSink
from tests.contracts.sink_contract import SinkContract, context
from tests.doubles import START
from tests.findings import tracked

OPEN = "auditor_findings_open"
OLDEST = "auditor_oldest_open_finding_timestamp_seconds"
TRANSITIONS = "auditor_finding_transitions_total"
OBJECT = "auditor_object_finding_open"
LABELS = {"cluster": "prod", "check": "K8S-002", "category": "changed", "severity": "high"}


class TestPrometheus(SinkContract):
    """The contract."""

    @pytest.fixture(autouse=True)
    def _registry(self) -> None:
        self.registry = CollectorRegistry()
        self.sink = PrometheusSink(PrometheusOptions(), context(self.registry))

    def make(self) -> Sink:
        return self.sink

    async def arrived(self) -> int:
        labels = {"transition": "opened", "check": "K8S-002"}
        return int(self.registry.get_sample_value(TRANSITIONS, labels) or 0)


class Metrics:
    """A sink, and what its metrics say."""

    def __init__(self, *open_findings: TrackedFinding, **options: Any) -> None:
        self.registry = CollectorRegistry()
        self.sink = PrometheusSink(PrometheusOptions(**options), context(self.registry))
        self.open_findings = open_findings

    async def after(self, *steps: tuple[TransitionKind, TrackedFinding]) -> Metrics:
        """Open the sink and publish transitions, one a minute."""
        await self.sink.open(Resume(position=None, open=self.open_findings))
        for number, (kind, one) in enumerate(steps):
            at = START + timedelta(minutes=number)
            transition = Transition(kind=kind, tracked=one, at=at)
            await self.sink.publish([Announcement(sequence=number, transition=transition)])
        return self

    def value(self, name: str, /, **labels: str) -> float | None:
        """One sample; None if there is no such series."""
        return self.registry.get_sample_value(name, labels)


def resolved(one: TrackedFinding) -> TrackedFinding:
    return replace(one, state=State.RESOLVED)


async def test_everything_known_starts_at_zero() -> None:
    """So that a rate and an alert work from the first moment on."""
    metrics = await Metrics().after()

    for check in checks.ALL:
        labels = {"category": str(check.category), "severity": str(check.severity)}
        cluster = OWN if check is checks.EXPIRED_RULE else "prod"
        assert metrics.value(OPEN, cluster=cluster, check=check.id, **labels) == 0
        for kind in TransitionKind:
            assert metrics.value(TRANSITIONS, transition=kind, check=check.id) == 0


async def test_what_opens_counts_until_it_ends() -> None:
    """The gauge returns to zero; the series stays."""
    one = tracked()
    metrics = await Metrics().after((TransitionKind.OPENED, one))
    assert metrics.value(OPEN, **LABELS) == 1

    await metrics.after((TransitionKind.OPENED, one), (TransitionKind.RESOLVED, resolved(one)))
    assert metrics.value(OPEN, **LABELS) == 0
    assert metrics.value(TRANSITIONS, transition="resolved", check="K8S-002") == 1


async def test_a_restart_shows_what_is_open() -> None:
    """From the ledger, without any transition."""
    metrics = await Metrics(tracked("web"), tracked("api")).after()

    assert metrics.value(OPEN, **LABELS) == 2
    assert metrics.value(TRANSITIONS, transition="opened", check="K8S-002") == 0


async def test_what_was_open_already_is_not_counted_twice() -> None:
    """A transition between the ledger's answer and the first batch is in both."""
    metrics = await Metrics(tracked()).after((TransitionKind.OPENED, tracked()))

    assert metrics.value(OPEN, **LABELS) == 1


async def test_an_update_moves_the_series() -> None:
    """A finding that becomes contested is one finding still."""
    contested = tracked(category=Category.CONTESTED, severity=Severity.LOW)
    metrics = await Metrics().after(
        (TransitionKind.OPENED, tracked()), (TransitionKind.UPDATED, contested)
    )

    assert metrics.value(OPEN, **LABELS) == 0
    assert metrics.value(OPEN, **(LABELS | {"category": "contested", "severity": "low"})) == 1


async def test_the_oldest_tells_since_when() -> None:
    """By its last opening; and where nothing is open, there is nothing to compute an age of."""
    old = replace(tracked("web"), openings=(START,))
    young = replace(tracked("api"), openings=(START + timedelta(hours=1),))
    metrics = await Metrics(young, old).after()
    assert metrics.value(OLDEST, cluster="prod", severity="high") == START.timestamp()

    await metrics.after((TransitionKind.RESOLVED, resolved(old)))
    later = START + timedelta(hours=1)
    assert metrics.value(OLDEST, cluster="prod", severity="high") == later.timestamp()

    await metrics.after(
        (TransitionKind.RESOLVED, resolved(old)), (TransitionKind.RESOLVED, resolved(young))
    )
    assert metrics.value(OLDEST, cluster="prod", severity="high") is None


async def test_latency_is_from_the_write_to_the_record() -> None:
    """Only openings tell it, and a clock that is behind never makes it negative."""
    before, after = START - timedelta(seconds=3), START + timedelta(hours=1)
    metrics = await Metrics().after(
        (TransitionKind.OPENED, tracked("web", began=before)),
        (TransitionKind.OPENED, tracked("api", began=after)),
        (TransitionKind.OPENED, tracked("db", began=None)),
        (TransitionKind.RESOLVED, resolved(tracked("web", began=before))),
    )

    assert metrics.value("auditor_detection_latency_seconds_count") == 2
    assert metrics.value("auditor_detection_latency_seconds_sum") == 3


async def test_resolution_counts_from_the_last_opening() -> None:
    """A finding that came back did not take since its first sighting."""
    one = replace(tracked(), openings=(START - timedelta(days=3), START - timedelta(minutes=2)))
    metrics = await Metrics(one).after((TransitionKind.RESOLVED, resolved(one)))

    assert metrics.value("auditor_resolution_seconds_sum") == 120


async def test_objects_have_no_series_unless_asked_for() -> None:
    """Their number is not ours to choose."""
    metrics = await Metrics(tracked()).after()

    assert OBJECT.encode() not in generate_latest(metrics.registry)


async def test_objects_get_series_up_to_the_cap() -> None:
    """Oldest first; what is left out is counted, and moves up when there is room."""
    findings = [tracked(f"web-{number}") for number in range(3)]
    metrics = await Metrics(perObject=True, maxSeries=2).after(
        *((TransitionKind.OPENED, one) for one in findings)
    )
    labels = {
        "cluster": "prod",
        "group": "apps",
        "kind": "Deployment",
        "namespace": "shop",
        "check": "K8S-002",
    }
    assert metrics.value(OBJECT, **labels, name="web-1") == 1
    assert metrics.value(OBJECT, **labels, name="web-2") is None
    assert metrics.value("auditor_object_series_dropped_total") == 1

    done = Transition(kind=TransitionKind.RESOLVED, tracked=resolved(findings[0]), at=START)
    await metrics.sink.publish([Announcement(sequence=9, transition=done)])
    assert metrics.value(OBJECT, **labels, name="web-0") is None
    assert metrics.value(OBJECT, **labels, name="web-2") == 1
