"""What dry runs came to: log lines and a metric.

Neither says anything of what is in an object, nor what the API server said of it: it may quote values.
"""

from __future__ import annotations

import prometheus_client as prometheus
import structlog

from auditor.domain.evidence import DryRun
from auditor.domain.identity import ObjectRef

_log = structlog.get_logger("auditor.confirmations")


class ConfirmationEvents:
    """Events of all clusters; one instance for the whole process."""

    def __init__(self, registry: prometheus.CollectorRegistry) -> None:
        self._asked = prometheus.Counter(
            "auditor_confirmations_total",
            "Dry runs asked of API servers, by what they came to.",
            ["cluster", "outcome"],
            registry=registry,
        )

    def cluster_watched(self, cluster: str) -> None:
        """A cluster is asked from now on: its series start at 0."""
        for outcome in DryRun:
            self._asked.labels(cluster, outcome)

    def dry_run_answered(self, ref: ObjectRef, outcome: DryRun) -> None:
        """The API server said what applying would come to."""
        self._asked.labels(ref.cluster, outcome).inc()
        _log.debug("dry_run_answered", cluster=ref.cluster, object=str(ref), outcome=str(outcome))

    def dry_run_failed(self, ref: ObjectRef, status: int | None) -> None:
        """The API server said no, with an HTTP status, or nothing at all."""
        self._asked.labels(ref.cluster, DryRun.FAILED).inc()
        _log.warning("dry_run_failed", cluster=ref.cluster, object=str(ref), status=status)
