"""What owners led to, remembered for as long as nothing changed that was read for it.

A platform has hundreds of owners, and a commit touches one or two. Reading an owner is pure, so what it led
to holds until the owner, a root that it was found in, or an object that was asked for on the way is
another. It refuses to read an owner, and to remember one that was not met in the last walk.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from auditor.domain.gitops.branch import Surroundings
from auditor.domain.identity import GroupKind, ObjectRef
from auditor.domain.manifest import Manifest
from auditor.state.roots import Root


class Objects(Protocol):
    """What is known of objects, declared and alive."""

    def on(self, cluster: str) -> Surroundings:
        """What owners on a cluster may refer to."""

    def refs(self, cluster: str, kind: GroupKind) -> Iterable[ObjectRef]:
        """Every object of a kind on a cluster."""

    def standing(self, ref: ObjectRef) -> object:
        """Stand for what is known of an object: the same thing as long as that is the same."""


@dataclass(slots=True)
class Asked:
    """Objects that were asked for, by name and by kind, and what stood for what was known of them."""

    objects: dict[ObjectRef, object] = field(default_factory=dict)
    kinds: dict[tuple[str, GroupKind], frozenset[ObjectRef]] = field(default_factory=dict)

    def holds(self, objects: Objects) -> bool:
        """Tell whether asking again would be answered the same."""
        return all(objects.standing(ref) is then for ref, then in self.objects.items()) and all(
            frozenset(objects.refs(cluster, kind)) == then
            for (cluster, kind), then in self.kinds.items()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The root that an owner was met in, and the one whose declaration of it counts."""

    met: Root
    declaring: Root

    def are(self, other: Places) -> bool:
        """Tell whether these are the same roots."""
        return self.met is other.met and self.declaring is other.declaring


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What an owner led to: roots, and reasons why something cannot be known.

    ``environment`` is the one of all of it, where that is told.
    """

    places: Places
    asked: Asked
    found: Sequence[Root | str]
    environment: str | None = None


class Listening:
    """The surroundings of an owner, noting all that is asked for."""

    def __init__(self, objects: Objects, cluster: str) -> None:
        self.asked = Asked()
        self._objects = objects
        self._cluster = cluster
        self._around = objects.on(cluster)

    def find(self, ref: ObjectRef) -> Manifest | None:
        """One object, as the surroundings know it."""
        ref = ref._replace(cluster=self._cluster)
        self.asked.objects[ref] = self._objects.standing(ref)
        return self._around.find(ref)

    def all(self, kind: GroupKind) -> Iterator[Manifest]:
        """Every object of a kind, in the order of its names."""
        refs = frozenset(self._objects.refs(self._cluster, kind))
        self.asked.kinds[self._cluster, kind] = refs
        for ref in sorted(refs):
            found = self.find(ref)
            if found is not None:
                yield found


class Readings:
    """The readings of one walk, and of the one before it."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._before: dict[ObjectRef, Reading] = {}
        self._now: dict[ObjectRef, Reading] = {}

    def begin(self) -> None:
        """Begin a walk: what the last one did not meet is forgotten."""
        self._before, self._now = self._now, {}

    def recall(self, owner: ObjectRef, places: Places) -> Reading | None:
        """The reading of an owner, if reading it again would say the same."""
        known = self._before.get(owner)
        if known is None or not known.places.are(places) or not known.asked.holds(self._objects):
            return None
        self._now[owner] = known
        return known

    def keep(self, owner: ObjectRef, reading: Reading) -> None:
        """Remember what an owner led to."""
        self._now[owner] = reading
