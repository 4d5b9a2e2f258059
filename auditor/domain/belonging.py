"""Whose an object is that something was found about.

A finding is for the people who look after an owner, so it says all that is known of who that is: by the
declaration, by the one before it, by the marks that a living object carries. This module refuses to say
whether the owner still declares the object.
"""

from __future__ import annotations

from auditor.domain.manifest import Owner
from auditor.domain.marks import owner_of
from auditor.domain.pair import Pair


def owner_in(pair: Pair) -> Owner | None:
    """Whose the object is. Of one that is declared no more, its last declaration knew more than its mark."""
    marked = owner_of(pair.desired) or owner_of(pair.actual)
    before = next((e.manifest.owner for e in pair.earlier if e.manifest is not None), None)
    if pair.desired is not None or before is None:
        return marked
    is_same = marked is None or (marked.tool, marked.name) == (before.tool, before.name)
    return before if is_same else marked
