"""Which permissions the auditor needs on a cluster: ``get``, ``list`` and ``watch``, and nothing else.

Pure, and without asking a cluster: the kinds that are declared, those that the configuration selects, and
the few that are always watched. A pattern of kinds is spelled out over the kinds that are known, so that
no rule holds a ``*``, which would take in Secrets too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from auditor.domain.identity import GroupKind
from auditor.domain.manifest import Manifest
from auditor.domain.scopes import BUILT_IN
from auditor.sources.kubernetes.plan import Selection

_CRD: Final = GroupKind("apiextensions.k8s.io", "CustomResourceDefinition")
ALWAYS: Final = frozenset(
    {
        _CRD,
        GroupKind("apiregistration.k8s.io", "APIService"),
        GroupKind("autoscaling", "HorizontalPodAutoscaler"),
    }
)
"""Kinds that are watched to know which kinds come and go, and whose a number of replicas is."""

_VERBS: Final = ("get", "list", "watch")
_VOWELS: Final = "aeiou"


@dataclass(frozen=True, slots=True, kw_only=True)
class Permissions:
    """Plurals by API group. ``guessed`` are plurals of kinds that nobody defined here."""

    resources: Mapping[str, tuple[str, ...]]
    guessed: Mapping[str, str] = field(default_factory=dict)

    def rules(self) -> list[dict[str, Any]]:
        """The rules of a ClusterRole, one for each API group."""
        return [
            {"apiGroups": [group], "resources": list(names), "verbs": list(_VERBS)}
            for group, names in self.resources.items()
        ]


def permissions_for(manifests: Iterable[Manifest], selection: Selection) -> Permissions:
    """Work out what is needed to audit these declarations."""
    declared = list(manifests)
    defined = dict(_defined(declared))
    kinds = {manifest.ref.group_kind for manifest in declared} | ALWAYS
    kinds |= {kind for kind in (*BUILT_IN, *defined) if _is_kept(kind) and selection.takes(kind)}
    needed = sorted(kind for kind in kinds if selection.allows(kind))
    by_group: dict[str, set[str]] = {}
    for kind in needed:
        by_group.setdefault(kind.group, set()).add(defined.get(kind) or plural_of(kind.kind))
    return Permissions(
        resources={group: tuple(sorted(names)) for group, names in by_group.items()},
        guessed={
            str(kind): plural_of(kind.kind)
            for kind in needed
            if kind not in defined and kind not in BUILT_IN
        },
    )


def _is_kept(kind: GroupKind) -> bool:
    """Reviews and bindings are questions and orders: the API server answers them and keeps nothing."""
    return not kind.kind.endswith("Review") and kind != GroupKind("", "Binding")


def _defined(manifests: Iterable[Manifest]) -> Iterator[tuple[GroupKind, str]]:
    """Plurals of the kinds that declared CustomResourceDefinitions define."""
    for manifest in manifests:
        spec = manifest.body.get("spec")
        if manifest.ref.group_kind == _CRD and isinstance(spec, dict):
            names = spec.get("names") or {}
            yield (
                GroupKind(str(spec.get("group")), str(names.get("kind"))),
                str(names.get("plural")),
            )


def plural_of(kind: str) -> str:
    """Spell the plural of a kind as the built-in kinds do.

    As `UnsafeGuessKindToResource` of apimachinery does, but for ``y`` after a vowel (``gateways``):
    https://pkg.go.dev/k8s.io/apimachinery/pkg/api/meta#UnsafeGuessKindToResource
    """
    singular = kind.lower()
    if singular.endswith("endpoints"):
        return singular
    if singular.endswith("s"):
        return f"{singular}es"
    if singular.endswith("y") and singular[-2:-1] not in _VOWELS:
        return f"{singular[:-1]}ies"
    return f"{singular}s"
