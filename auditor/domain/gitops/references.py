"""What owners refer to, that a look at them must see too.

A Kustomization that is behind its source says nothing of it: only both together tell. This module refuses to
judge, and to find what is referred to.

https://fluxcd.io/flux/components/kustomize/kustomizations/#source-reference
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from auditor.domain.gitops.flux_fields import Reference, part
from auditor.domain.identity import GroupKind, ObjectRef
from auditor.domain.manifest import Manifest

KUSTOMIZATION: Final = GroupKind("kustomize.toolkit.fluxcd.io", "Kustomization")


def references_of(manifest: Manifest) -> Iterator[ObjectRef]:
    """The objects that an owner refers to; of every other object none."""
    read = _READERS.get(manifest.ref.group_kind)
    return read(manifest) if read else iter(())


def source_of(kustomization: Manifest) -> ObjectRef | None:
    """The object that a Kustomization takes its files from."""
    field = part(kustomization.body, "spec", "sourceRef")
    source = Reference.read(field, namespace=kustomization.ref.namespace)
    return source.within(kustomization) if source.kind and source.name else None


def _kustomization(manifest: Manifest) -> Iterator[ObjectRef]:
    source = source_of(manifest)
    if source is not None:
        yield source


_READERS: Final[Mapping[GroupKind, Callable[[Manifest], Iterator[ObjectRef]]]] = {
    KUSTOMIZATION: _kustomization
}
NAMES: Final = frozenset(kind.kind for kind in _READERS)
"""What the kinds are called, so that most objects are told apart at once."""
