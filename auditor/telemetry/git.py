"""What happens between the repositories and the desired state: log lines and metrics of the Git side.

Repositories and configured roots are labels because they are configuration; what is found below a root is
counted with it. What a document says is never logged: only where it stands.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from auditor.domain.identity import ObjectRef
from auditor.ports import Remark, Skipped
from auditor.state.roots import Edition, Root
from auditor.telemetry.sources import SourceEvents

_log = structlog.get_logger("auditor.git")


class GitEvents:
    """Events of all repositories; one instance for the whole process."""

    def __init__(self, registry: CollectorRegistry, sources: SourceEvents) -> None:
        self._sources = sources
        self._commits = Counter(
            "auditor_commits_total", "Heads that were new.", ["repository"], registry=registry
        )
        self._revisions = Gauge(
            "auditor_followed_revisions",
            "Revisions that owners and the configuration ask for.",
            ["repository", "state"],
            registry=registry,
        )
        self._untraced = Counter(
            "auditor_changes_untraced_total",
            "Findings for which the declaring commit could not be told, so that they name the newest.",
            ["repository"],
            registry=registry,
        )
        self.roots = RootEvents(registry)

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

    def commit_noticed(self, edition: Edition, commit: str, roots: int) -> None:
        """A revision is at another commit; so many roots are touched by it."""
        self._commits.labels(edition.repository).inc()
        _log.info(
            "commit_noticed",
            repository=edition.repository,
            revision=edition.revision or None,
            commit=commit,
            roots_touched=roots,
        )

    def revisions_followed(self, repository: str, *, found: int, lacking: int) -> None:
        """So many revisions are asked for, and so many of them there are not."""
        self._revisions.labels(repository, "found").set(found)
        self._revisions.labels(repository, "lacking").set(lacking)

    def revision_lost(self, root: str, revision: str, reason: str) -> None:
        """An earlier commit cannot be rendered again; what it declared is forgotten."""
        _log.warning("revision_lost", root=root, revision=revision, reason=reason)

    def change_untraced(self, repository: str, path: str, reason: str) -> None:
        """Nobody can tell which commit declared something; a finding names the rendered one."""
        self._untraced.labels(repository).inc()
        _log.info("change_untraced", repository=repository, path=path, reason=reason)

    def revisions_unkept(self, reason: str) -> None:
        """What must survive a restart could not be written; it is tried again at the next look."""
        _log.error("revisions_keep_failed", reason=reason)


class RootEvents:
    """Events of everything that is rendered."""

    def __init__(self, registry: CollectorRegistry) -> None:
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
            "auditor_declared_objects",
            "Objects that a root and all found below it declare.",
            ["root"],
            registry=registry,
        )
        self._counts: defaultdict[str, dict[str, int]] = defaultdict(dict)
        self._found = Gauge(
            "auditor_found_roots", "Roots found below a root.", ["root"], registry=registry
        )
        self._unknown = Gauge(
            "auditor_unknown_owners",
            "GitOps objects of which it is not known all that they declare.",
            registry=registry,
        )
        self._stale = Gauge(
            "auditor_root_stale",
            "1 while a root, or one found below it, shows an earlier commit than the newest.",
            ["root"],
            registry=registry,
        )

    def rendered(self, root: Root, objects: int, touched: int, seconds: float) -> None:
        """A root was rendered and is declared."""
        self._renders.labels(root.top, "rendered").inc()
        self._seconds.labels(root.top).observe(seconds)
        self._counts[root.top][root.name] = objects
        self._count(root.top)
        _log.info(
            "root_rendered",
            root=root.name,
            objects=objects,
            touched=touched,
            seconds=round(seconds, 3),
        )

    def failed(self, root: Root, reason: str) -> None:
        """A root does not render; its last good declarations stay."""
        self._renders.labels(root.top, "failed").inc()
        _log.error("root_render_failed", root=root.name, reason=reason)

    def let_go(self, root: Root) -> None:
        """Nobody calls for a root any more; it declares nothing now."""
        self._counts[root.top].pop(root.name, None)
        self._count(root.top)
        _log.info("root_let_go", root=root.name)

    def _count(self, top: str) -> None:
        counts = self._counts[top]
        self._objects.labels(top).set(sum(counts.values()))
        self._found.labels(top).set(len(counts.keys() - {top}))

    def stood(self, root: str, *, is_stale: bool) -> None:
        """How a configured root stands, with all below it, after a look at its repository."""
        self._stale.labels(root).set(1 if is_stale else 0)

    def owners_unknown(
        self, news: Mapping[ObjectRef, tuple[str, ...]], *, known_unknown: int
    ) -> None:
        """It is not known all that these owners declare; what carries their mark is unknown too."""
        self._unknown.set(known_unknown)
        for owner, reasons in news.items():
            _log.warning(
                "owner_unknown", cluster=owner.cluster, owner=str(owner), reasons=list(reasons)
            )

    def documents_skipped(self, root: str, skipped: Sequence[Skipped]) -> None:
        """Documents were left out, each by name."""
        for one in skipped:
            _log.debug(
                "document_skipped", root=root, path=one.path, line=one.line, reason=one.reason
            )

    def remarked(self, root: str, remarks: Sequence[Remark]) -> None:
        """There is something to know about what is declared, such as a variable that is not set."""
        for one in remarks:
            _log.info("root_remarked", root=root, path=one.path, line=one.line, remark=one.text)

    def objects_contested(self, root: str, objects: Sequence[str]) -> None:
        """Several roots declare the same objects; the last configured one counts."""
        _log.warning("objects_contested", root=root, objects=list(objects))
