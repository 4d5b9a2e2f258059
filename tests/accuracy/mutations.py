"""Everything that somebody may do to an object behind the back of its owner.

A mutation is a JSON Patch, and what a comparison must say of it: the path, and how it differs there. The
declared leaves of any object are changed and removed one by one; what people add stands in
``additions``. This module refuses to know how a comparison works: paths come from the schema alone.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from auditor.domain.difference import Op
from auditor.domain.fieldpath import FieldPath, Key, Segment
from auditor.domain.schema import ANY, METADATA, Format, Schema, Shape
from tests.accuracy.additions import Body, Mutation, Steps, additions_to, pointer, value_at
from tests.accuracy.pairs import Planted


@dataclass(frozen=True, slots=True)
class Leaf:
    """A declared scalar that lives: where, by pointer and by path, and how it is spelled."""

    steps: Steps
    path: tuple[Segment, ...]
    value: Any
    schema: Schema


def mutations_of(planted: Planted) -> Iterator[Mutation]:
    """Everything that can be done to one object, in no order that matters."""
    is_untracked = "managedFields" not in planted.actual["metadata"]
    for mutation in chain(_mutations(planted), additions_to(planted.desired, planted.actual)):
        yield replace(mutation, is_untracked=is_untracked)


def _mutations(planted: Planted) -> Iterator[Mutation]:
    for leaf in leaves(planted.desired, planted.actual, planted.pair.schema or ANY):
        yield from _changed(leaf, planted)
        if not _is_last(leaf, planted):
            yield _removed(leaf)


def _is_last(leaf: Leaf, planted: Planted) -> bool:
    """Tell whether removing a leaf empties its list or map: that is gone then, as a whole."""
    return len(value_at(planted.actual, leaf.steps[:-1])) == 1


def leaves(desired: Body, actual: Body, schema: Schema) -> Iterator[Leaf]:
    """The declared scalars of an object that its living self has too."""
    for name, value in desired.items():
        node = schema.fields.get(name, ANY)
        if node is METADATA:
            yield from _labels(desired, actual)
        elif node.shape is not Shape.IGNORED and name in actual:
            yield from _below(value, actual[name], node, ((name,), (name,)))


def _labels(desired: Body, actual: Body) -> Iterator[Leaf]:
    for part in ("labels", "annotations"):
        for name in desired["metadata"].get(part) or {}:
            if name in (actual["metadata"].get(part) or {}) and "last-applied" not in name:
                steps = ("metadata", part, name)
                items = METADATA.fields[part].items or ANY
                yield Leaf(steps, steps, actual["metadata"][part][name], items)


def _below(
    desired: Any, actual: Any, schema: Schema, trail: tuple[Steps, tuple[Segment, ...]]
) -> Iterator[Leaf]:
    steps, path = trail
    if isinstance(desired, dict) and isinstance(actual, dict):
        for name in desired.keys() & actual.keys():
            node = schema.fields.get(name) or schema.items or ANY
            yield from _below(desired[name], actual[name], node, ((*steps, name), (*path, name)))
    elif isinstance(desired, list) and isinstance(actual, list):
        for place, segment, wanted, living in _items(desired, actual, schema):
            inner = schema.items or ANY
            yield from _below(wanted, living, inner, ((*steps, place), (*path, segment)))
    elif not isinstance(desired, dict | list) and actual not in ("", None):
        yield Leaf(steps, path, actual, schema)


def _items(
    desired: list[Any], actual: list[Any], schema: Schema
) -> Iterator[tuple[int, Segment, Any, Any]]:
    """The items that both sides have. A set's are left out: changing a member is not one change."""
    if schema.shape is Shape.KEYED_LIST and schema.merge is not None:
        for wanted in desired:
            key = _key(wanted, schema)
            for place, living in enumerate(actual):
                if _key(living, schema) == key:
                    yield place, key, wanted, living
    elif schema.shape is not Shape.SET and len(desired) == len(actual):
        for place, (wanted, living) in enumerate(zip(desired, actual, strict=True)):
            yield place, place, wanted, living


def _key(item: Body, schema: Schema) -> Key:
    merge = schema.merge
    if merge is None:
        return Key(())
    pairs = zip(merge.keys, merge.absent, strict=True)
    return Key(tuple((name, item.get(name, absent)) for name, absent in pairs))


def _changed(leaf: Leaf, planted: Planted) -> Iterator[Mutation]:
    for value in _other_values(leaf):
        if _collides(leaf, value, planted):
            continue
        yield Mutation(
            kind=f"change {_class(leaf.path)}",
            patch=({"op": "replace", "path": pointer(leaf.steps), "value": value},),
            path=FieldPath(leaf.path),
            ops=frozenset({Op.CHANGED} if value else {Op.CHANGED, Op.REMOVED}),  # a zero is dropped
        )


def _collides(leaf: Leaf, value: Any, planted: Planted) -> bool:
    """Tell whether a changed key would be another item's: such a list has no keys any more."""
    field, items = leaf.steps[-1], value_at(planted.actual, leaf.steps[:-2])
    keyed = isinstance(items, list) and isinstance(field, str)
    return keyed and any(isinstance(i, dict) and i.get(field) == value for i in items)


def _removed(leaf: Leaf) -> Mutation:
    return Mutation(
        kind=f"remove {_class(leaf.path)}",
        patch=({"op": "remove", "path": pointer(leaf.steps)},),
        path=FieldPath(leaf.path),
        ops=frozenset({Op.REMOVED, Op.CHANGED}),  # a default may take the place of what is gone
    )


def _other_values(leaf: Leaf) -> Iterator[Any]:
    value, spelling = leaf.value, leaf.schema.format
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield value + 1
    elif isinstance(value, float):
        yield value + 0.5
    elif spelling is Format.BYTES:
        yield b64encode(b"drifted").decode()
    elif spelling is Format.QUANTITY:
        yield "7" + value.lstrip("0123456789.") if isinstance(value, str) else 7
    elif isinstance(value, str):
        yield f"{value}-drifted" if value else "drifted"


def _class(path: tuple[Segment, ...]) -> str:
    """A name for what lies at a path, for the table."""
    names = [segment for segment in path if isinstance(segment, str)]
    for word in ("labels", "annotations", "env", "image", "args", "command", "ports", "rules"):
        if word in names:
            return word
    if names[0] in {"data", "stringData", "binaryData"}:
        return "data"
    return {"spec": "spec field", "subjects": "subjects", "roleRef": "roleRef"}.get(
        names[0], "field"
    )


def same_object(before: Body, after: Body) -> bool:
    """Tell whether a change came to nothing, as when it wrote what was there."""
    return _without_bookkeeping(before) == _without_bookkeeping(after)


def _without_bookkeeping(body: Body) -> str:
    metadata = {
        name: value
        for name, value in body["metadata"].items()
        if name not in {"managedFields", "resourceVersion", "generation", "uid"}
    }
    return json.dumps({**body, "metadata": metadata}, sort_keys=True)
