"""The living objects of one kind, in one API version, of one cluster.

Every object costs its compressed JSON and little more: a hundred thousand of them are held at once, so
there is no dictionary, no parsed tree and no second copy of a name per object. What is known of the kind
as a whole (is it listed? may it be read at all?) stands beside the objects, because without it the
absence of an object proves nothing. It refuses to ask the cluster anything.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

import msgspec

from auditor.domain.identity import GroupKind, GroupVersionKind, ObjectRef
from auditor.domain.pair import Doubt
from auditor.state.packed import pack

EVERYWHERE = ""
"""The scope that covers all namespaces, and cluster-scoped objects."""


PartOf = Callable[[bytes | memoryview], int | None]
"""Sums up what of an object's JSON can change its verdict; None where only all of it says."""


PartOfKind = Callable[[GroupKind], PartOf]
"""Tells how objects of a kind are summed up."""


def whole(_raw: bytes | memoryview) -> None:
    """Let every change be news."""


def always_whole(_kind: GroupKind) -> PartOf:
    """Let every change of every object be news."""
    return whole


class Held(msgspec.Struct, gc=False):
    """One object. ``resource_version`` is opaque; ``round`` is the listing that last met it.

    ``part`` sums up what of it can change its verdict, once that was asked for.

    Kept from the garbage collector: it holds no container, so it is in no cycle.
    """

    ref: ObjectRef
    resource_version: str
    packed: bytes
    round: int
    part: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is known of a kind within a scope: in sync where ``doubt`` is ``None``."""

    doubt: Doubt | None
    since: datetime


class Standings(dict[str, Standing]):
    """What is known of a kind, by scope: a namespace, or `EVERYWHERE`."""

    def settle(self, scope: str, doubt: Doubt | None, at: datetime) -> bool:
        """Note what is known within a scope; tell whether that is news."""
        known = self.get(scope)
        if known is not None and known.doubt is doubt:
            return False
        self[scope] = Standing(doubt=doubt, since=at)
        return True

    def doubt(self, namespace: str) -> Doubt | None:
        """Say why nothing certain is known of the kind in a namespace."""
        standing = self.get(EVERYWHERE) or self.get(namespace)
        if standing is None:
            return Doubt.NOT_WATCHED if self else Doubt.NOT_SYNCED
        return standing.doubt

    def worst(self) -> Doubt | None:
        """What stands in the way of knowing the kind in all scopes; ``None``: nothing."""
        doubts = [standing.doubt for standing in self.values()] or [Doubt.NOT_SYNCED]
        return next((doubt for doubt in doubts if doubt is not None), None)


class ActualKind:
    """Objects by namespace and name, and the standing of the kind in each scope it is watched in."""

    def __init__(self, cluster: str, gvk: GroupVersionKind, *, part_of: PartOf) -> None:
        self.gvk = gvk
        self.standings = Standings()
        self._cluster = cluster
        self._part_of = part_of
        self._objects: dict[str, dict[str, Held]] = {}
        self._withheld: dict[tuple[str, str], int] = {}
        self._round = 0

    def put(
        self, namespace: str, name: str, *, resource_version: str, raw: bytes | memoryview
    ) -> ObjectRef | None:
        """Hold the present JSON of an object; return its reference if that is news."""
        there = self._objects.get(namespace)
        held = there.get(name) if there is not None else None
        if held is None:
            return self._add(namespace, name, resource_version, raw)
        held.round = self._round
        if held.resource_version == resource_version:
            return None
        held.resource_version = resource_version
        held.packed = pack(raw)
        part, before = self._part_of(raw), held.part
        held.part = part
        return None if part is not None and part == before else held.ref

    def delete(self, namespace: str, name: str) -> ObjectRef | None:
        """Let go of an object; return its reference if it was held or withheld."""
        held = self._objects.get(namespace, {}).pop(name, None)
        withheld = self._withheld.pop((namespace, name), None)
        if held is not None:
            return held.ref
        return None if withheld is None else self._ref(namespace, name)

    def withhold(self, namespace: str, name: str) -> ObjectRef:
        """Note that an object lives but is too large to be read."""
        self.delete(namespace, name)
        self._withheld[namespace, name] = self._round
        return self._ref(namespace, name)

    def begin(self) -> int:
        """Begin a listing: whatever is not put again until it ends has vanished."""
        self._round += 1
        return self._round

    def sweep(self, scope: str, listing: int) -> list[ObjectRef]:
        """End a listing: let go of what it did not meet, and return that."""
        namespaces = list(self._objects) if scope == EVERYWHERE else [scope]
        gone = [
            (namespace, name)
            for namespace in namespaces
            for name, held in self._objects.get(namespace, {}).items()
            if held.round < listing
        ]
        gone += [
            (namespace, name)
            for (namespace, name), met in self._withheld.items()
            if met < listing and scope in {EVERYWHERE, namespace}
        ]
        return [ref for namespace, name in gone if (ref := self.delete(namespace, name))]

    def get(self, namespace: str, name: str) -> Held | None:
        """Look one object up."""
        there = self._objects.get(namespace)
        return there.get(name) if there is not None else None

    def refs(self, namespace: str | None = None) -> Iterator[ObjectRef]:
        """All objects whose bodies are held, or those of one namespace (empty: cluster-scoped)."""
        spaces = self._objects.values() if namespace is None else [self._objects.get(namespace, {})]
        for there in spaces:
            for held in there.values():
                yield held.ref

    def doubt(self, namespace: str, name: str) -> Doubt | None:
        """Say why nothing certain is known of an object, present or absent."""
        if (namespace, name) in self._withheld:
            return Doubt.TOO_LARGE
        return self.standings.doubt(namespace)

    def __len__(self) -> int:
        """Count the objects."""
        return sum(map(len, self._objects.values()))

    def _add(
        self, namespace: str, name: str, resource_version: str, raw: bytes | memoryview
    ) -> ObjectRef:
        ref = self._ref(sys.intern(namespace), name)
        self._withheld.pop((namespace, name), None)
        self._objects.setdefault(ref.namespace, {})[name] = Held(
            ref, resource_version, pack(raw), self._round
        )
        return ref

    def _ref(self, namespace: str, name: str) -> ObjectRef:
        return ObjectRef(self._cluster, self.gvk.group, self.gvk.kind, namespace, name)
