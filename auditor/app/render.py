"""Rendering by itself: what a path, or a whole configuration, declares."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from auditor.app.outside import real_seams
from auditor.app.renderers import load_renderers
from auditor.app.repositories import roots_of
from auditor.config.document import Configuration
from auditor.ports import Rendering, RenderRequest
from auditor.sources.git.directory import open_directory
from auditor.state.roots import Root


async def render(path: Path, *, namespace: str = "", renderer: str = "auto") -> Rendering:
    """Render a local path, as it lies on disk.

    Raises:
        ManifestError: something declared cannot be read; names file, place and remedy.
        PluginError: there is no such renderer.

    """
    tree, inside = open_directory(path)
    with tempfile.TemporaryDirectory(prefix="auditor-") as cache:
        loaded = load_renderers([renderer], Path(cache))[renderer]
        return await loaded.render(
            tree, RenderRequest(path=inside, cluster="", namespace=namespace)
        )


async def render_all(configuration: Configuration) -> AsyncIterator[tuple[Root, Rendering]]:
    """Render everything that a configuration names, each repository at its present commit.

    Raises:
        ManifestError: something declared cannot be read.
        SourceUnavailable: a repository cannot be reached.
        PluginError: a renderer is not installed.

    """
    roots = roots_of(configuration)
    seams = real_seams(configuration)
    cache = configuration.store.cache
    renderers = load_renderers({root.renderer for root in roots}, cache)
    for choice in configuration.repositories:
        async with seams.repository(choice) as repository:
            tree = repository.tree(await repository.head())
            for root in roots:
                if root.repository == choice.name:
                    yield root, await renderers[root.renderer].render(tree, root.request)
