"""What happens between the repositories and the desired state: log lines and metrics of the Git side.

Repositories and roots are labels because they are configuration. What a document says is never logged:
only where it stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from auditor.ports import Skipped
from auditor.telemetry.sources import SourceEvents

_log = structlog.get_logger("auditor.git")


class GitEvents:
    """Events of all repositories; one instance for the whole process."""

    def __init__(self, registry: CollectorRegistry, sources: SourceEvents) -> None:
        self._sources = sources
        self._commits = Counter(
            "auditor_commits_total", "Heads that were new.", ["repository"], registry=registry
        )
        self._renders = Counter(
            "auditor_renders_total", "Renderings of roots.", ["root", "outcome"], registry=registry
        )
        self._seconds = Histogram(
            "auditor_render_seconds",
            "Time that rendering a root took.",
            ["root"],
            registry=registry,
            buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300),
        )
        self._objects = Gauge(
            "auditor_declared_objects", "Objects that a root declares.", ["root"], registry=registry
        )
        self._stale = Gauge(
            "auditor_root_stale",
            "1 while a root shows an earlier commit than the newest.",
            ["root"],
            registry=registry,
        )

    def repository_reached(self, repository: str, at: datetime) -> None:
        """A look at a repository succeeded."""
        self._sources.source_heard(f"repository/{repository}", at)
        self._sources.source_up(f"repository/{repository}")

    def repository_unreachable(self, repository: str, reason: str, retry_in: float) -> None:
        """A look at a repository failed; what is declared stays as it was."""
        self._sources.source_down(f"repository/{repository}", reason)
        _log.warning(
            "repository_look_failed",
            repository=repository,
            reason=reason,
            retry_in=round(retry_in, 1),
        )

    def commit_noticed(self, repository: str, commit: str, roots: int) -> None:
        """The followed ref is at another commit; so many roots are touched by it."""
        self._commits.labels(repository).inc()
        _log.info("commit_noticed", repository=repository, commit=commit, roots_touched=roots)

    def root_rendered(self, root: str, objects: int, touched: int, seconds: float) -> None:
        """A root was rendered and is declared."""
        self._renders.labels(root, "rendered").inc()
        self._seconds.labels(root).observe(seconds)
        self._objects.labels(root).set(objects)
        _log.info(
            "root_rendered",
            root=root,
            objects=objects,
            touched=touched,
            seconds=round(seconds, 3),
        )

    def root_failed(self, root: str, reason: str) -> None:
        """A root does not render; its last good declarations stay."""
        self._renders.labels(root, "failed").inc()
        _log.error("root_render_failed", root=root, reason=reason)

    def root_stood(self, root: str, stale_reason: str) -> None:
        """How a root stands after a look at its repository."""
        self._stale.labels(root).set(1 if stale_reason else 0)

    def documents_skipped(self, root: str, skipped: Sequence[Skipped]) -> None:
        """Documents were left out, each by name."""
        for one in skipped:
            _log.debug(
                "document_skipped", root=root, path=one.path, line=one.line, reason=one.reason
            )

    def objects_contested(self, root: str, objects: Sequence[str]) -> None:
        """Several roots declare the same objects; the last configured one counts."""
        _log.warning("objects_contested", root=root, objects=list(objects))

    def revision_lost(self, root: str, revision: str, reason: str) -> None:
        """An earlier commit cannot be rendered again; what it declared is forgotten."""
        _log.warning("revision_lost", root=root, revision=revision, reason=reason)

    def revisions_unkept(self, reason: str) -> None:
        """What must survive a restart could not be written; it is tried again at the next look."""
        _log.error("revisions_keep_failed", reason=reason)
