"""A repository's history, followed commit by commit through the whole Git side, without a cluster."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from auditor.app.renderers import load_renderers
from auditor.domain.history import Heads
from auditor.domain.identity import ObjectRef
from auditor.domain.scopes import is_namespaced
from auditor.plugins import PluginKind, installed
from auditor.ports import RenderRequest
from auditor.renderers.cache import CachedRenderer, RenderCache
from auditor.renderers.helm import HelmRenderer
from auditor.sources.git.declaring import Outlets
from auditor.sources.git.local import LocalClone
from auditor.sources.git.repository import GitRepository
from auditor.state.desired import DesiredState
from auditor.state.revisions import Remembered
from auditor.state.roots import Root
from auditor.telemetry.git import GitEvents
from auditor.telemetry.sources import SourceEvents
from tests.any_charts import AnyCharts
from tests.doubles import START, FakeClock
from tests.forests import forest, known

CLUSTER = "home"


class Forgetful:
    """A worker that never lived before."""

    async def recall(self, root: str) -> Remembered | None:
        return None

    async def keep(self, root: str, remembered: Remembered) -> None:
        pass


class History:
    """A forest over one bare repository that is told which commit counts."""

    def __init__(self, folder: Path, cache: Path, *, top: str, url: str) -> None:
        self._clock = FakeClock(START + timedelta(days=400))
        request = RenderRequest(path=top, cluster=CLUSTER)
        root = Root(name="top", repository="r", request=request, renderer="flux", discover="flux")
        self.desired = DesiredState([root], scope=lambda _, kind: is_namespaced(kind))
        registry = CollectorRegistry()
        outlets = Outlets(
            desired=self.desired,
            revisions=Forgetful(),
            notice=lambda _: None,
            events=GitEvents(registry, SourceEvents(registry)),
        )
        self._repository = GitRepository("r", LocalClone(folder))
        names = {plugin.name for plugin in installed(PluginKind.RENDERER)}
        helm = CachedRenderer(
            HelmRenderer(store=AnyCharts(cache)), RenderCache(cache / "renderings")
        )
        renderers = {**load_renderers(names, cache), "helm": helm}
        self.forest = forest(
            [root],
            {"r": self._repository},
            renderers,
            outlets,
            clock=self._clock,
            names=[known("r", url)],
        )

    async def advance(self, commit: str) -> None:
        """Declare what the repository holds at a commit."""
        await self._repository.heads()
        asked: frozenset[str] = frozenset()
        while not self.forest.asked("r") <= asked:
            asked = self.forest.asked("r")
            heads = Heads(commits=dict.fromkeys(asked, commit))
            await self.forest.advance("r", heads, at=self._clock.now())

    def declared(self) -> Mapping[ObjectRef, Any]:
        """All that is declared: version, body, place and owner; at which commit does not matter."""
        found = {}
        for ref in self.desired.refs(CLUSTER):
            declaration = self.desired.declaration(ref)
            manifest = declaration.manifest if declaration else None
            if manifest is not None:
                origin = manifest.origin
                place = origin and (origin.path, origin.line)
                found[ref] = (manifest.version, manifest.body, place, manifest.owner)
        return found
