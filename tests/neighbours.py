"""Neighbours for tests: objects that know of others what a test says."""

from __future__ import annotations

from collections.abc import Iterable

from auditor.domain.identity import ObjectRef
from auditor.domain.manifest import Body
from auditor.domain.marks import Keeper
from auditor.domain.pair import Neighbour
from auditor.state.atlas import Atlas, KnownRepository
from auditor.state.moves import Moves
from auditor.state.neighbours import Neighbourhood
from tests.builders import live, manifest

URL = "https://git.example.com/platform"
ATLAS = Atlas([KnownRepository(name="platform", urls=(URL,), ref="main")], [])
"""One repository, of which the main branch is followed."""


def alone() -> Neighbourhood:
    """Nothing is known of any other object."""
    return Neighbourhood(
        lambda ref: Neighbour(ref=ref), lambda *_: None, lambda _: True, Moves(ATLAS)
    )


def alive(*bodies: Body) -> tuple[Neighbour, ...]:
    """Objects that live and are declared nowhere."""
    found = (live(body) for body in bodies)
    return tuple(Neighbour(ref=one.ref, actual=one) for one in found)


class Village:
    """Objects that live and may be declared, and whose neighbours are asked for."""

    def __init__(self) -> None:
        self.living: dict[ObjectRef, Body] = {}
        self.declared: dict[ObjectRef, Body] = {}
        self.moves = Moves(ATLAS)
        self.neighbours = Neighbourhood(
            self._look, self._find, self.declared.__contains__, self.moves
        )

    def put(self, body: Body, *, declared: bool = False) -> ObjectRef:
        """Let an object live, or be declared instead."""
        ref = manifest(body).ref
        (self.declared if declared else self.living)[ref] = body
        return ref

    def of(self, ref: ObjectRef, *appliers: ObjectRef) -> dict[str, Neighbour]:
        """The neighbours of an object by their names."""
        one = self._look(ref)
        found = self.neighbours.of(ref, one.desired, one.actual, appliers=appliers)
        return {each.ref.name: each for each in found}

    def again(self, *refs: ObjectRef) -> list[str]:
        """The names of objects that are looked at again when others change."""
        return [ref.name for ref in self.neighbours.note(refs)]

    def _look(self, ref: ObjectRef) -> Neighbour:
        declared, living = self.declared.get(ref), self.living.get(ref)
        return Neighbour(
            ref=ref,
            desired=manifest(declared) if declared else None,
            actual=live(living) if living else None,
        )

    def _find(self, keeper: Keeper, _cluster: str) -> ObjectRef | None:
        known: Iterable[ObjectRef] = (*self.living, *self.declared)
        return next(
            (ref for ref in known if (ref.kind, ref.name) == (keeper.kind, keeper.name)), None
        )
