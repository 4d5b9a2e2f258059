"""A log line for every transition, for whoever collects logs anyway.

Delivery: best effort. After a restart it goes on with what happens then. Neither desired nor actual values
are logged, only where they differ. It refuses to fail.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from pydantic import Field

from auditor.config.sections import Section
from auditor.domain.finding import Announcement, Finding, Severity, TransitionKind
from auditor.ports.delivery import Resume, SinkContext

_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "warning",
    Severity.MEDIUM: "warning",
    Severity.LOW: "info",
    Severity.INFO: "info",
}
_NEWS = {TransitionKind.OPENED, TransitionKind.REOPENED, TransitionKind.UPDATED}


class LogOptions(Section):
    """How much a line says."""

    paths: int = Field(default=5, ge=0, le=100)
    """How many field paths a line names at most."""


class LogSink:
    """Logs transitions."""

    Options = LogOptions
    durable = False

    def __init__(self, options: LogOptions, context: SinkContext) -> None:
        self._paths = options.paths
        self._log = structlog.get_logger("auditor.findings").bind(sink=context.name)

    async def open(self, resume: Resume) -> frozenset[str]:  # noqa: ARG002 - the port's
        """Begin with what happens from now on: what is open was logged when it opened."""
        return frozenset()

    async def publish(self, batch: Sequence[Announcement]) -> str | None:
        """Log a line for each: ``finding_opened``, ``finding_resolved``, …."""
        for announcement in batch:
            self._write(announcement)
        return None

    async def close(self) -> None:
        """Nothing is held."""

    def _write(self, announcement: Announcement) -> None:
        transition = announcement.transition
        tracked, finding = transition.tracked, transition.tracked.finding
        level = _LEVELS[finding.severity] if transition.kind in _NEWS else "info"
        getattr(self._log, level)(
            f"finding_{transition.kind}",
            id=tracked.fingerprint,
            cluster=finding.ref.cluster,
            ref=str(finding.ref),
            check=finding.check,
            category=str(finding.category),
            severity=str(finding.severity),
            paths=[str(each.path) for each in finding.differences[: self._paths]],
            writers=_writers(finding),
        )


def _writers(finding: Finding) -> list[str]:
    """Who wrote the differing fields, each once."""
    writers = (difference.writer for difference in finding.differences)
    return list(dict.fromkeys(writer.manager for writer in writers if writer))
