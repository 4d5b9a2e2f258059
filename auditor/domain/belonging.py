"""Whose an object is that something was found about, and to which environment it belongs.

A finding is for the people who look after an owner, so it says all that is known of who that is: by the
declaration, by the one before it, by the generator that made the object and the owners above that, by the
marks that a living object carries. An owner belongs to the environment of what is below it. This module
refuses to say whether the owner still declares the object.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from auditor.domain.gitops.environment import environment_below
from auditor.domain.gitops.readers import READERS
from auditor.domain.identity import GroupKind, ObjectRef
from auditor.domain.manifest import Manifest, Owner
from auditor.domain.marks import owner_of
from auditor.domain.pair import Pair


def owner_in(pair: Pair) -> Owner | None:
    """Whose the object is. Of one that is declared no more, its last declaration knew more than its mark."""
    owner = _owner(pair)
    environment = _told(pair) or pair.environment
    return replace(owner, environment=environment) if owner and environment else owner


def _owner(pair: Pair) -> Owner | None:
    marked = owner_of(pair.desired) or _generator(pair) or owner_of(pair.actual)
    before = next((e.manifest.owner for e in pair.earlier if e.manifest is not None), None)
    if pair.desired is not None or before is None:
        return marked
    is_same = marked is None or (marked.tool, marked.name) == (before.tool, before.name)
    return before if is_same else marked


def _generator(pair: Pair) -> Owner | None:
    """What made an object that it makes no more, below all that leads to it."""
    generator = pair.generator
    if pair.desired is not None or generator is None:
        return None
    ref, above = generator.ref, generator.owner.chain if generator.owner else ()
    kind = READERS[ref.group_kind]
    name = kind.name_of(ref.namespace, ref.name)
    return Owner(tool=kind.tool, name=name, chain=(*above, str(ref)))


def _told(pair: Pair) -> str | None:
    """What an owner tells of itself that nobody follows, because it is declared no more."""
    kind = READERS.get(pair.ref.group_kind)
    if kind is None or pair.desired is not None or pair.actual is None:
        return None
    return environment_below(pair.actual, kind.read(pair.actual, _Nothing()), inherited=None)


class _Nothing:
    """Surroundings of which nothing is known."""

    def find(self, ref: ObjectRef) -> Manifest | None:
        """Nothing is there."""

    def all(self, kind: GroupKind) -> Iterator[Manifest]:  # noqa: ARG002 - there is none of any
        """Nothing is there."""
        return iter(())
