"""What the walk passes over in silence: defaults, the API server's own fields, other spellings.

Only a person who asks gets to hear of it, so it is found by a walk of its own, which asks the comparing
walk about every field. This module refuses to decide what is equal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from auditor.domain.difference import Op
from auditor.domain.fieldpath import FieldPath, Segment
from auditor.domain.schema import ANY, Schema, Shape
from comparators import lists, scalars, sealed
from comparators.walk import Walk

_OWN: Final = "the API server's own, which nobody declares"
_DEFAULT: Final = "the default that the API server fills in"
_EMPTY: Final = "empty, which says no more than its absence"
_SPELLING: Final = "two spellings of one value"

Trail = tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Silence:
    """A field that is not literally the same on both sides, and nevertheless no candidate."""

    path: FieldPath
    schema: Schema
    desired: Any
    actual: Any
    because: str
    is_sealed: bool = False


def silences(
    desired: Mapping[str, Any], actual: Mapping[str, Any], schema: Schema
) -> Iterator[Silence]:
    """Find everything that the comparison of two objects says nothing of, and why."""
    yield from _Listener(actual).fields(desired, actual, schema, ())


class _Listener:
    """One walk. ``root`` is the actual object, for derived defaults."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root

    def fields(
        self, desired: Mapping[str, Any], actual: Mapping[str, Any], schema: Schema, trail: Trail
    ) -> Iterator[Silence]:
        """Look at every field of a living object."""
        for name, living in actual.items():
            node, wanted = schema.fields.get(name, ANY), desired.get(name)
            if living is None:
                continue
            if wanted is not None:
                yield from self._both(wanted, living, node, (*trail, name))
            elif because := self._quiet(name, node, (desired, actual)):
                yield Silence(FieldPath((*trail, name)), node, None, living, because)
            elif node.shape is Shape.OBJECT and isinstance(node.default, dict):
                yield from self.fields({}, living, node, (*trail, name))

    def _quiet(
        self, name: str, node: Schema, sides: tuple[Mapping[str, Any], Mapping[str, Any]]
    ) -> str:
        """Tell why nothing is said of an undeclared field; empty where something is."""
        living = sides[1][name]
        if node.shape is Shape.IGNORED:
            return _OWN
        if living == node.default:
            return _DEFAULT
        walking = Walk(self._root)
        walking.alone(name, node, Op.ADDED, sides)
        if walking.found:
            return ""
        if not living or living == {}:
            return _EMPTY
        return f"the default that follows from {node.derived}" if node.derived else _DEFAULT

    def _both(self, wanted: Any, living: Any, node: Schema, trail: Trail) -> Iterator[Silence]:
        if isinstance(wanted, dict) and isinstance(living, dict):
            if node.shape is Shape.MAP:
                for name in wanted.keys() & living.keys():
                    yield from self._both(
                        wanted[name], living[name], node.items or ANY, (*trail, name)
                    )
            else:
                yield from self.fields(wanted, living, node, trail)
        elif isinstance(wanted, list) and isinstance(living, list):
            for segment, one, other in self._items(wanted, living, node):
                yield from self._both(one, other, node.items or ANY, (*trail, segment))
        elif wanted != living and scalars.same(wanted, living, node.format):
            hidden = scalars.hides(wanted, node.format)
            because = sealed.BECAUSE if hidden else _SPELLING
            yield Silence(FieldPath(trail), node, wanted, living, because, hidden)

    def _items(
        self, desired: list[Any], actual: list[Any], node: Schema
    ) -> Iterator[tuple[Segment, Any, Any]]:
        """Match the items of two lists as the comparison does."""
        wanted, living = lists.keyed_entries(desired, node), lists.keyed_entries(actual, node)
        if node.shape is Shape.KEYED_LIST and wanted is not None and living is not None:
            for segment, item in wanted:
                yield from ((segment, item, other) for key, other in living if key == segment)
            return
        walking, items = Walk(self._root), node.items or ANY
        for old, new in lists.align(desired, actual, lambda a, b: walking.equal(a, b, items)):
            if old is not None and new is not None:
                yield new, desired[old], actual[new]
