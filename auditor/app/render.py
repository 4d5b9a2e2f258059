"""Rendering by itself: what a path, or a whole configuration, declares and leads to. No cluster is asked."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from auditor.app.folders import StandIns, open_within
from auditor.app.grove import Grove
from auditor.app.outside import real_seams
from auditor.app.repositories import atlas_of, roots_of
from auditor.config.document import Configuration
from auditor.config.repositories import Charts
from auditor.ports import RenderRequest
from auditor.state.atlas import Anywhere
from auditor.state.rendered import RenderedTree
from auditor.state.roots import Root


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
    tree, inside = open_within(path, look.beside.values())
    folders = StandIns()
    repository = folders.add(tree)
    folders.add_all(look.beside)
    request = RenderRequest(path=inside, cluster="", namespace=look.namespace)
    top = Root(
        name=str(path),
        repository=repository,
        request=request,
        renderer=look.renderer,
        discover=look.discover,
    )
    with tempfile.TemporaryDirectory(prefix="auditor-") as cache:
        grove = Grove([top], Anywhere(folders.known, ()), [""])
        await grove.grow(folders.repositories, Path(cache), Charts())
        return grove.rendered()


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
    grove = Grove(tops, atlas_of(configuration), said)
    async with AsyncExitStack() as stack:
        repositories = {
            choice.name: await stack.enter_async_context(seams.repository(choice))
            for choice in configuration.repositories
        }
        await grove.grow(repositories, configuration.store.cache, configuration.charts)
        return grove.rendered()
