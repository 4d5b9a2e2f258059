"""Rendering by itself: what a path, or a whole configuration, declares and leads to. No cluster is asked."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry

from auditor.app.clock import SystemClock
from auditor.app.diff import FolderRepository
from auditor.app.outside import real_seams
from auditor.app.renderers import load_renderers
from auditor.app.repositories import atlas_of, roots_of
from auditor.app.surroundings import KnownObjects
from auditor.config.document import Configuration
from auditor.config.repositories import Charts
from auditor.domain.scopes import is_namespaced
from auditor.plugins import PluginKind, installed
from auditor.ports import RenderRequest, Repository
from auditor.sources.git.addresses import addresses_of
from auditor.sources.git.declaring import Declarer, Outlets
from auditor.sources.git.directory import DirectoryTree, open_directory
from auditor.sources.git.following import Following, Ground, environments_of
from auditor.sources.git.forest import Forest
from auditor.sources.git.patience import Patience
from auditor.state.atlas import EVERY, Anywhere, Atlas, KnownRepository
from auditor.state.desired import DesiredState
from auditor.state.rendered import RenderedRoot, RenderedTree
from auditor.state.revisions import Remembered
from auditor.state.roots import Root
from auditor.telemetry.git import GitEvents
from auditor.telemetry.sources import SourceEvents


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What to render when a path is looked at: ``beside`` are folders by the URL that they stand for."""

    namespace: str = ""
    renderer: str = "auto"
    discover: str = ""
    beside: Mapping[str, Path]


async def render(path: Path, look: Look) -> RenderedTree:
    """Render a local path, as it lies on disk, and what it leads to.

    Raises:
        ManifestError: the path itself cannot be rendered; names file, place and remedy.
        PluginError: there is no such renderer.

    """
    tree, inside = _open(path, look.beside.values())
    request = RenderRequest(path=inside, cluster="", namespace=look.namespace)
    top = Root(
        name=str(path),
        repository=tree.repository,
        request=request,
        renderer=look.renderer,
        discover=look.discover,
    )
    folders = {tree.repository: FolderRepository(tree)}
    addresses = {tree.repository: [*addresses_of(path)]}
    for url, at in look.beside.items():
        beside, _ = open_directory(at)
        folders.setdefault(beside.repository, FolderRepository(beside))
        addresses.setdefault(beside.repository, []).append(url)
    known = [
        KnownRepository(name=name, urls=tuple(urls), ref=EVERY) for name, urls in addresses.items()
    ]
    with tempfile.TemporaryDirectory(prefix="auditor-") as cache:
        rendering = _Rendering([top], Anywhere(known, ()), [""])
        return await rendering.of(folders, Path(cache), Charts())


async def render_all(configuration: Configuration) -> RenderedTree:
    """Render everything that a configuration names, each repository at its present commit.

    Raises:
        ManifestError: a configured root cannot be rendered.
        SourceUnavailable: a repository cannot be reached.
        PluginError: a renderer is not installed.

    """
    tops = roots_of(configuration)
    seams = real_seams(configuration)
    said = [choice.environment for choice in configuration.desired]
    rendering = _Rendering(tops, atlas_of(configuration), said)
    async with AsyncExitStack() as stack:
        repositories = {
            choice.name: await stack.enter_async_context(seams.repository(choice))
            for choice in configuration.repositories
        }
        return await rendering.of(repositories, configuration.store.cache, configuration.charts)


def _open(path: Path, beside: Iterable[Path]) -> tuple[DirectoryTree, str]:
    """Open the folder that a path is looked at in: one that is named, or its checkout, or itself."""
    for folder in beside:
        if path.resolve().is_relative_to(folder.resolve()):
            tree, inside = open_directory(folder)
            rest = path.resolve().relative_to(folder.resolve()).as_posix()
            return tree, "/".join(step for step in (inside, rest) if step not in {"", "."})
    return open_directory(path)


class _Rendering:
    """A forest that grows once, over repositories and no cluster."""

    def __init__(self, tops: Sequence[Root], atlas: Atlas, environments: Sequence[str]) -> None:
        registry = CollectorRegistry()
        self._tops = tuple(tops)
        self._desired = DesiredState(tops, scope=lambda _cluster, kind: is_namespaced(kind))
        self._outlets = Outlets(
            desired=self._desired,
            revisions=_Forgetful(),
            notice=lambda _refs: None,
            events=GitEvents(registry, SourceEvents(registry)),
        )
        self._ground = Ground(
            atlas=atlas,
            objects=KnownObjects(self._desired, {}),
            environments=environments_of(zip(self._tops, environments, strict=True)),
        )

    async def of(
        self, repositories: Mapping[str, Repository], cache: Path, charts: Charts
    ) -> RenderedTree:
        """Render all that can be rendered; what was configured must be.

        Raises:
            ManifestError: a configured root cannot be rendered.
            SourceUnavailable: a repository cannot be reached.

        """
        names = {plugin.name for plugin in installed(PluginKind.RENDERER)}
        names |= {root.renderer for root in self._tops}
        declarer = Declarer(repositories, load_renderers(names, cache, charts), self._outlets)
        clock = SystemClock()
        patience = Patience(clock, random.Random())  # noqa: S311 # spreads retries
        forest = Forest(self._tops, declarer, Following(self._ground), patience)
        for name, repository in repositories.items():
            await forest.advance(name, await repository.head(), at=clock.now())
        for failure in filter(None, map(forest.failure, self._tops)):
            raise failure
        roots = tuple(self._rendered(root, forest, declarer) for root in self._in_order(forest))
        return RenderedTree(roots=roots, unknown=self._desired.followed.unknown())

    def _in_order(self, forest: Forest) -> Iterator[Root]:
        """Every root after the one that leads to it."""
        places = {top.name: place for place, top in enumerate(self._tops)}

        def order(root: Root) -> tuple[int, tuple[str, ...], str]:
            return places[root.top], root.found.owner.chain if root.found else (), root.name

        yield from sorted(forest.roots, key=order)

    def _rendered(self, root: Root, forest: Forest, declarer: Declarer) -> RenderedRoot:
        how = declarer.rendered.get(root.name)
        failure = forest.failure(root)
        objects = self._desired.objects.of(root.name)
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
