"""Which permissions the auditor needs on a cluster: ``get``, ``list`` and ``watch``.

Nothing else, but for ``patch`` on declared kinds where dry runs are wanted.

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
_DRY_RUN: Final = ("patch",)
"""A dry run needs the right to do it in earnest.

https://kubernetes.io/docs/reference/using-api/api-concepts/#dry-run-authorization
"""
_VOWELS: Final = "aeiou"


@dataclass(frozen=True, slots=True, kw_only=True)
class Permissions:
    """Plurals by API group, read and (for dry runs) patched.

    ``guessed`` are plurals of kinds that nobody defined here.
    """

    resources: Mapping[str, tuple[str, ...]]
    patched: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    guessed: Mapping[str, str] = field(default_factory=dict)

    def rules(self) -> list[dict[str, Any]]:
        """The rules of a ClusterRole, one for each API group and what is done to it."""
        return [
            {"apiGroups": [group], "resources": list(names), "verbs": list(verbs)}
            for verbs, resources in ((_VERBS, self.resources), (_DRY_RUN, self.patched))
            for group, names in resources.items()
        ]


def permissions_for(
    manifests: Iterable[Manifest], selection: Selection, *, confirmed: bool = False
) -> Permissions:
    """Work out what is needed to audit these declarations, and to confirm findings by dry run."""
    declared = list(manifests)
    defined = dict(_defined(declared))
    kinds = {manifest.ref.group_kind for manifest in declared} | ALWAYS
    kinds |= {kind for kind in (*BUILT_IN, *defined) if _is_kept(kind) and selection.takes(kind)}
    needed = sorted(kind for kind in kinds if selection.allows(kind))
    written = {manifest.ref.group_kind for manifest in declared} if confirmed else ()
    return Permissions(
        resources=_by_group(needed, defined),
        patched=_by_group((kind for kind in needed if kind in written), defined),
        guessed={
            str(kind): plural_of(kind.kind)
            for kind in needed
            if kind not in defined and kind not in BUILT_IN
        },
    )


def _by_group(
    kinds: Iterable[GroupKind], defined: Mapping[GroupKind, str]
) -> dict[str, tuple[str, ...]]:
    """Plurals of kinds, sorted, by API group."""
    by_group: dict[str, set[str]] = {}
    for kind in kinds:
        by_group.setdefault(kind.group, set()).add(defined.get(kind) or plural_of(kind.kind))
    return {group: tuple(sorted(names)) for group, names in by_group.items()}


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
