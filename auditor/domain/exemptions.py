"""Objects that say themselves that their tool shall leave them alone.

Flux: https://fluxcd.io/flux/components/kustomize/kustomizations/#controlling-the-apply-behavior-of-resources
and https://fluxcd.io/flux/components/helm/helmreleases/#ignore-annotation. Such a mark counts where it is
declared: whoever may change an object could otherwise excuse the change in the same breath, and so a mark
that only lives is a difference itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from auditor.domain import checks
from auditor.domain.manifest import Manifest
from auditor.domain.rules import IgnoreRule

_CHANGED: Final = frozenset({checks.CHANGED.id, checks.UNLIKE_TEMPLATE.id, checks.INVALID.id})
_ALL: Final = _CHANGED | {checks.MISSING.id, checks.NOT_GENERATED.id}


def _exemption(mark: str, value: str, hidden: frozenset[str]) -> IgnoreRule:
    return IgnoreRule(
        name=f"flux/{mark.partition('/')[2]}-{value}".lower(),
        reason=f"the object is declared with {mark}: {value}",
        owner="flux",
        checks=hidden,
    )


_EXEMPTIONS: Final[Mapping[str, Mapping[str, IgnoreRule]]] = {
    mark: {value.lower(): _exemption(mark, value, hidden) for value, hidden in values.items()}
    for mark, values in {
        "kustomize.toolkit.fluxcd.io/reconcile": {"disabled": _ALL},
        "kustomize.toolkit.fluxcd.io/ssa": {"Ignore": _ALL, "IfNotPresent": _CHANGED},
        "helm.toolkit.fluxcd.io/driftDetection": {"disabled": _ALL},
    }.items()
}


def exemptions_of(desired: Manifest) -> tuple[IgnoreRule, ...]:
    """The rules that an object's own annotations and labels amount to."""
    found = []
    for texts in (desired.metadata.get("annotations"), desired.metadata.get("labels")):
        if isinstance(texts, Mapping) and not _EXEMPTIONS.keys().isdisjoint(texts):
            found += [rule for mark in _EXEMPTIONS if (rule := _rule(mark, texts.get(mark)))]
    return tuple(found)


def _rule(mark: str, value: Any) -> IgnoreRule | None:
    return _EXEMPTIONS[mark].get(str(value).lower())
