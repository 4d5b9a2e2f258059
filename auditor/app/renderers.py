"""Builds the renderers that roots name, with one cache for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from auditor.app.logins import look_up
from auditor.config.repositories import ChartRepository, Charts
from auditor.plugins import PluginKind, load_plugin
from auditor.ports import Renderer
from auditor.renderers.argocd import ArgoRenderer
from auditor.renderers.auto import AutoRenderer
from auditor.renderers.cache import CachedRenderer, RenderCache
from auditor.renderers.chart_access import ChartAccess
from auditor.renderers.chart_pulling import ChartPuller
from auditor.renderers.chart_store import ChartStore
from auditor.renderers.helm import HelmRenderer
from auditor.renderers.programs import ProgramRunner

_CHOICES = ("helm", "kustomize", "plain")
"""What the files of a path may be meant for."""


def load_renderers(
    names: Iterable[str], cache: Path, charts: Charts | None = None
) -> Mapping[str, Renderer]:
    """Load renderers by name; what they fetch and render is kept below ``cache``.

    ``charts`` says from where charts may be fetched.

    Raises:
        PluginError: one of them is not installed.

    """
    return _Kitchen(cache, charts or Charts()).renderers(names)


class _Kitchen:
    """Makes each renderer once."""

    def __init__(self, cache: Path, charts: Charts) -> None:
        self._cache = RenderCache(cache / "renderings")
        accesses = [_access(choice) for choice in charts.repositories]
        self._charts = ChartStore(
            cache / "charts",
            puller=ChartPuller(ProgramRunner(), accesses),
            allowed=charts.allow,
        )
        self._made: dict[str, Renderer] = {}

    def renderers(self, names: Iterable[str]) -> dict[str, Renderer]:
        """Make those that are not made yet, and return them all."""
        return {name: self._renderer(name) for name in names}

    def _renderer(self, name: str) -> Renderer:
        if name not in self._made:
            self._made[name] = self._make(load_plugin(PluginKind.RENDERER, name))
        return self._made[name]

    def _make(self, plugin: Any) -> Renderer:
        if plugin in {AutoRenderer, ArgoRenderer}:
            choosing: Renderer = plugin(self.renderers(_CHOICES))
            return choosing
        is_helm = plugin is HelmRenderer
        renderer: Any = HelmRenderer(store=self._charts) if is_helm else plugin()
        plans = hasattr(renderer, "plan")
        made: Renderer = CachedRenderer(renderer, self._cache) if plans else renderer
        return made


def _access(choice: ChartRepository) -> ChartAccess:
    return ChartAccess(
        url=choice.url,
        login=partial(look_up, choice.credentials) if choice.credentials else None,
        ca=choice.ca_file,
        is_plain=choice.insecure,
    )
