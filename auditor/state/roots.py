"""What is rendered: one path of one tree for one cluster, and how that stands.

Roots are configured, or found below those: an owner in what one root declares calls for another. A root that
stops rendering keeps its last good declarations and is marked stale, with the reason: others say so to
people. It refuses to hold declarations.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from auditor.domain.history import CONFIGURED
from auditor.domain.identity import ObjectRef
from auditor.domain.manifest import Owner
from auditor.ports import RenderRequest

ALL: Final = ""
"""Stands for the folder that is everything: the root of a repository or of a tree."""


class Edition(NamedTuple):
    """A configured repository at a revision that somebody asks for: it has one commit at a time."""

    repository: str
    revision: str = CONFIGURED

    def __str__(self) -> str:
        """Name it for a person: ``platform@v1.2``."""
        return f"{self.repository}@{self.revision}" if self.revision else self.repository


@dataclass(frozen=True, slots=True, kw_only=True)
class Mounted:
    """Files of an edition of a repository below ``under``, seen below ``at`` in the tree of a root."""

    repository: str
    revision: str = CONFIGURED
    under: str = ALL
    at: str = ALL

    @property
    def edition(self) -> Edition:
        """What the files are of."""
        return Edition(self.repository, self.revision)

    def inward(self, path: str) -> str | None:
        """The path in the repository of one in the tree; ``None`` if it lies elsewhere."""
        return _moved(path, self.at, self.under)

    def outward(self, path: str) -> str | None:
        """The path in the tree of one in the repository; ``None`` if it is not seen."""
        return _moved(path, self.under, self.at)


def _moved(path: str, before: str, after: str) -> str | None:
    """The same path below another folder; ``None`` if it is not below the first one."""
    if before and path != before and not path.startswith(f"{before}/"):
        return None
    rest = path[len(before) :].strip("/")
    return "/".join(step for step in (after, rest) if step)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """How a root was found that nobody configured.

    ``below`` is the configured root that leads to it, ``depth`` how many owners lie between, ``keeper``
    the owner that calls for it. ``owner`` is what is said to be the owner of all that it declares, and
    ``interval`` how often that one's tool looks.
    """

    below: str
    depth: int
    keeper: ObjectRef
    owner: Owner
    interval: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """Something declared: ``renderer`` is the plugin's name.

    Its tree is the repository as it is at the revision, unless ``mounts`` say of what it is made up.
    Where nothing of the tree is needed but what the renderer reads (a chart from a chart repository), it
    is ``detached``. ``discover`` says whether owners in it are followed. A root without repository is the
    cluster itself. ``editions`` are all that its tree is made of.
    """

    name: str
    repository: str
    request: RenderRequest
    revision: str = CONFIGURED
    renderer: str = "plain"
    mounts: tuple[Mounted, ...] = ()
    detached: bool = False
    discover: str = ""
    found: Found | None = None
    editions: frozenset[Edition] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Note once what is asked for all the time."""
        own = {self.edition} if self.repository else set()
        editions = own.union(mount.edition for mount in self.mounts)
        object.__setattr__(self, "editions", frozenset(editions))

    @property
    def cluster(self) -> str:
        """The cluster that it is declared for."""
        return self.request.cluster

    @property
    def namespace(self) -> str:
        """What namespaced objects get that name no namespace: kubectl's default where none is set."""
        return self.request.namespace or "default"

    @property
    def is_cluster(self) -> bool:
        """Whether it stands for the cluster itself: it declares nothing, and owners alive are followed."""
        return not self.repository and self.found is None

    @property
    def top(self) -> str:
        """The configured root that it is, or was found below: fit for a metric's label."""
        return self.found.below if self.found else self.name

    @property
    def edition(self) -> Edition:
        """The edition of its repository that it is rendered from first of all."""
        return Edition(self.repository, self.revision)

    def is_touched_by(self, changed: Iterable[str], read: Iterable[str]) -> bool:
        """Tell whether changed files of its tree can change the rendering that read those before."""
        known = frozenset(read)
        if self.detached:
            return not known.isdisjoint(changed)
        path = self.request.path.strip("/")
        below = f"{path}/" if path else ""
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
        self._statuses: dict[str, RootStatus] = {}
        self._waiting: set[tuple[str, str]] = set()
        self._removed: dict[str, Found] = {}
        self._called: dict[ObjectRef, dict[str, Found]] = {}
        for root in roots:
            self.put(root)

    def put(self, root: Root) -> None:
        """Take in a root, or what became of it: how it stood is kept."""
        before = self._statuses.get(root.name)
        self._removed.pop(root.name, None)
        self._forget_call(before)
        if root.found is not None:
            self._called.setdefault(root.found.keeper, {})[root.name] = root.found
        if before is None:
            self._waiting.add((root.cluster, root.name))
        self._statuses[root.name] = (
            RootStatus(root=root) if before is None else replace(before, root=root)
        )

    def remove(self, name: str) -> None:
        """Forget a root, but for how it was found."""
        status = self._statuses.pop(name)
        self._forget_call(status)
        self._waiting.discard((status.root.cluster, name))
        if status.root.found is not None:
            self._removed[name] = status.root.found

    def _forget_call(self, status: RootStatus | None) -> None:
        found = status.root.found if status else None
        if status is not None and found is not None:
            called = self._called[found.keeper]
            del called[status.root.name]
            if not called:
                del self._called[found.keeper]

    def called_for_by(self, keeper: ObjectRef) -> Found | None:
        """How a root was found that an owner calls for; of several the first."""
        return next(iter(self._called.get(keeper, {}).values()), None)

    def removed(self, name: str) -> Found | None:
        """How a root was found that is no more."""
        return self._removed.get(name)

    def __getitem__(self, name: str) -> RootStatus:
        """One root's status."""
        return self._statuses[name]

    def __contains__(self, name: str) -> bool:
        """Tell whether there is such a root."""
        return name in self._statuses

    def all(self) -> tuple[RootStatus, ...]:
        """Every root's status."""
        return tuple(self._statuses.values())

    def of(self, cluster: str) -> tuple[RootStatus, ...]:
        """The roots of one cluster."""
        return tuple(status for status in self.all() if status.root.cluster == cluster)

    def complete(self, cluster: str) -> bool:
        """Tell whether every root of a cluster was rendered at least once; asked for at every look.

        A found root counts no more once it is known not to render: what it would declare carries the
        mark of its owner, and is doubted by that.
        """
        return not any(waiting == cluster for waiting, _ in self._waiting)

    def confirm(self, name: str, revision: str, at: datetime) -> None:
        """Note that a root's declarations are those of a commit."""
        status = self._statuses[name]
        self._waiting.discard((status.root.cluster, name))
        self._statuses[name] = RootStatus(root=status.root, revision=revision, rendered_at=at)

    def mark_stale(self, name: str, reason: str) -> None:
        """Note that newer commits do not show, and why. Declarations stay."""
        status = self._statuses[name]
        self._statuses[name] = replace(status, stale_reason=reason)
        if status.root.found is not None:
            self._waiting.discard((status.root.cluster, name))
