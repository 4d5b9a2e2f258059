"""What owners may refer to: the objects of their cluster, as declared or else as they live.

It remembers what was asked for, so that a change of just that leads to looking again. It refuses to ask a
cluster for anything: what is not watched is not known.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from auditor.domain.gitops.readers import READERS
from auditor.domain.identity import GroupKind, ObjectRef
from auditor.domain.manifest import Manifest
from auditor.pipeline.pairing import ClusterState
from auditor.state.desired import DesiredState
from auditor.state.roots import Root


class KnownObjects:
    """All that is known of all clusters, for whoever follows owners."""

    def __init__(
        self,
        desired: DesiredState,
        states: Mapping[str, ClusterState],
        stirred: asyncio.Event | None = None,
    ) -> None:
        self._desired = desired
        self._states = states
        self._asked: set[ObjectRef] = set()
        self._asked_kinds: set[tuple[str, GroupKind]] = set()
        self.stirred = stirred or asyncio.Event()

    def on(self, cluster: str) -> Surrounding:
        """What owners on a cluster may refer to."""
        return Surrounding(cluster=cluster, known=self)

    def owners_in(self, root: Root, kinds: frozenset[GroupKind]) -> Iterable[ObjectRef]:
        """The owners of some kinds that a root declares; those alive, where it is the cluster itself."""
        if not root.is_cluster:
            return self._desired.objects.owned(root.name, kinds)
        found = (ref for kind in kinds for ref in self.refs(root.cluster, kind))
        return sorted(found)

    def root_of(self, ref: ObjectRef) -> Root | None:
        """The root whose declaration of an object counts; ``None`` where it only lives."""
        name = self._desired.objects.root_of(ref)
        return None if name is None else self._desired.roots[name].root

    def find(self, ref: ObjectRef) -> Manifest | None:
        """One object: as declared, else as it lives."""
        self._asked.add(ref)
        declaration = self._desired.declaration(ref)
        if declaration is not None and declaration.manifest is not None:
            return declaration.manifest
        state = self._states.get(ref.cluster)
        return state.actual.manifest(ref) if state else None

    def standing(self, ref: ObjectRef) -> object:
        """Stand for what is known of an object: the same thing as long as that is the same."""
        declared = self._desired.objects.get(ref)
        if declared is not None:
            return declared
        state = self._states.get(ref.cluster)
        return state.actual.packed(ref) if state else None

    def refs(self, cluster: str, kind: GroupKind) -> Iterable[ObjectRef]:
        """Every object of a kind, declared or alive."""
        self._asked_kinds.add((cluster, kind))
        state = self._states.get(cluster)
        alive = state.actual.refs_of(kind) if state else ()
        declared = (ref for ref in self._desired.refs(cluster) if ref.group_kind == kind)
        return {*declared, *alive}

    def note(self, refs: Iterable[ObjectRef]) -> None:
        """Take in names of changed objects: what owners lead to may change by them."""
        if not self.stirred.is_set() and self.concerns(refs):
            self.stirred.set()

    def concerns(self, refs: Iterable[ObjectRef]) -> bool:
        """Tell whether any of some objects is an owner, or something that owners referred to."""
        return any(
            ref in self._asked
            or ref.group_kind in READERS
            or (ref.cluster, ref.group_kind) in self._asked_kinds
            for ref in refs
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Surrounding:
    """The objects of one cluster, as the port of that name has them."""

    cluster: str
    known: KnownObjects

    def find(self, ref: ObjectRef) -> Manifest | None:
        """One object; ``None`` where it is neither declared nor alive."""
        return self.known.find(ref._replace(cluster=self.cluster))

    def all(self, kind: GroupKind) -> Iterator[Manifest]:
        """Every object of a kind, in the order of its names."""
        for ref in sorted(self.known.refs(self.cluster, kind)):
            found = self.known.find(ref)
            if found is not None:
                yield found
