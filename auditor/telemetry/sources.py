"""Whether the sources can be heard: what every source, cluster or repository, says of itself.

A source that went silent makes verdicts unknown rather than calm, so its silence has a metric of its own,
and an alert can be built on it. Sources are named by configuration: ``cluster/prod``,
``repository/platform``.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache

import structlog
from prometheus_client import CollectorRegistry, Gauge

_log = structlog.get_logger("auditor.sources")


class SourceEvents:
    """Events that all kinds of sources share; one instance for the whole process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._up = Gauge(
            "auditor_source_up", "1 while the source can be heard.", ["source"], registry=registry
        )
        self._heard = Gauge(
            "auditor_source_last_event_timestamp_seconds",
            "When the source was last heard (Unix time).",
            ["source"],
            registry=registry,
        )
        self._is_up: dict[str, bool] = {}
        # Finding a series by its labels costs as much as reading an event, and this is done for each.
        self._heard_from = cache(self._heard.labels)

    def source_heard(self, source: str, at: datetime) -> None:
        """Something came from the source, whatever it was."""
        self._heard_from(source).set(at.timestamp())

    def source_up(self, source: str) -> None:
        """The source can be heard; logged only where it could not before."""
        if not self._is_up.get(source):
            self._is_up[source] = True
            self._up.labels(source).set(1)
            _log.info("source_connected", source=source)

    def source_down(self, source: str, reason: str) -> None:
        """The source cannot be heard; logged only where it could before."""
        if self._is_up.get(source) is not False:
            self._is_up[source] = False
            self._up.labels(source).set(0)
            _log.warning("source_lost", source=source, reason=reason)
