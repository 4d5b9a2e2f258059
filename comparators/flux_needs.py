"""Can Flux ever do what it was told? From what its objects refer to.

An object that waits for a dependency says no more than that it waits; whether that can end stands in the
others: there is no such object, or it waits in turn for the one that waits. And one that takes values from
what is not there fails at its next turn, whatever it says now. What is not known for certain is no finding:
another comparator reports what is declared and missing. This module refuses to look at status.

https://fluxcd.io/flux/components/kustomize/kustomizations/#dependencies,
https://fluxcd.io/flux/components/kustomize/kustomizations/#post-build-variable-substitution,
https://fluxcd.io/flux/components/helm/helmreleases/#values-references
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor.domain import checks
from auditor.domain.finding import Deviation
from auditor.domain.gitops.references import KINDS, dependencies_of, inputs_of
from auditor.domain.identity import ObjectRef
from auditor.domain.manifest import Manifest
from auditor.domain.pair import Neighbour, Pair
from comparators.status import Living


def needs(living: Living, pair: Pair) -> Iterator[Deviation]:
    """Say of what an owner needs that it is not there, or waits for it in turn."""
    owner = pair.actual
    if owner is None or owner.ref.group_kind not in KINDS:
        return
    since = living.written("spec") or living.created
    missing = [ref for ref in inputs_of(owner) if _is_missing(pair.neighbour(ref))]
    if missing:
        told = f"takes values from {_names(missing)}, which {_are(missing)} not there"
        yield living.wrong(checks.INPUT_MISSING, told, since=since)
    absent = [ref for ref in dependencies_of(owner) if _is_missing(pair.neighbour(ref))]
    circle = _circle(owner, pair)
    if absent:
        told = f"depends on {_names(absent)}, which {_are(absent)} not there"
        yield living.wrong(checks.BLOCKED, told, living.field("spec", "dependsOn"), since=since)
    elif circle:
        told = f"depends on itself, by way of {_names(circle) if circle[1:] else 'nothing else'}"
        yield living.wrong(checks.BLOCKED, told, living.field("spec", "dependsOn"), since=since)


def _is_missing(known: Neighbour | None) -> bool:
    """Tell whether an object certainly neither lives nor is declared."""
    if known is None or known.doubt is not None:
        return False
    return known.actual is None and known.desired is None


def _circle(owner: Manifest, pair: Pair) -> list[ObjectRef]:
    """The way from an owner along dependencies back to itself, as short as there is one."""
    ways: list[list[ObjectRef]] = [[ref] for ref in dependencies_of(owner)]
    seen: set[ObjectRef] = set()
    while ways:
        way = ways.pop(0)
        if way[-1] == owner.ref:
            return way
        if way[-1] not in seen:
            seen.add(way[-1])
            ways += [[*way, ref] for ref in _onward(pair.neighbour(way[-1]))]
    return []


def _onward(known: Neighbour | None) -> Iterator[ObjectRef]:
    manifest = (known.actual or known.desired) if known else None
    return dependencies_of(manifest) if manifest else iter(())


def _names(refs: list[ObjectRef]) -> str:
    return ", ".join(f"{ref.kind} {ref.namespace}/{ref.name}" for ref in refs)


def _are(refs: list[ObjectRef]) -> str:
    return "are" if refs[1:] else "is"
