"""A declared field that is looked for, and when it is found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from auditor.domain.fieldpath import FieldPath, Segment
from auditor.domain.history import Layers
from auditor.sources.git.fields import Field


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One field of a rendered object, as `Layers` has it.

    ``own`` is the field in the object's own ``file``, if it is written there: then only its value tells who
    said it. ``own_name`` is the object's name there, before prefixes and suffixes; empty if that is unknown.
    """

    file: str
    layers: Layers
    path: FieldPath
    said: str | None
    own: Field | None
    own_name: str = ""

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The way to it."""
        return self.path.segments

    @property
    def kind(self) -> str:
        """The object's kind."""
        return self.layers.kind

    def is_named(self, name: str | None) -> bool:
        """Tell whether the object goes by a name: as written, as rendered, or on the way there."""
        if not name:
            return False
        is_between = bool(self.own_name) and self.own_name in name and name in self.layers.name
        return name == self.layers.name or is_between

    def is_generated_as(self, name: str | None) -> bool:
        """Tell whether a generator of a name may have made the object: a hash comes behind it."""
        return bool(name) and f"-{name}-" in f"-{self.layers.name}-"

    def is_said_by(self, found: Field | None) -> bool:
        """Tell whether what was found says what is declared."""
        if found is None:
            return False
        return self.own is None if self.said is None else found.text == self.said


def made_of(said: str, literals: Sequence[str]) -> tuple[str, ...]:
    """What stands in a text between literals that frame it; nothing where it is no such text.

    Every part is as short as it can be, the last one takes the rest. Takes no longer than reading does.
    """
    if len(literals) < 2:  # noqa: PLR2004 - nothing is framed
        return ()
    first, *middle, last = literals
    at, end = len(first), len(said) - len(last)
    if not (said.startswith(first) and said.endswith(last) and at <= end):
        return ()
    parts = []
    for literal in middle:
        found = said.find(literal, at, end)
        if found < 0:
            return ()
        parts.append(said[at:found])
        at = found + len(literal)
    return (*parts, said[at:end])
