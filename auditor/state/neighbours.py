"""What else must be known to judge an object, and whom a change of that concerns.

Most objects are judged by themselves. One that nobody declares is judged by what its owners say of it, one
that the cluster is late with by its owner, and an owner by what it refers to. Who asked for what is
remembered by kind and name, so that whatever becomes of it, known or not, leads to another look. It refuses
to judge.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from auditor.domain.gitops import references
from auditor.domain.identity import ObjectRef
from auditor.domain.manifest import Manifest
from auditor.domain.marks import Keeper, keepers_of
from auditor.domain.pair import Neighbour
from auditor.state.inventories import KINDS, Inventories
from auditor.state.moves import Moves

Name = tuple[str, str]
"""Kind and name: how objects are told apart whose namespace may not be known."""
FARTHEST = 100
"""So many objects around one are looked at; no real chain of dependencies is that long."""
_LISTING = frozenset(kind.kind for kind in KINDS)


class Neighbourhood:
    """The neighbours of every object, looked up as they are asked for.

    ``look`` gives an object as it is known, ``find`` the owner that a mark names on a cluster,
    ``is_declared`` tells whether an object is, and ``moves`` what repositories were at.
    """

    def __init__(
        self,
        look: Callable[[ObjectRef], Neighbour],
        find: Callable[[Keeper, str], ObjectRef | None],
        is_declared: Callable[[ObjectRef], bool],
        moves: Moves,
    ) -> None:
        self.moves = moves
        self._known = look
        self._find = find
        self._is_declared = is_declared
        self._inventories = Inventories()
        self._asked: dict[ObjectRef, frozenset[Name]] = {}
        self._asking: defaultdict[Name, dict[ObjectRef, None]] = defaultdict(dict)

    def of(
        self,
        ref: ObjectRef,
        desired: Manifest | None,
        actual: Manifest | None,
        *,
        appliers: tuple[ObjectRef, ...],
    ) -> tuple[Neighbour, ...]:
        """The neighbours of an object; ``appliers`` are the owners that the cluster is late with.

        Without a living object nobody is asked whose it is, nor where it says itself who made it.
        """
        if desired is not None and not appliers and ref.kind not in references.NAMES:
            if ref in self._asked:
                self._note(ref, frozenset())
            return ()
        names: set[Name] = set()
        found: dict[ObjectRef, Neighbour] = {}
        if desired is None and actual is not None and "ownerReferences" not in actual.metadata:
            found |= {keeper: self._look(keeper) for keeper in self._keepers(actual, names)}
        found |= self._referred(ref, names)
        for applier in appliers:
            found |= self._applying(applier, names)
        found.pop(ref, None)
        self._note(ref, frozenset(names))
        return tuple(found.values())

    def listing(self, ref: ObjectRef) -> ObjectRef | None:
        """The owner that lists an object in its inventory, which may have lost its mark."""
        return self._inventories.owner_of(ref)

    def note(self, refs: Iterable[ObjectRef]) -> Iterator[ObjectRef]:
        """Take in names of changed objects; name those that must be looked at again for them."""
        for ref in refs:
            yield from self._asking.get((ref.kind, ref.name), ())
            if ref.kind in _LISTING and ref.group_kind in KINDS:
                listed = self._inventories.read(ref, self._look(ref).actual)
                yield from (each for each in listed if not self._is_declared(each))

    def _look(self, ref: ObjectRef) -> Neighbour:
        known = self._known(ref)
        heads = self.moves.of(known.actual or known.desired)
        return replace(known, heads=heads) if heads else known

    def _keepers(self, actual: Manifest, names: set[Name]) -> Iterator[ObjectRef]:
        """The owners that may say something of a living object."""
        for keeper in keepers_of(actual):
            names.add((keeper.kind, keeper.name))
            owner = self._find(keeper, actual.ref.cluster)
            if owner is not None:
                yield owner
        listing = self.listing(actual.ref)
        if listing is not None:
            names.add((listing.kind, listing.name))
            yield listing

    def _referred(self, ref: ObjectRef, names: set[Name]) -> dict[ObjectRef, Neighbour]:
        """An owner and what it refers to, and so on along its dependencies, which may lead back to it.

        It acts by its living self, which may not be there yet.
        """
        found: dict[ObjectRef, Neighbour] = {}
        ahead = [ref] if ref.kind in references.NAMES else []
        while ahead and len(found) < FARTHEST:
            owner = ahead.pop(0)
            if owner in found:
                continue
            found[owner] = known = self._look(owner)
            for side in filter(None, (known.actual, known.desired)):
                ahead += references.dependencies_of(side)
                for wanted in references.references_of(side):
                    names.add((wanted.kind, wanted.name))
                    if owner == ref and wanted.kind not in references.NAMES:
                        found[wanted] = self._look(wanted)
        names.update((each.kind, each.name) for each in found if each != ref)
        return found

    def _applying(self, ref: ObjectRef, names: set[Name]) -> dict[ObjectRef, Neighbour]:
        """An owner that is late, and where it takes from what it applies."""
        found = {ref: self._look(ref)}
        living = found[ref].actual
        source = references.source_of(living) if living else None
        if source is not None:
            found[source] = self._look(source)
        names.update((each.kind, each.name) for each in found)
        return found

    def _note(self, ref: ObjectRef, names: frozenset[Name]) -> None:
        """Remember who asked for what; what has gone away asks for nothing."""
        before = self._asked.pop(ref, frozenset())
        for name in before - names:
            asking = self._asking[name]
            asking.pop(ref, None)
            if not asking:
                del self._asking[name]
        for name in names:
            self._asking[name][ref] = None
        if names:
            self._asked[ref] = names
