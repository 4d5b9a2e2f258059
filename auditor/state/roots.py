"""What is rendered: one path of one repository for one cluster, and how that stands.

A root that stops rendering keeps its last good declarations and is marked stale, with the reason: others
say so to people. It refuses to hold declarations.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from auditor.ports import RenderRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """Something declared, as configured: ``renderer`` is the plugin's name."""

    name: str
    repository: str
    request: RenderRequest
    renderer: str = "plain"

    @property
    def cluster(self) -> str:
        """The cluster that it is declared for."""
        return self.request.cluster

    @property
    def namespace(self) -> str:
        """What namespaced objects get that name no namespace: kubectl's default where none is set."""
        return self.request.namespace or "default"

    def is_touched_by(self, changed: Iterable[str], read: Iterable[str]) -> bool:
        """Tell whether changed files can change the rendering that read those files before."""
        path = self.request.path.strip("/")
        below = f"{path}/" if path else ""
        known = frozenset(read)
        return any(file == path or file.startswith(below) or file in known for file in changed)


@dataclass(frozen=True, slots=True, kw_only=True)
class RootStatus:
    """How a root stands.

    ``revision`` is the commit that its declarations are those of (empty before the first rendering),
    ``rendered_at`` when that commit was made, ``stale_reason`` why newer commits do not show (empty
    where they do).
    """

    root: Root
    revision: str = ""
    rendered_at: datetime | None = None
    stale_reason: str = ""

    @property
    def is_rendered(self) -> bool:
        """Whether it has ever been rendered."""
        return bool(self.revision)


class RootStatuses:
    """How every root stands, in the order of the configuration."""

    def __init__(self, roots: Sequence[Root]) -> None:
        self._statuses = {root.name: RootStatus(root=root) for root in roots}
        self._waiting = {(root.cluster, root.name) for root in roots}

    def __getitem__(self, name: str) -> RootStatus:
        """One root's status."""
        return self._statuses[name]

    def all(self) -> tuple[RootStatus, ...]:
        """Every root's status."""
        return tuple(self._statuses.values())

    def of(self, cluster: str) -> tuple[RootStatus, ...]:
        """The roots of one cluster."""
        return tuple(status for status in self.all() if status.root.cluster == cluster)

    def complete(self, cluster: str) -> bool:
        """Tell whether every root of a cluster was rendered at least once; asked for at every look."""
        return not any(waiting == cluster for waiting, _ in self._waiting)

    def confirm(self, name: str, revision: str, at: datetime) -> None:
        """Note that a root's declarations are those of a commit."""
        status = self._statuses[name]
        self._waiting.discard((status.root.cluster, name))
        self._statuses[name] = RootStatus(root=status.root, revision=revision, rendered_at=at)

    def mark_stale(self, name: str, reason: str) -> None:
        """Note that newer commits do not show, and why. Declarations stay."""
        self._statuses[name] = replace(self._statuses[name], stale_reason=reason)
