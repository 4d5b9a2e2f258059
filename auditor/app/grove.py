"""A forest that grows once, over repositories and no cluster: for looking at what is declared."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from prometheus_client import CollectorRegistry

from auditor.app.clock import SystemClock
from auditor.app.renderers import load_renderers
from auditor.app.surroundings import KnownObjects
from auditor.config.repositories import Charts
from auditor.domain.capabilities import NO_CLUSTER, Capabilities
from auditor.domain.identity import GroupKind
from auditor.domain.scopes import is_namespaced
from auditor.plugins import PluginKind, installed
from auditor.ports import Repository
from auditor.sources.git.declaring import Declarer, Outlets
from auditor.sources.git.following import DEEPEST, Following, Ground, environments_of
from auditor.sources.git.forest import Forest
from auditor.sources.git.ingredients import Ingredients
from auditor.sources.git.patience import Patience
from auditor.sources.git.provenance import LayersOf
from auditor.state.atlas import Atlas
from auditor.state.desired import DesiredState
from auditor.state.rendered import RenderedRoot, RenderedTree
from auditor.state.revisions import Remembered
from auditor.state.roots import Root
from auditor.telemetry.git import GitEvents
from auditor.telemetry.sources import SourceEvents


class Grove:
    """The roots and all that they lead to; ``desired`` is what they declare once they are grown."""

    def __init__(
        self,
        tops: Sequence[Root],
        atlas: Atlas,
        environments: Sequence[str],
        *,
        scope: Callable[[GroupKind], bool | None] = is_namespaced,
        capabilities: Capabilities = NO_CLUSTER,
    ) -> None:
        self._capabilities = capabilities
        registry = CollectorRegistry()
        self._tops = tuple(tops)
        self.desired = DesiredState(tops, scope=lambda _cluster, kind: scope(kind))
        self._outlets = Outlets(
            desired=self.desired,
            revisions=_Forgetful(),
            notice=lambda _refs: None,
            events=GitEvents(registry, SourceEvents(registry)),
        )
        self._ground = Ground(
            atlas=atlas,
            objects=KnownObjects(self.desired, {}),
            environments=environments_of(zip(self._tops, environments, strict=True)),
        )
        self._grown: tuple[Forest, Declarer]

    async def grow(
        self, repositories: Mapping[str, Repository], cache: Path, charts: Charts
    ) -> None:
        """Render all that can be rendered; what is configured must be.

        Raises:
            ManifestError: a configured root cannot be rendered.
            SourceUnavailable: a repository cannot be reached.

        """
        names = {root.renderer for root in self._tops}
        if any(root.discover for root in self._tops):
            names |= {plugin.name for plugin in installed(PluginKind.RENDERER)}
        renderers = load_renderers(names, cache, charts)
        declarer = Declarer(repositories, renderers, self._outlets, lambda _: self._capabilities)
        clock = SystemClock()
        patience = Patience(clock, random.Random())  # noqa: S311 # spreads retries
        forest = Forest(self._tops, declarer, Following(self._ground), patience)
        self._grown = (forest, declarer)
        ahead = list(repositories)
        for _ in range(DEEPEST + 1):
            for name in ahead:
                heads = await repositories[name].heads(forest.asked(name))
                await forest.advance(name, heads, at=clock.now())
            ahead = sorted(forest.unseen())
        for failure in filter(None, map(forest.failure, self._tops)):
            raise failure

    def rendered(self) -> RenderedTree:
        """Every root after the one that leads to it, and what cannot be known."""
        places = {top.name: place for place, top in enumerate(self._tops)}

        def order(root: Root) -> tuple[int, tuple[str, ...], str]:
            return places[root.top], root.found.owner.chain if root.found else (), root.name

        forest, _ = self._grown
        roots = tuple(self._rendered(root) for root in sorted(forest.roots, key=order))
        return RenderedTree(roots=roots, unknown=self.desired.followed.unknown())

    @property
    def layers_of(self) -> LayersOf:
        """Says what is laid over an object, once all is grown."""
        return Ingredients(self._grown[1]).of

    def problems(self) -> Iterator[str]:
        """What cannot be known, a line each."""
        return self._grown[0].problems()

    def _rendered(self, root: Root) -> RenderedRoot:
        forest, declarer = self._grown
        how = declarer.rendered.get(root.name)
        failure = forest.failure(root)
        objects = self.desired.objects.of(root.name)
        return RenderedRoot(
            root=root,
            manifests=tuple(declared.manifest(ref) for ref, declared in objects.items()),
            renderer=how.renderer if how else "",
            read=how.read if how else {},
            skipped=how.skipped if how else (),
            remarks=how.remarks if how else (),
            seconds=how.seconds if how else 0.0,
            failure="" if failure is None else str(failure),
        )


class _Forgetful:
    """A memory over restarts for what never restarts."""

    async def recall(self, root: str) -> Remembered | None:
        """Nothing was before."""

    async def keep(self, root: str, remembered: Remembered) -> None:
        """Nothing comes after."""
