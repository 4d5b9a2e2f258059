"""Whose an object is that something was found about, and to which environment it belongs.

A finding is for the people who look after an owner, so it says all that is known of who that is: by the
declaration, by the one before it, by the living owner that claims the object and the owners above that, else
by the marks alone. An owner belongs to the environment of what is below it. This module refuses
to say whether the owner still declares the object.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from auditor.domain.claims import Claim, claim_on
from auditor.domain.gitops.environment import environment_below
from auditor.domain.gitops.readers import READERS
from auditor.domain.identity import GroupKind, ObjectRef
from auditor.domain.manifest import Manifest, Owner
from auditor.domain.marks import owner_of
from auditor.domain.pair import Pair


def owner_in(pair: Pair) -> Owner | None:
    """Whose the object is. Of one that is declared no more, its last declaration knew more than its mark."""
    claim = claim_on(pair)
    if claim and claim.is_copy:
        return None
    owner = _owner(pair, claim)
    environment = _environment(pair, claim)
    return replace(owner, environment=environment) if owner and environment else owner


def _owner(pair: Pair, claim: Claim | None) -> Owner | None:
    if pair.desired is not None:
        return owner_of(pair.desired) or owner_of(pair.actual)
    marked = claim.owner if claim else _marked(pair)
    on_record = pair.left_over.owner if pair.left_over else None
    before = next((e.manifest.owner for e in pair.earlier if e.manifest is not None), on_record)
    is_same = before and (not marked or (marked.tool, marked.name) == (before.tool, before.name))
    return before if is_same else marked


def _marked(pair: Pair) -> Owner | None:
    """Whose an undeclared object is by its marks; what was generated, below all that leads to that."""
    marked, generator = owner_of(pair.actual), pair.generator
    if marked is None or generator is None:
        return marked
    chain = generator.owner.chain if generator.owner else ()
    return replace(marked, chain=(*chain, str(generator.ref)))


def _environment(pair: Pair, claim: Claim | None) -> str | None:
    """Of what is undeclared, an owner tells of itself, and whoever claims an object of what it applied."""
    if pair.desired is not None:
        return pair.environment
    told = _told(pair.actual) or pair.environment
    keeper = pair.neighbour(claim.keeper) if claim and not told else None
    return keeper.environment or _told(keeper.desired or keeper.actual) if keeper else told


def _told(owner: Manifest | None) -> str | None:
    kind = READERS.get(owner.ref.group_kind) if owner else None
    if owner is None or kind is None:
        return None
    return environment_below(owner, kind.read(owner, _Nothing()), inherited=None)


class _Nothing:
    """Surroundings of which nothing is known."""

    def find(self, ref: ObjectRef) -> Manifest | None:
        """Nothing is there."""

    def all(self, kind: GroupKind) -> Iterator[Manifest]:  # noqa: ARG002 - there is none of any
        """Nothing is there."""
        return iter(())
