"""Looks at the files of a path, and renders them with the renderer that they are meant for.

A kustomization is for kustomize, a chart for helm, all else is plain; where a folder is both, the
kustomization decides, because it may name the chart and the chart knows nothing of it. Only the folder
itself is looked at. It refuses to try one renderer after the other.
"""

from __future__ import annotations

import asyncio
import posixpath
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from auditor.ports import Renderer, Rendering, RenderRequest, Tree
from auditor.renderers.charts import CHART, is_chart
from auditor.renderers.helm import HelmRenderer
from auditor.renderers.kustomization import NAMES, kustomization_file
from auditor.renderers.kustomize import KustomizeRenderer
from auditor.renderers.plain import PlainRenderer
from auditor.renderers.programs import ProgramRunner


def detect(tree: Tree, path: str) -> str:
    """Name the renderer that a path is meant for: ``kustomize``, ``helm`` or ``plain``."""
    folder = path.strip("/")
    name = posixpath.basename(folder)
    if name in NAMES or kustomization_file(tree, folder) is not None:
        return "kustomize"
    if name == CHART or is_chart(tree, folder):
        return "helm"
    return "plain"


class AutoOptions(BaseModel):
    """Options of whichever renderer the files are meant for: judged when the files are known."""

    model_config = ConfigDict(frozen=True, extra="allow")


class AutoRenderer:
    """Renders with the renderer that the files are meant for; options are that renderer's."""

    Options = AutoOptions

    def __init__(self, renderers: Mapping[str, Renderer] | None = None) -> None:
        self._renderers = renderers or _own_renderers()

    async def render(self, tree: Tree, request: RenderRequest) -> Rendering:
        """Render one path.

        Raises:
            ManifestError: something declared cannot be read; names file, place and remedy.
            SourceUnavailable: a chart repository cannot be reached now.

        """
        name = await asyncio.to_thread(detect, tree, request.path)
        return await self._renderers[name].render(tree, request)


def _own_renderers() -> dict[str, Renderer]:
    """Make one of each; those that run programs share their turns."""
    runner = ProgramRunner()
    return {
        "kustomize": KustomizeRenderer(runner),
        "helm": HelmRenderer(runner),
        "plain": PlainRenderer(),
    }
