"""The walk over both sides of a pair: where do they differ, as the schema understands it?

Normalisation happens on the fly, so a clean object costs one pass and makes nothing. Paths are built
only where something differs, from the inside out. This module refuses to ask who wrote a field, and
to change what it walks over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from auditor.domain.difference import Op
from auditor.domain.fieldpath import Segment
from auditor.domain.schema import ANY, Schema, Shape
from comparators import derived, lists, scalars
from comparators.candidate import Candidate
from comparators.sealed import is_sealed

_SCALAR, _OBJECT, _MAP, _ANY = Shape.SCALAR, Shape.OBJECT, Shape.MAP, Shape.ANY
_KEYED, _SET, _LIST, _BAG = Shape.KEYED_LIST, Shape.SET, Shape.LIST, Shape.BAG
_IGNORED = Shape.IGNORED
Sides = tuple[Mapping[str, Any], Mapping[str, Any]]

_COLLECTIONS = frozenset({_MAP, _KEYED, _SET, _LIST, _BAG})


class Walk:
    """One walk; what it found is in ``found``. ``root`` is the actual object, for derived defaults.

    ``is_strange`` says that a declared field was met which neither the schema nor the living object has.
    """

    __slots__ = ("found", "is_strange", "root")

    def __init__(self, root: Mapping[str, Any]) -> None:
        self.found: list[Candidate] = []
        self.is_strange = False
        self.root = root

    def fields(  # noqa: C901, PLR0912 - the hot path: a call costs more here than a branch
        self, desired: Mapping[str, Any], actual: Mapping[str, Any], schema: Schema
    ) -> None:
        """Compare two objects field by field."""
        known, common = schema.fields, 0
        for name, wanted in desired.items():
            if wanted is None:
                continue
            node, living = known.get(name), actual.get(name)
            if node is None:
                if living is None and not schema.open:
                    self.is_strange = True  # the API server does not keep it: validity says so
                    continue
                node = ANY
            if living is None:
                self.alone(name, node, Op.REMOVED, (desired, actual))
                continue
            common += 1
            if node.shape is not _SCALAR:
                if node.exact and wanted == living:
                    continue
                before = len(self.found)
                self.value(wanted, living, node)
                if len(self.found) > before:
                    self.lift(before, name)
            elif wanted != living and not scalars.same(wanted, living, node.format):
                self.note(Op.CHANGED, wanted, living).lift(name)
        if common < len(actual):
            self._undeclared(desired, actual, schema)

    def _undeclared(
        self, desired: Mapping[str, Any], actual: Mapping[str, Any], schema: Schema
    ) -> None:
        known = schema.fields
        for name, living in actual.items():
            if living is not None and desired.get(name) is None:
                node = known.get(name, ANY)
                if node.shape is not _IGNORED and living != node.default:
                    self.alone(name, node, Op.ADDED, (desired, actual))

    def alone(self, name: str, node: Schema, op: Op, sides: Sides) -> None:
        """Look at a field that one of two objects has and the other has not."""
        desired, actual = sides
        value = actual[name] if op is Op.ADDED else desired[name]
        rule, before = node.derived, len(self.found)
        if rule and (op is Op.ADDED or rule not in derived.ONE_WAY):
            siblings = {**actual, **desired}  # a default follows what is declared beside it
            if derived.holds(rule, value, siblings, self.root):
                return
            unknown = any(map(is_sealed, desired.values()))
            if unknown and derived.holds(rule, value, actual, self.root):
                return
        self.one_sided(value, node, op)
        for candidate in self.found[before:]:
            candidate.lift(name)
            candidate.allocated = rule == derived.ALLOCATED

    def one_sided(self, value: Any, schema: Schema, op: Op) -> None:
        """Report what one side has, as far as it says more than its absence."""
        shape = schema.shape
        if shape is _IGNORED or value is None or value == schema.default:
            return
        if not value and value != {} and (schema.omits_zero or isinstance(value, list)):
            return
        if value == {} and (schema.omits_zero or shape in _COLLECTIONS):
            return
        if shape is _OBJECT and isinstance(schema.default, dict) and isinstance(value, dict):
            sides: tuple[Any, Any] = ({}, value) if op is Op.ADDED else (value, {})
            self.fields(*sides, schema)
        elif schema.atomic or not self._each(value, schema, op):
            self.note(op, *((None, value) if op is Op.ADDED else (value, None)))

    def _each(self, value: Any, schema: Schema, op: Op) -> bool:
        """Report the entries of a map, keyed list or set one by one, since each has its own writer."""
        entries: list[tuple[Segment, Any]] | None = None
        if schema.shape is _MAP and isinstance(value, dict):
            entries = list(value.items())
        elif schema.shape is _KEYED:
            entries = lists.keyed_entries(value, schema)
        elif schema.shape is _SET:
            entries = lists.set_entries(value)
        for segment, entry in entries or ():
            self.entry(op, entry, segment)
        return entries is not None

    def value(self, desired: Any, actual: Any, schema: Schema) -> None:
        """Compare two values that both sides have."""
        shape, before = schema.shape, len(self.found)
        if shape is _IGNORED:
            return
        if isinstance(desired, dict) and isinstance(actual, dict) and shape not in lists.SHAPES:
            if shape is _MAP:
                self._entries(desired, actual, schema)
            else:
                self.fields(desired, actual, schema)
        elif isinstance(desired, list) and isinstance(actual, list) and shape is not _MAP:
            lists.compare(self, desired, actual, schema)
        elif not scalars.same(desired, actual, schema.format):
            self.note(Op.CHANGED, desired, actual)
        if schema.atomic:
            for candidate in self.found[before:]:
                candidate.sure = candidate.whole = True

    def _entries(
        self, desired: Mapping[str, Any], actual: Mapping[str, Any], schema: Schema
    ) -> None:
        items = schema.items or ANY
        if items.shape is _SCALAR and desired == actual:
            return
        start, is_unnamed = len(self.found), False
        for name, wanted in desired.items():
            living, before = actual.get(name), len(self.found)
            if wanted is None or (living is None and not wanted and name in actual):
                continue  # a key without a value has the empty one
            if living is None:
                self.note(Op.REMOVED, wanted, None)  # a map tells an empty entry from none
                is_unnamed = is_unnamed or is_sealed(name)
            else:
                self.value(wanted, living, items)
            self.lift(before, name)
        for name, living in actual.items():
            if living is not None and desired.get(name) is None and (living or name not in desired):
                self.entry(Op.ADDED, living, name)
        if is_unnamed:
            self._find_unnamed(start)

    def _find_unnamed(self, start: int) -> None:
        """An entry with a sealed name may be any that lives in addition and says the same."""
        found = self.found[start:]
        lost = [one for one in found if one.op is Op.REMOVED and is_sealed(one.segments[-1])]
        for one in lost:
            said = (other for other in found if other.op is Op.ADDED)
            twin = next((t for t in said if self.equal(one.desired, t.actual, ANY)), None)
            if twin is not None:
                found = [other for other in found if other is not one and other is not twin]
        self.found[start:] = found

    def equal(self, desired: Any, actual: Any, schema: Schema) -> bool:
        """Tell whether two values mean the same."""
        if desired == actual and (schema.exact or schema.shape is _SCALAR):
            return True
        return not self.differences(desired, actual, schema)

    def differences(self, desired: Any, actual: Any, schema: Schema) -> Sequence[Candidate]:
        """Compare two values by themselves, and keep what is found out of this walk."""
        walking = Walk(self.root)
        walking.value(desired, actual, schema)
        self.is_strange = self.is_strange or walking.is_strange
        return walking.found

    def note(self, op: Op, desired: Any, actual: Any) -> Candidate:
        """Keep one candidate, here."""
        candidate = Candidate(op=op, desired=desired, actual=actual, sure=op is not Op.ADDED)
        self.found.append(candidate)
        return candidate

    def entry(self, op: Op, value: Any, segment: Segment) -> None:
        """Keep an entry that one side of a map, keyed list or set has, and the other has not."""
        sides = (None, value) if op is Op.ADDED else (value, None)
        candidate = self.note(op, *sides)
        candidate.entry = True
        candidate.lift(segment)

    def lift(self, before: int, segment: Segment, living: Segment | None = None) -> None:
        """Put a step in front of everything found since ``before``."""
        for candidate in self.found[before:]:
            candidate.lift(segment, living)


def walk(desired: Mapping[str, Any], actual: Mapping[str, Any], schema: Schema) -> Walk:
    """Find every place where two objects of one kind differ."""
    walking = Walk(actual)
    walking.fields(desired, actual, schema)
    return walking
