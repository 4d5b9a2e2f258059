"""A declared field that is looked for, and when it is found."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.domain.fieldpath import FieldPath, Segment
from auditor.domain.history import Layers
from auditor.sources.git.fields import Field, field_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One field of a rendered object, as `Layers` has it.

    ``own`` is the field in the object's own file, if it is written there: then only its value tells who said
    it.
    """

    layers: Layers
    path: FieldPath
    said: str | None
    own: Field | None

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The way to it."""
        return self.path.segments

    @property
    def kind(self) -> str:
        """The object's kind."""
        return self.layers.kind

    def is_named(self, name: str | None) -> bool:
        """Tell whether the object goes by a name, to which a prefix or suffix may have come."""
        return bool(name) and str(name) in self.layers.name

    def is_said_by(self, found: Field | None) -> bool:
        """Tell whether what was found says what is declared."""
        if found is None:
            return False
        return self.own is None if self.said is None else found.text == self.said

    def below(self, found: Field, segments: tuple[Segment, ...]) -> Field | None:
        """What says it below something, if that does."""
        inner = field_at(found.node, segments)
        if inner is None:
            return None
        inner = inner if segments else found
        return inner if self.is_said_by(inner) else None
