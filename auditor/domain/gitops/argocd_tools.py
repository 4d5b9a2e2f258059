"""What a source of an Application has its tool do: options of the renderer that stands for the tool.

An Application may name the tool by saying something to it, and only one of them. Plugins run in Argo CD
alone, and Jsonnet is not evaluated here: both are told instead of guessed. It refuses to look at files:
which tool they are for, if the source does not say, is the renderer's to find out.

https://argo-cd.readthedocs.io/en/stable/user-guide/application-specification/
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from auditor.domain.gitops.argocd_fields import Fields, Unknowable
from auditor.domain.gitops.argocd_helm import helm_options
from auditor.domain.gitops.argocd_kustomize import kustomize_options
from auditor.domain.gitops.argocd_variables import Variables


class Tool(StrEnum):
    """What Argo CD renders with; the value names the renderer."""

    KUSTOMIZE = "kustomize"
    HELM = "helm"
    DIRECTORY = "plain"


_SECTIONS: Final = {
    "kustomize": Tool.KUSTOMIZE,
    "helm": Tool.HELM,
    "directory": Tool.DIRECTORY,
}
SECTIONS: Final = (*_SECTIONS, "plugin")
"""The fields of a source that speak to one tool each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What the options of every tool depend on: the release's name, variables, names of other sources."""

    release: str
    variables: Variables
    refs: frozenset[str] = frozenset()


def named_tool(source: Fields) -> Tool | None:
    """The tool that a source names; ``None`` where the files decide.

    Raises:
        Unknowable: it names several, or one that runs in Argo CD alone.

    """
    named = [section for section in SECTIONS if section in source]
    if len(named) > 1:
        raise Unknowable(f"{source.place} speaks to several tools at once: {', '.join(named)}")
    if named == ["plugin"]:
        plugin = source.part("plugin").text("name")
        called = f" {plugin}" if plugin else ""
        raise Unknowable(
            f"{source.place} is rendered by the plugin{called}, which runs in Argo CD alone"
        )
    return _SECTIONS[named[0]] if named else None


def tool_options(tool: Tool, source: Fields, setting: Setting) -> dict[str, Any]:
    """Options of the renderer that stands for the tool.

    Raises:
        Unknowable: what the source says cannot be had here; says why.

    """
    return _OPTIONS[tool](source, setting)


def _helm(source: Fields, setting: Setting) -> dict[str, Any]:
    return helm_options(
        source.part("helm"), setting.release, variables=setting.variables, refs=setting.refs
    )


def _kustomize(source: Fields, setting: Setting) -> dict[str, Any]:
    return kustomize_options(source.part("kustomize"), setting.variables)


def _directory(source: Fields, _setting: Setting) -> dict[str, Any]:
    """Read how files are chosen: https://argo-cd.readthedocs.io/en/stable/user-guide/directory/."""
    directory = source.part("directory")
    if any(directory.part("jsonnet").values.values()):
        raise Unknowable(f"{directory.place}.jsonnet: Jsonnet is not evaluated here")
    options = {
        "include": directory.text("include"),
        "exclude": directory.text("exclude"),
        "requireJsonOrYamlExtension": not directory.flag("disableExtensionFilter"),
    }
    return {"recurse": directory.flag("recurse"), **options}


_OPTIONS: Final[Mapping[Tool, Callable[[Fields, Setting], dict[str, Any]]]] = {
    Tool.HELM: _helm,
    Tool.KUSTOMIZE: _kustomize,
    Tool.DIRECTORY: _directory,
}
