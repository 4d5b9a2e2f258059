"""From a commit to the desired state: renders the roots of a repository and declares the result.

A root that does not render keeps what it declared last and is marked stale. What must survive a restart is
kept after every commit, and taken back by rendering the commits again. It refuses to look for commits.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from auditor.domain.identity import ObjectRef
from auditor.errors import ManifestError, SourceUnavailable, StoreUnavailable
from auditor.ports import Renderer, Rendering, Repository, Skipped
from auditor.state.declared import PackedRendering, pack_rendering
from auditor.state.desired import DesiredState
from auditor.state.revisions import Remembered, RevisionStore
from auditor.state.roots import Root
from auditor.telemetry.git import GitEvents

Notice = Callable[[Iterable[ObjectRef]], None]
"""Takes the names of objects to look at; never blocks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlets:
    """Where declarations go: the state, its memory over a restart, and whoever looks at objects."""

    desired: DesiredState
    revisions: RevisionStore
    notice: Notice
    events: GitEvents


class Declarer:
    """Declares roots at commits."""

    def __init__(
        self, repository: Repository, renderers: Mapping[str, Renderer], outlets: Outlets
    ) -> None:
        self._repository = repository
        self._renderers = renderers
        self.outlets = outlets
        self._read: dict[str, Mapping[str, str]] = {}
        self._skipped: dict[str, tuple[Skipped, ...]] = {}
        self._kept: dict[str, Remembered] = {}

    def is_touched(self, root: Root, changed: Iterable[str]) -> bool:
        """Tell whether changed files can change what a root declares."""
        read = self._read.get(root.name)
        return read is None or root.is_touched_by(changed, read)

    async def declare(self, root: Root, commit: str, *, at: datetime) -> None:
        """Render a root at a commit and declare the result as of a moment.

        Raises:
            ManifestError: the root does not render; it is marked stale and keeps what it declared.
            SourceUnavailable: the commit cannot be read now.

        """
        started = time.monotonic()
        try:
            rendering, packed = await self._render(root, commit, at)
        except ManifestError as error:
            self._read.pop(root.name, None)
            self.outlets.desired.roots.mark_stale(root.name, str(error))
            self.outlets.events.root_failed(root.name, str(error))
            raise
        touched = self.outlets.desired.replace(root.name, packed)
        self._read[root.name] = rendering.read
        self._tell(root, rendering, touched, time.monotonic() - started)
        self.outlets.notice(touched)

    async def _render(
        self, root: Root, commit: str, at: datetime
    ) -> tuple[Rendering, PackedRendering]:
        tree = self._repository.tree(commit)
        rendering = await self._renderers[root.renderer].render(tree, root.request)
        packed = await asyncio.to_thread(pack_rendering, rendering, revision=commit, at=at)
        return rendering, packed

    def _tell(
        self, root: Root, rendering: Rendering, touched: frozenset[ObjectRef], seconds: float
    ) -> None:
        events = self.outlets.events
        events.root_rendered(root.name, len(rendering.manifests), len(touched), seconds)
        known = frozenset(self._skipped.get(root.name, ()))
        events.documents_skipped(root.name, [one for one in rendering.skipped if one not in known])
        self._skipped[root.name] = rendering.skipped
        contested = touched & self.outlets.desired.conflicts().keys()
        if contested:
            events.objects_contested(root.name, sorted(map(str, contested)))

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

    async def restore(self, root: Root) -> None:
        """Take back what a root declared before a restart, with what was declared before that.

        What cannot be rendered any more (rewritten history, a lost cache) is forgotten, and told.

        Raises:
            StoreUnavailable: what was kept cannot be read now.

        """
        remembered = await self.outlets.revisions.recall(root.name)
        if remembered is None:
            return
        packed = await self._again(root, remembered.revision)
        if packed is not None:
            self.outlets.notice(self.outlets.desired.replace(root.name, packed))
            await self._recall(root, remembered)

    async def _recall(self, root: Root, remembered: Remembered) -> None:
        by_revision = sorted(remembered.earlier, key=lambda kept: kept.revision)
        for revision, group in groupby(by_revision, key=lambda kept: kept.revision):
            packed = await self._again(root, revision) if revision else None
            if packed is not None or not revision:
                self.outlets.desired.recall(group, packed)

    async def _again(self, root: Root, revision: str) -> PackedRendering | None:
        """Render an earlier commit once more, if it is still to be had."""
        try:
            committed = self._repository.commit(revision).committed
            _, packed = await self._render(root, revision, committed)
        except (ManifestError, SourceUnavailable) as error:
            self.outlets.events.revision_lost(root.name, revision, str(error))
            return None
        return packed
