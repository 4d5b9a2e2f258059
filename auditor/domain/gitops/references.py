"""What owners refer to, that a look at them must see too.

A Kustomization that is behind its source says nothing of it, and one that waits for what will never be says
only that it waits: others tell. This module refuses to judge, and to find what is referred to.

https://fluxcd.io/flux/components/kustomize/kustomizations/#source-reference, #dependencies and
#post-build-variable-substitution; https://fluxcd.io/flux/components/helm/helmreleases/#values-references
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

from auditor.domain.gitops.flux_fields import Reference, entries, flag, part, text
from auditor.domain.gitops.kinds import KUSTOMIZATION, RELEASE
from auditor.domain.identity import ObjectRef
from auditor.domain.manifest import Manifest

KINDS: Final = frozenset({KUSTOMIZATION, RELEASE})
"""The kinds of owners that refer to anything that matters here."""
NAMES: Final = frozenset(kind.kind for kind in KINDS)
"""What they are called, so that most objects are told apart at once."""


def references_of(manifest: Manifest) -> Iterator[ObjectRef]:
    """The objects that an owner refers to; of every other object none."""
    if manifest.ref.group_kind in KINDS:
        source = source_of(manifest)
        yield from (source,) if source else ()
        yield from inputs_of(manifest)
        yield from dependencies_of(manifest)


def source_of(owner: Manifest) -> ObjectRef | None:
    """The object that a Kustomization takes its files from; a release has none of its own."""
    field = part(owner.body, "spec", "sourceRef")
    source = Reference.read(field, namespace=owner.ref.namespace)
    return source.within(owner) if source.kind and source.name else None


def inputs_of(owner: Manifest) -> Iterator[ObjectRef]:
    """The ConfigMaps and Secrets without which an owner cannot do its work."""
    for path in (("postBuild", "substituteFrom"), ("valuesFrom",)):
        for entry in _first(entries(owner.body, "spec", *path)):
            kind, name = text(entry, "kind"), text(entry, "name")
            if kind in _INPUTS and name and not flag(entry, "optional"):
                yield ObjectRef(owner.ref.cluster, "", kind, owner.ref.namespace, name)


def dependencies_of(owner: Manifest) -> Iterator[ObjectRef]:
    """The owners, of its own kind, that an owner waits for."""
    for entry in _first(entries(owner.body, "spec", "dependsOn")):
        if name := text(entry, "name"):
            namespace = text(entry, "namespace") or owner.ref.namespace
            yield owner.ref._replace(namespace=namespace, name=name)


def _first(listed: Iterator[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """As much of a list as anybody writes."""
    return islice(listed, _MOST)


_INPUTS: Final = frozenset({"ConfigMap", "Secret"})
_MOST: Final = 500
