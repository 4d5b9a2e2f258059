"""Tells field by field how the structural comparison comes to what it says.

The candidates and what became of them are those of the comparison itself; what it passes over is told
besides. This module refuses to decide anything.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, TypeVar

from auditor.domain.difference import REDACTED, Difference, Op
from auditor.domain.fieldpath import FieldPath
from auditor.domain.pair import Pair
from auditor.domain.reasoning import Reason
from auditor.domain.schema import ANY, MISSING, UNKNOWN_KIND, Format, Schema, Shape
from comparators import derived, forms, redaction, scalars
from comparators.expectation import Expectations, Weighed
from comparators.sealed import veiled_path
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
        candidate = weighed.candidate
        node = node_at(schema, candidate.path)
        values = (candidate.desired, candidate.actual)
        shown = redaction.sides(pair.ref, sides[0], candidate.path, values)
        yield _weighed(weighed, node, shown)
    for silence in silences(*sides, schema):
        yield _silent(silence, _shown(pair, silence, sides[0]), expectations)


def _shown(pair: Pair, silence: Silence, root: Mapping[str, Any]) -> tuple[Any, Any]:
    """What may be shown of a field; of the API server's own nothing: long, and of no use to anybody."""
    own = silence.schema.shape is Shape.IGNORED
    values = (silence.desired, None if own else silence.actual)
    if silence.is_sealed:
        return redaction.shown(values[0]), redaction.shown(values[1])
    return redaction.sides(pair.ref, root, silence.path, values)


def _invalid(difference: Difference) -> Reason:
    return Reason(
        path=difference.path,
        op=difference.op,
        expected=False,
        because="declared, and the API server does not keep such a field",
        schema="not known to the schema of the kind",
        desired=difference.desired,
    )


def _weighed(weighed: Weighed, node: Schema, shown: tuple[Any, Any]) -> Reason:
    return Reason(
        path=veiled_path(weighed.candidate.path),
        op=weighed.candidate.op,
        expected=weighed.excused,
        because=weighed.because,
        schema=described(node),
        desired=shown[0],
        actual=shown[1],
        compared_as=_read_as(shown, node.format),
        writer=weighed.writer,
    )


def _silent(silence: Silence, shown: tuple[Any, Any], expectations: Expectations) -> Reason:
    own = silence.schema.shape is Shape.IGNORED
    return Reason(
        path=silence.path,
        op=None if silence.desired is not None else Op.ADDED,
        expected=True,
        because=silence.because,
        schema=described(silence.schema),
        desired=shown[0],
        actual=shown[1],
        compared_as=_read_as(shown, silence.schema.format),
        writer=None if own else expectations.ownership.writer(silence.path),
    )


def _read_as(shown: tuple[Any, Any], spelling: Format) -> tuple[str, str] | None:
    """Both values as their format reads them, where that is another form."""
    if None in shown or REDACTED in shown:
        return None
    read = tuple(scalars.canonical(value, spelling) for value in shown)
    return None if read == shown else (_text(read[0]), _text(read[1]))


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
