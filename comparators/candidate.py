"""A place where desired and actual seem to differ, before anybody asked who wrote it.

The comparison makes candidates; who wrote a field decides whether one becomes a difference. This
module refuses to decide.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from auditor.domain.difference import Op
from auditor.domain.fieldpath import FieldPath, Segment


@dataclass(slots=True, kw_only=True)
class Candidate:
    """One differing place. Its segments are gathered on the way up, so the deepest comes first.

    ``sure``: something is declared here, so it is a difference whoever wrote it; else the field is
    undeclared and its writer decides. ``allocated``: the control plane picks the value. ``whole``: it
    lies in something that has one writer as a whole. ``entry``: it is an entry of a map, keyed list or
    set. ``traceless``: it is the order of a keyed list, of which no writer is recorded. ``living`` is
    the path in the actual object, where that is another than the path of the difference (an item whose
    key changed).
    """

    op: Op
    desired: Any = None
    actual: Any = None
    sure: bool = True
    allocated: bool = False
    whole: bool = False
    entry: bool = False
    traceless: bool = False
    segments: list[Segment] = field(default_factory=list)
    living: list[Segment] | None = None

    def lift(self, segment: Segment, living: Segment | None = None) -> None:
        """Put one step in front: from the parent to what was found so far."""
        if living is not None and self.living is None:
            self.living = self.segments.copy()
        self.segments.append(segment)
        if self.living is not None:
            self.living.append(segment if living is None else living)

    @property
    def path(self) -> FieldPath:
        """Where the difference is, as the declaration names it."""
        return FieldPath(tuple(reversed(self.segments)))

    @property
    def living_path(self) -> FieldPath:
        """Where the field is in the actual object."""
        segments = self.segments if self.living is None else self.living
        return FieldPath(tuple(reversed(segments)))
