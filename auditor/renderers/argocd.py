"""Renders one source of an Application as Argo CD's repository server does.

Files beside the content may change what the Application says (``.argocd-source.yaml``), the files decide
which tool is meant where nothing else does, and of a plain directory Argo CD takes other files than kubectl.
The tools themselves are the ordinary renderers. It refuses to run plugins: what they would make is not
known, so nothing of the source is.

https://argo-cd.readthedocs.io/en/stable/user-guide/tool_detection/ and
https://argo-cd.readthedocs.io/en/stable/user-guide/parameters/#store-overrides-in-git
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from pydantic import Field

from auditor.config.sections import Section
from auditor.domain.capabilities import Capabilities
from auditor.domain.gitops.argocd_fields import Fields, Unknowable
from auditor.domain.gitops.argocd_tools import SECTIONS, Setting, Tool, named_tool, tool_options
from auditor.domain.gitops.argocd_variables import Variables
from auditor.errors import ManifestError
from auditor.ports import Renderer, Rendering, RenderRequest, Tree
from auditor.renderers.argocd_values import ValuesPatterns
from auditor.renderers.auto import detect
from auditor.renderers.documents import read_documents
from auditor.renderers.helm import HelmRenderer
from auditor.renderers.kustomize import KustomizeRenderer
from auditor.renderers.plain import PlainRenderer
from auditor.renderers.plan import read_options
from auditor.renderers.programs import ProgramRunner
from auditor.renderers.workspace import find_blob, join

_VERSION: Final = re.compile(r"v?(\d+\.\d+)")
_MARK: Final = "+argocd:skip-file-rendering"
_OVERRIDES: Final = (".argocd-source.yaml", ".argocd-source-{}.yaml")


class ArgoOptions(Section):
    """Options of the renderer ``argocd``: what a source of an Application says, in the words of its spec."""

    application: str = ""
    """The name of the Application, by which it may have a file of its own beside the content."""

    release: str = ""
    """What a release of helm is called where the source does not say. Default: the Application's name."""

    source: Mapping[str, Any] = Field(default_factory=dict)
    """The fields `helm`, `kustomize`, `directory` or `plugin` of the source."""

    variables: Mapping[str, str] = Field(default_factory=dict)
    """Variables of the build environment that are known, with their values."""

    refs: tuple[str, ...] = ()
    """Where files of other sources are seen, each as `$name`."""

    inflate: bool = False
    """Whether kustomize may inflate Helm charts that lie in the repository."""

    chart: str = ""
    """The name of a chart that is fetched from `repository`. Default: the content lies at the path."""

    repository: str = ""
    """The URL of the chart's repository."""

    version: str | None = None
    """The version of the chart that is fetched, or a range of versions."""

    fetch_from: tuple[str, ...] = ()
    """Repositories that dependencies of charts may be fetched from. Default: none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """What to render, with which tool, and which files decided it."""

    tool: Tool
    options: Mapping[str, Any]
    read: Mapping[str, str]


class ArgoRenderer:
    """Has the right renderer render a source."""

    Options = ArgoOptions

    def __init__(self, renderers: Mapping[str, Renderer] | None = None) -> None:
        self._renderers = renderers or _own_renderers()

    async def render(self, tree: Tree, request: RenderRequest) -> Rendering:
        """Render one source.

        Raises:
            ManifestError: something declared cannot be read, or not known outside of Argo CD.
            SourceUnavailable: a chart repository cannot be reached now.

        """
        options: ArgoOptions = read_options(self, request)
        path = join("", request.path.strip("/"))
        try:
            order = await asyncio.to_thread(_order, tree, path, options)
        except Unknowable as error:
            raise ManifestError(f"{error}.", path=path or None) from error
        told = replace(
            request, path=path, options=order.options, capabilities=_minor(request.capabilities)
        )
        rendering = await self._renderers[order.tool].render(tree, told)
        return replace(rendering, read={**order.read, **rendering.read})


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a source lies, and all that is said of it."""

    tree: Tree
    path: str
    options: ArgoOptions
    source: Fields


def _order(tree: Tree, path: str, options: ArgoOptions) -> _Order:
    source, read = _overridden(tree, path, options)
    tool = Tool.HELM if options.chart else named_tool(source) or Tool(detect(tree, path))
    setting = Setting(
        release=options.release or options.application,
        variables=Variables(options.variables),
        refs=frozenset(options.refs),
    )
    found = tool_options(tool, source, setting)
    told = _TOLD[tool](_Place(tree, path, options, source), found)
    return _Order(tool=tool, options=told, read=read)


def _told_helm(place: _Place, found: Mapping[str, Any]) -> dict[str, Any]:
    """Complete options of helm by what the chart's place has to do with."""
    options = place.options
    may_miss = place.source.part("helm").flag("ignoreMissingValueFiles")
    patterns = ValuesPatterns(place.tree, place.path, may_miss)
    names = patterns.expanded(found.get("valuesFiles", ()))
    address = {"chart": options.chart, "repository": options.repository, "version": options.version}
    told = {
        "fetchFrom": options.fetch_from,
        **found,
        "valuesFiles": names,
        **address,
    }
    return {name: value for name, value in told.items() if value or name in found}


def _told_kustomize(place: _Place, found: Mapping[str, Any]) -> dict[str, Any]:
    """Complete options of kustomize by what Argo CD's settings have to do with."""
    inflating = {"helm": True} if place.options.inflate else {}
    return {**inflating, **found}


def _told_directory(_place: _Place, found: Mapping[str, Any]) -> dict[str, Any]:
    """Choose files as Argo CD does: what is in them counts, too."""
    return {**found, "skipMarked": _MARK, "skipUnreadable": True, "jsonnet": True}


_TOLD: Final = {
    Tool.HELM: _told_helm,
    Tool.KUSTOMIZE: _told_kustomize,
    Tool.DIRECTORY: _told_directory,
}


def _minor(capabilities: Capabilities | None) -> Capabilities | None:
    """Charts are told no more of the version than ``1.36``.

    https://github.com/argoproj/gitops-engine/blob/master/pkg/utils/kube/ctl.go (GetServerVersion)
    """
    version = _VERSION.match(capabilities.kube_version) if capabilities else None
    if capabilities is None or version is None:
        return capabilities
    return replace(capabilities, kube_version=version[1])


def _overridden(tree: Tree, path: str, options: ArgoOptions) -> tuple[Fields, dict[str, str]]:
    """Merge what files beside the content say into the source, and name the files."""
    source: Any = dict(options.source)
    read: dict[str, str] = {}
    for template in () if options.chart else _OVERRIDES:
        file = join(path, template.format(options.application))
        blob = find_blob(tree, file) if options.application or template == _OVERRIDES[0] else None
        if blob is not None:
            read[file] = blob.id
            said = next(read_documents(tree.read(file), file), None)
            source = _merged(source, said.value if said else None)
    kept = {name: source[name] for name in SECTIONS if name in source}
    return Fields(kept, "source"), read


def _merged(before: Any, patch: Any) -> Any:
    """Merge as https://www.rfc-editor.org/rfc/rfc7386 says; no patch at all changes nothing."""
    if not isinstance(patch, dict):
        return before if patch is None else patch
    merged = dict(before) if isinstance(before, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merged(merged.get(name), value)
    return merged


def _own_renderers() -> dict[str, Renderer]:
    """Make one of each; those that run programs share their turns."""
    runner = ProgramRunner()
    return {
        Tool.KUSTOMIZE: KustomizeRenderer(runner),
        Tool.HELM: HelmRenderer(runner),
        Tool.DIRECTORY: PlainRenderer(),
    }
