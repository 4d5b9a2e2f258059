"""What happens between a name in the queue and a finding on record."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from auditor.domain.finding import Verdict
from auditor.domain.identity import ObjectRef

_log = structlog.get_logger("auditor.pipeline")


class PipelineEvents:
    """Events of the worker and of the tasks around it."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._objects = Gauge(
            "auditor_objects", "Objects by verdict.", ["cluster", "verdict"], registry=registry
        )
        self._suppressed = Gauge(
            "auditor_suppressed_differences",
            "Differences that an ignore rule hides now.",
            ["rule"],
            registry=registry,
        )
        self._audits = Counter(
            "auditor_audits_total", "Objects looked at, by verdict.", ["verdict"], registry=registry
        )
        self._failures = Counter(
            "auditor_comparison_failures_total", "Comparisons that broke.", registry=registry
        )
        self._seconds = Histogram(
            "auditor_audit_batch_seconds",
            "Time from taking a batch of names to having it on record.",
            registry=registry,
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
        )

    def queue_watched(self, depth: Callable[[], int]) -> None:
        """Let ``auditor_queue_depth`` read the queue when it is scraped."""
        gauge = Gauge("auditor_queue_depth", "Names waiting.", registry=self._registry)
        gauge.set_function(depth)

    def cluster_watched(self, cluster: str, count: Callable[[str, Verdict], int]) -> None:
        """Let ``auditor_objects`` of one cluster read the verdicts when it is scraped."""
        for verdict in Verdict:
            self._objects.labels(cluster, verdict).set_function(partial(count, cluster, verdict))

    def rule_watched(self, rule: str, count: Callable[[], int]) -> None:
        """Let ``auditor_suppressed_differences`` of one rule read its count when it is scraped."""
        self._suppressed.labels(rule).set_function(count)

    def owners_watched(self, count: Callable[[], int]) -> None:
        """Let ``auditor_owner_rules_unsupported`` read the number when it is scraped."""
        gauge = Gauge(
            "auditor_owner_rules_unsupported",
            "Ignore rules of owners (Argo CD, Flux) that are not understood, so hide nothing.",
            registry=self._registry,
        )
        gauge.set_function(count)

    def owner_rule_unsupported(self, owner: ObjectRef, why: str) -> None:
        """An owner says that something should be ignored, in a way that is not understood."""
        _log.warning("owner_rule_unsupported", owner=str(owner), cluster=owner.cluster, why=why)

    def batch_audited(self, verdicts: dict[Verdict, int], seconds: float) -> None:
        """A batch of names was looked at and is on record."""
        for verdict, count in verdicts.items():
            self._audits.labels(verdict).inc(count)
        self._seconds.observe(seconds)

    def comparison_failed(self, ref: ObjectRef, error: BaseException) -> None:
        """A comparator broke on one object; its values stay out of the log."""
        self._failures.inc()
        _log.error(
            "comparison_failed", ref=str(ref), cluster=ref.cluster, error=type(error).__name__
        )

    def ledger_unavailable(self, error: str, retry_in: float) -> None:
        """Outcomes could not be written; the names go back into the queue."""
        _log.error("ledger_unavailable", error=error, retry_in=round(retry_in, 1))

    def task_restarted(self, task: str, error: BaseException, delay: float) -> None:
        """A long-lived task broke and starts again."""
        _log.error(
            "task_restarted",
            task=task,
            error=repr(error)[:256],
            delay=round(delay, 1),
            exc_info=error,
        )
