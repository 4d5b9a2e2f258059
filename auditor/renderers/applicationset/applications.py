"""Applications, made of a template and sets of parameters.

As upstream writes them: https://github.com/argoproj/argo-cd/blob/v3.6.1/applicationset/controllers/template/template.go
and util/argo/argo.go (NormalizeApplicationSpec). It refuses to correct what a template gets wrong.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from auditor.errors import ManifestError
from auditor.renderers.applicationset.combining import filled_up, is_empty
from auditor.renderers.applicationset.filling import checked, fill_all
from auditor.renderers.applicationset.generators import Yield
from auditor.renderers.applicationset.parameters import Params
from auditor.renderers.applicationset.patching import patched
from auditor.renderers.applicationset.templates import Filling, Templates

FINALIZER: Final = "resources-finalizer.argocd.argoproj.io"
NO_VALUE: Final = "<no value>"
_METADATA: Final = ("name", "labels", "annotations", "finalizers")
_FREE: Final = frozenset(
    {"labels", "annotations", "commonLabels", "commonAnnotations", "valuesObject", "options", "map"}
)
"""Mappings whose names are the user's: what is empty in them stays."""
_POINTERS: Final = frozenset(
    {"automated", "enabled", "revisionHistoryLimit", "factor", "retry", "backoff"}
    | {"managedNamespaceMetadata", "plugin"}
)
"""Fields that mean something else where they are empty than where they are absent."""
_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LONGEST_NAME: Final = 253
_LEFT: Final = re.compile(r"\{\{\s*[\w.\[\]/-]+\s*\}\}")


class ApplicationTemplate:
    """The template of one ApplicationSet, and all that it does to what is made of it."""

    def __init__(self, spec: Mapping[str, Any], namespace: str, templates: Templates) -> None:
        self._general = _mapping(spec.get("template"))
        self._patch = spec.get("templatePatch")
        policy = _mapping(spec.get("syncPolicy"))
        self._is_preserving = policy.get("preserveResourcesOnDeletion") is True
        self._namespace = namespace
        self._templates = templates

    async def applications(self, found: Yield) -> list[dict[str, Any]]:
        """Make the Applications of what one generator yields.

        Raises:
            ManifestError: the controller would refuse the template, or what it makes.

        """
        own = filled_up(_mapping(found.template), self._general)
        metadata = {key: each for key, each in _mapping(own.get("metadata")).items() if each}
        template = {
            "metadata": {key: metadata[key] for key in _METADATA if key in metadata},
            "spec": _mapping(own.get("spec")),
        }
        filled = await self._filled(template, found.sets)
        made = await self._patched(filled, found.sets)
        return [self._finished(one) for one in made]

    async def _filled(self, template: Params, sets: Sequence[Params]) -> list[dict[str, Any]]:
        """Fill the template; as upstream, a set without any parameter leaves it as it is."""
        answers = iter(await fill_all(self._templates, template, [one for one in sets if one]))
        return [self._held(next(answers)) if one else template for one in sets]

    def _held(self, application: dict[str, Any]) -> dict[str, Any]:
        """Have what is deployed deleted with the Application, unless told otherwise."""
        metadata = application["metadata"]
        if self._is_preserving or metadata.get("finalizers"):
            return application
        return application | {"metadata": metadata | {"finalizers": [FINALIZER]}}

    async def _patched(
        self, applications: list[dict[str, Any]], sets: Sequence[Params]
    ) -> list[dict[str, Any]]:
        patch = self._patch
        if not isinstance(patch, str):
            return applications
        fillings = [Filling(params=params, texts=[patch]) for params in sets]
        answers = await self._templates.fill(fillings)
        texts = (checked(filled) for (filled,) in answers)
        return [patched(one, text) for one, text in zip(applications, texts, strict=True)]

    def _finished(self, application: Mapping[str, Any]) -> dict[str, Any]:
        metadata = _mapping(application.get("metadata"))
        if not isinstance(metadata.get("name"), str | None):
            raise ManifestError("metadata.name of the template is no text. Quote it.")
        named = {"name": metadata.get("name") or "", "namespace": self._namespace}
        told = {key: metadata[key] for key in _METADATA[1:] if metadata.get(key)}
        return {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": {key: text for key, text in named.items() if text} | told,
            "spec": _normalized(_mapping(application.get("spec"))),
        }


def refuse_clashes(applications: Sequence[Mapping[str, Any]]) -> None:
    """Refuse Applications that nobody can tell apart: the controller touches none of them.

    Raises:
        ManifestError: one has no name, or two have the same.

    """
    names = Counter(str(one["metadata"].get("name") or "") for one in applications)
    if "" in names:
        raise ManifestError(
            "the template yields an Application without a name. Check metadata.name."
        )
    twice = sorted(name for name, times in names.items() if times > 1)
    if twice:
        raise ManifestError(
            f"several Applications have the name {twice[0]}, so Argo CD makes neither of them. "
            "Have metadata.name tell them apart."
        )


def is_nameable(application: Mapping[str, Any]) -> bool:
    """Tell whether Kubernetes takes an Application's name: what it refuses never comes to be.

    https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names
    """
    name = str(application["metadata"]["name"])
    return len(name) <= _LONGEST_NAME and _NAME.fullmatch(name) is not None


def unfilled(application: Mapping[str, Any], *, nested: bool) -> Iterator[str]:
    """Name the fields of an Application in which a parameter is missing."""
    for place, text in _placed("", application):
        if NO_VALUE in text if nested else _LEFT.search(text):
            yield place


def _placed(place: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _placed(f"{place}.{key}" if place else key, item)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _placed(f"{place}[{index}]", item)


def _normalized(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Write a spec as the controller does: nothing that is empty, and a project always."""
    return {"project": "default", **_without_empty(spec)}


def _without_empty(value: Mapping[str, Any]) -> dict[str, Any]:
    result = {}
    for key, item in value.items():
        kept = item if key in _FREE else _cleaned(item)
        if kept is not None and (key in _POINTERS or not is_empty(kept)):
            result[key] = kept
    return result


def _cleaned(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _without_empty(value)
    return [_cleaned(item) for item in value] if isinstance(value, list) else value


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
