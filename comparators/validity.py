"""Names what is declared and would never be kept: fields that the schema of the kind does not know.

The API server drops them (or refuses the object), so they would differ for ever. They are said once,
as what they are: a mistake in Git (``K8S-008``). A field that the living object has is known to the
server, whatever a built-in schema says. This module refuses to validate values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from auditor.domain import checks
from auditor.domain.difference import Difference, Op
from auditor.domain.fieldpath import FieldPath, Segment, resolve_pointer
from auditor.domain.finding import Deviation
from auditor.domain.manifest import Origin
from auditor.domain.pair import Pair
from auditor.domain.schema import Schema, Shape
from comparators import redaction
from comparators.sealed import veiled_path

_NAMED = 3


def validity(pair: Pair) -> Iterator[Deviation]:
    """Report declared fields that the schema does not know."""
    if pair.desired is None or pair.schema is None:
        return
    if pair.actual is not None and pair.actual.version != pair.desired.version:
        return  # the schema is of the living version
    body = pair.desired.body
    if _is_known(body, pair.schema):
        return
    living = pair.actual.body if pair.actual else None
    unknown = tuple(_unknown(body, living, pair.schema, ()))
    if unknown:
        yield _deviation(pair, body, unknown)


def _deviation(
    pair: Pair, body: Mapping[str, Any], unknown: tuple[tuple[FieldPath, Any], ...]
) -> Deviation:
    named = ", ".join(str(veiled_path(path)) for path, _ in unknown[:_NAMED])
    more = f" and {len(unknown) - _NAMED} more" if len(unknown) > _NAMED else ""
    place = _place(pair.desired.origin if pair.desired else None)
    return Deviation(
        check=checks.INVALID.id,
        category=checks.INVALID.category,
        message=f"{pair.ref} declares what the API server does not know: {named}{more}{place}",
        differences=tuple(_difference(pair, body, path, value) for path, value in unknown),
    )


def _difference(pair: Pair, body: Mapping[str, Any], path: FieldPath, value: Any) -> Difference:
    shown = veiled_path(path)
    return Difference(
        path=shown,
        pointer=resolve_pointer(shown, body),
        op=Op.REMOVED,
        desired=redaction.sides(pair.ref, body, path, (value, None))[0],
    )


def _place(origin: Origin | None) -> str:
    if origin is None:
        return ""
    return f" ({origin.path}{f':{origin.line}' if origin.line else ''})"


def _is_known(value: Any, schema: Schema) -> bool:
    """Tell quickly whether every field is named by the schema, as nearly always."""
    fields, shape = schema.fields, schema.shape
    if isinstance(value, dict) and shape is Shape.OBJECT:
        for name, inner in value.items():
            node = fields.get(name)
            if node is None:
                if not schema.open:
                    return False
            elif isinstance(inner, dict | list) and not _is_known(inner, node):
                return False
    elif (items := schema.items) is not None and items.shape is not Shape.SCALAR:
        entries = value.values() if isinstance(value, dict) else value
        return all(_is_known(inner, items) for inner in entries)
    return True


Trail = tuple[Segment, ...]


def _unknown(
    value: Any, living: Any, schema: Schema, trail: Trail
) -> Iterator[tuple[FieldPath, Any]]:
    if schema.shape is Shape.OBJECT and isinstance(value, dict):
        yield from _unknown_fields(value, living, schema, trail)
    elif schema.items is not None and isinstance(value, dict | list):
        entries = value.items() if isinstance(value, dict) else enumerate(value)
        for segment, inner in entries:
            yield from _unknown(
                inner, _counterpart(living, segment), schema.items, (*trail, segment)
            )


def _unknown_fields(
    value: Mapping[str, Any], living: Any, schema: Schema, trail: Trail
) -> Iterator[tuple[FieldPath, Any]]:
    for name, inner in value.items():
        node = schema.fields.get(name)
        counterpart = _counterpart(living, name)
        if node is not None:
            yield from _unknown(inner, counterpart, node, (*trail, name))
        elif not schema.open and inner is not None and counterpart is None:
            yield FieldPath((*trail, name)), inner


def _counterpart(living: Any, segment: Segment) -> Any:
    if isinstance(living, dict):
        return living.get(segment)
    if isinstance(living, list) and isinstance(segment, int) and segment < len(living):
        return living[segment]
    return None
