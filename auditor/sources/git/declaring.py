"""From commits to the desired state: renders one root and declares the result.

A root that does not render keeps what it declared last and is marked stale. What must survive a restart is
kept after every commit, and taken back by rendering the commits again. It refuses to look for commits, and
to know which roots there are.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from auditor.domain.capabilities import NO_CLUSTER, Capabilities
from auditor.domain.identity import ObjectRef
from auditor.domain.manifest import Origin
from auditor.errors import (
    ClusterUnasked,
    ManifestError,
    RetryableError,
    SourceUnavailable,
    StoreUnavailable,
)
from auditor.ports import Remark, Renderer, Rendering, Repository, Skipped, Tree
from auditor.sources.git.joined import EmptyTree, JoinedTree, Part, seen
from auditor.state.declared import PackedRendering, pack_rendering
from auditor.state.desired import DesiredState
from auditor.state.packed_manifests import relocated
from auditor.state.revisions import Remembered, RevisionStore
from auditor.state.roots import Edition, Mounted, Root
from auditor.telemetry.git import GitEvents

Notice = Callable[[Iterable[ObjectRef]], None]
"""Takes the names of objects to look at; never blocks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlets:
    """Where declarations go: the state, its memory over a restart, and whoever looks at objects.

    ``reconsider`` is called when objects must be looked at again that nobody can name.
    """

    desired: DesiredState
    revisions: RevisionStore
    notice: Notice
    events: GitEvents
    reconsider: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """How a root was rendered last: by what, of which files (path to blob id), in how many seconds.

    ``told`` is what was told of the cluster, where that went in too.
    """

    renderer: str
    read: Mapping[str, str]
    skipped: tuple[Skipped, ...]
    remarks: tuple[Remark, ...]
    seconds: float
    told: Capabilities | None = None


CapabilitiesOf = Callable[[str], Capabilities | None]
"""Says what a cluster says of itself; ``None`` where it was not asked yet."""


def of_no_cluster(_cluster: str) -> Capabilities:
    """Say what charts are told where no cluster is asked."""
    return NO_CLUSTER


class Declarer:
    """Declares roots at commits; which commits, by edition, is said each time.

    ``rendered`` says how each root was rendered that renders now.
    """

    def __init__(
        self,
        repositories: Mapping[str, Repository],
        renderers: Mapping[str, Renderer],
        outlets: Outlets,
        capabilities_of: CapabilitiesOf = of_no_cluster,
    ) -> None:
        self.repositories = repositories
        self._capabilities_of = capabilities_of
        self._renderers = renderers
        self.outlets = outlets
        self.rendered: dict[str, Rendered] = {}
        self._kept: dict[str, Remembered] = {}

    def is_touched(self, root: Root, edition: Edition, changed: Iterable[str]) -> bool:
        """Tell whether changed files of an edition can change what a root declares."""
        rendered = self.rendered.get(root.name)
        if rendered is None:
            return True
        return root.is_touched_by(seen(mounts_of(root), edition, changed), rendered.read)

    def is_outdated(self, root: Root) -> bool:
        """Tell whether a root was rendered for what its cluster says no longer of itself."""
        rendered = self.rendered.get(root.name)
        if rendered is None or rendered.told is None:
            return False
        return rendered.told != self._capabilities_of(root.cluster)

    def forget(self, root: Root) -> None:
        """Forget a root that is no more, or is another than before: it is rendered anew if at all."""
        self.rendered.pop(root.name, None)

    async def declare(
        self, root: Root, heads: Mapping[Edition, str], *, at: datetime
    ) -> frozenset[ObjectRef]:
        """Render a root at commits and declare the result as of a moment; return what that touched.

        Raises:
            ManifestError: the root does not render; it is marked stale and keeps what it declared.
            RetryableError: something that it needs cannot be reached or read now; the same.
            ClusterUnasked: it depends on what its cluster says of itself, which is not known yet. Nothing
                changed.

        """
        started = time.monotonic()
        try:
            rendering, packed = await self._render(root, heads, at)
        except ClusterUnasked:
            raise
        except (ManifestError, RetryableError) as error:
            self.rendered.pop(root.name, None)
            self.outlets.desired.roots.mark_stale(root.name, str(error))
            self.outlets.events.roots.failed(root, str(error))
            raise
        touched = self.outlets.desired.replace(root.name, packed)
        rendered = Rendered(
            renderer=rendering.renderer,
            read=rendering.read,
            skipped=rendering.skipped,
            remarks=rendering.remarks,
            seconds=time.monotonic() - started,
            told=rendering.told,
        )
        self._tell(root, rendered, len(packed.declared), touched)
        self.rendered[root.name] = rendered
        self.outlets.notice(touched)
        return touched

    async def _render(
        self, root: Root, heads: Mapping[Edition, str], at: datetime
    ) -> tuple[Rendering, PackedRendering]:
        tree = self._tree(root, heads)
        if root.is_cluster:
            rendering = Rendering(manifests=())
        else:
            capabilities = self._capabilities_of(root.cluster)
            request = replace(root.request, capabilities=capabilities, root=root.name)
            rendering = await self._renderers[root.renderer].render(tree, request)
            rendering = _located(rendering, tree, self.called_for_at(root))
        packed = await asyncio.to_thread(
            pack_rendering,
            rendering,
            revision=tree.revision or heads[root.edition],
            at=at,
            owner=root.found.owner if root.found else None,
        )
        return rendering, packed

    def _tree(self, root: Root, heads: Mapping[Edition, str]) -> Tree:
        if not root.editions:
            return EmptyTree()
        trees = {
            edition: self.repositories[edition.repository].tree(heads[edition])
            for edition in root.editions
        }
        if not root.mounts:
            return trees[root.edition]
        return JoinedTree([Part(mount, trees[mount.edition]) for mount in root.mounts])

    def called_for_at(self, root: Root) -> Origin | None:
        """Where the owner is declared that calls for a root."""
        if root.found is None:
            return None
        owner = self.outlets.desired.objects.get(root.found.keeper)
        return owner.origin if owner else None

    def _tell(
        self, root: Root, rendered: Rendered, objects: int, touched: frozenset[ObjectRef]
    ) -> None:
        events = self.outlets.events
        events.roots.rendered(root, objects, len(touched), rendered.seconds)
        before = self.rendered.get(root.name)
        known = frozenset(before.skipped if before else ())
        events.roots.documents_skipped(
            root.name, [one for one in rendered.skipped if one not in known]
        )
        said = frozenset(before.remarks if before else ())
        events.roots.remarked(root.name, [one for one in rendered.remarks if one not in said])
        conflicts = self.outlets.desired.objects.contested
        contested = [ref for ref in touched & conflicts.keys() if self._is_strife(conflicts[ref])]
        if contested:
            events.roots.objects_contested(root.name, sorted(map(str, contested)))

    def _is_strife(self, roots: Iterable[str]) -> bool:
        """Tell whether roots that declare the same were configured apart.

        What stands above another often declares it too: Flux's own Kustomization lies in its own path.
        """
        return len({self.outlets.desired.roots[name].root.top for name in roots}) > 1

    async def keep(self, roots: Iterable[Root]) -> None:
        """Put on disk what must survive a restart, where it changed; failing to is told and no more."""
        earlier = self.outlets.desired.history.kept()
        for root in roots:
            revision = self.outlets.desired.roots[root.name].revision
            kept = Remembered(revision=revision, earlier=earlier.get(root.name, ()))
            if revision and self._kept.get(root.name) != kept:
                try:
                    await self.outlets.revisions.keep(root.name, kept)
                except StoreUnavailable as error:
                    self.outlets.events.revisions_unkept(str(error))
                    return
                self._kept[root.name] = kept

    async def restore(self, root: Root, heads: Mapping[Edition, str]) -> None:
        """Take back what a root declared before a restart, with what was declared before that.

        What cannot be rendered any more (rewritten history, a lost cache) is forgotten, and told.

        Raises:
            StoreUnavailable: what was kept cannot be read now.
            ClusterUnasked: as for `declare`.

        """
        remembered = await self.outlets.revisions.recall(root.name)
        if remembered is None or not root.repository:
            return
        packed = await self._again(root, remembered.revision, heads)
        if packed is not None:
            self.outlets.notice(self.outlets.desired.replace(root.name, packed))
            await self._recall(root, remembered, heads)

    async def _recall(
        self, root: Root, remembered: Remembered, heads: Mapping[Edition, str]
    ) -> None:
        by_revision = sorted(remembered.earlier, key=lambda kept: kept.revision)
        for revision, group in groupby(by_revision, key=lambda kept: kept.revision):
            packed = await self._again(root, revision, heads) if revision else None
            if packed is not None or not revision:
                self.outlets.desired.recall(group, packed)

    async def _again(
        self, root: Root, revision: str, heads: Mapping[Edition, str]
    ) -> PackedRendering | None:
        """Render an earlier commit once more, if it is still to be had."""
        try:
            committed = self.repositories[root.repository].commit(revision).committed
            _, packed = await self._render(root, {**heads, root.edition: revision}, committed)
        except ClusterUnasked:
            raise
        except (ManifestError, SourceUnavailable) as error:
            self.outlets.events.revision_lost(root.name, revision, str(error))
            return None
        return packed


def mounts_of(root: Root) -> tuple[Mounted, ...]:
    """What the tree of a root is made up of; all of its repository, where nothing else is said."""
    return root.mounts or (Mounted(repository=root.repository, revision=root.revision),)


def _located(rendering: Rendering, tree: Tree, owner: Origin | None) -> Rendering:
    """Tell the places of what was rendered as the repositories do that they come from.

    What comes from no file, such as from a fetched chart, is declared where its owner is.
    """
    if not isinstance(tree, JoinedTree) and owner is None:
        return rendering
    manifests = relocated(rendering.manifests, lambda origin: _place(origin, tree, owner))
    return replace(rendering, manifests=manifests)


def _place(origin: Origin | None, tree: Tree, owner: Origin | None) -> Origin | None:
    if origin is None or not origin.path:
        return owner
    return tree.origin(origin) if isinstance(tree, JoinedTree) else origin
