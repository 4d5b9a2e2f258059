"""Tells field by field how the structural comparison comes to what it says.

The candidates and what became of them are those of the comparison itself; what it passes over is told
besides. This module refuses to decide anything.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, TypeVar

from auditor.domain.difference import Difference, Op
from auditor.domain.fieldpath import FieldPath
from auditor.domain.pair import Pair
from auditor.domain.reasoning import Reason
from auditor.domain.schema import ANY, MISSING, UNKNOWN_KIND, Format, Schema, Shape
from comparators import derived, forms, redaction, scalars
from comparators.expectation import Expectations, Weighed
from comparators.silence import Silence, silences
from comparators.validity import validity
from comparators.walk import Sides, walk

_SHAPES: Final = {
    Shape.SCALAR: "a value",
    Shape.OBJECT: "an object",
    Shape.MAP: "a map, entry by entry",
    Shape.KEYED_LIST: "a list by key",
    Shape.SET: "a set, in any order",
    Shape.LIST: "a list, in order",
    Shape.BAG: "a list, in any order",
    Shape.ANY: "unknown, so types are deduced",
    Shape.IGNORED: "not compared",
}


_C = TypeVar("_C", bound=Callable[..., object])


def explained_by(tell: Callable[[Pair], Iterable[Reason]]) -> Callable[[_C], _C]:
    """Let a comparator tell its reasons, in the way of the port `Explaining`."""

    def carry(comparator: _C) -> _C:
        comparator.reasons = tell  # type: ignore[attr-defined] # functions take attributes
        return comparator

    return carry


def reasons(pair: Pair) -> Iterator[Reason]:
    """Tell why each field that is not literally the same is a difference, or is none."""
    for deviation in validity(pair):
        yield from (_invalid(difference) for difference in deviation.differences)
    if pair.desired is not None and pair.actual is not None:
        sides = forms.aligned(pair, pair.desired.body, pair.actual.body)
        yield from _compared(pair, sides, Expectations(pair, pair.actual.metadata))


def _compared(pair: Pair, sides: Sides, expectations: Expectations) -> Iterator[Reason]:
    schema = pair.schema or UNKNOWN_KIND
    for weighed in expectations.weighed(walk(*sides, schema).found):
        if weighed.excused and weighed.writer is None:
            path = weighed.candidate.living_path
            weighed = weighed._replace(writer=expectations.ownership.writer(path))  # noqa: PLW2901
        yield _weighed(pair, weighed, node_at(schema, weighed.candidate.path))
    for silence in silences(*sides, schema):
        yield _silent(pair, silence, expectations)


def _invalid(difference: Difference) -> Reason:
    return Reason(
        path=difference.path,
        op=difference.op,
        expected=False,
        because="declared, and the API server does not keep such a field",
        schema="not known to the schema of the kind",
        desired=difference.desired,
    )


def _weighed(pair: Pair, weighed: Weighed, node: Schema) -> Reason:
    candidate = weighed.candidate
    sides = _Sides(pair, candidate.path, candidate.desired, candidate.actual)
    return Reason(
        path=candidate.path,
        op=candidate.op,
        expected=weighed.excused,
        because=weighed.because,
        schema=described(node),
        desired=sides.desired,
        actual=sides.actual,
        compared_as=sides.read_as(node.format),
        writer=weighed.writer,
    )


def _silent(pair: Pair, silence: Silence, expectations: Expectations) -> Reason:
    own = silence.schema.shape is Shape.IGNORED  # long, and of no use to anybody
    sides = _Sides(pair, silence.path, silence.desired, None if own else silence.actual)
    return Reason(
        path=silence.path,
        op=None if silence.desired is not None else Op.ADDED,
        expected=True,
        because=silence.because,
        schema=described(silence.schema),
        desired=sides.desired,
        actual=sides.actual,
        compared_as=sides.read_as(silence.schema.format),
        writer=None if own else expectations.ownership.writer(silence.path),
    )


class _Sides:
    """Both values of a field, as far as they may be shown."""

    def __init__(self, pair: Pair, path: FieldPath, desired: Any, actual: Any) -> None:
        self._is_secret = redaction.is_secret(pair.ref, path)
        self.desired = redaction.shown(desired) if self._is_secret else desired
        self.actual = redaction.shown(actual) if self._is_secret else actual

    def read_as(self, spelling: Format) -> tuple[str, str] | None:
        """Both values as their format reads them, where that is another form."""
        if self._is_secret or None in (self.desired, self.actual):
            return None
        read = [scalars.canonical(value, spelling) for value in (self.desired, self.actual)]
        return None if read == [self.desired, self.actual] else (_text(read[0]), _text(read[1]))


def _text(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.isoformat() if isinstance(value, datetime) else str(value)


# --- schemas in words ------------------------------------------------------------------------------


def node_at(schema: Schema, path: FieldPath) -> Schema:
    """The schema of what lies at a path; `ANY` where it is not known."""
    for segment in path.segments:
        if isinstance(segment, str) and schema.shape is not Shape.MAP:
            schema = schema.fields.get(segment, ANY)
        else:
            schema = schema.items or ANY
    return schema


def described(schema: Schema) -> str:
    """How values of a schema are compared: shape, keys, format, default."""
    merge = schema.merge
    keyed = schema.shape is Shape.KEYED_LIST and merge is not None
    words = [f"a list by {', '.join(merge.keys)}" if keyed and merge else _shape(schema)]
    if schema.default is not MISSING:
        words.append(f"default {json.dumps(schema.default)}")
    if schema.derived:
        picked = schema.derived == derived.ALLOCATED
        words.append("picked by the control plane" if picked else f"default by {schema.derived}")
    if schema.atomic:
        words.append("owned as a whole")
    return ", ".join(words)


def _shape(schema: Schema) -> str:
    if schema.shape is Shape.SCALAR and schema.format is not Format.PLAIN:
        return f"a value read as {schema.format.replace('_', ' ')}"
    return _SHAPES[schema.shape]
