"""Lists: by key, as sets, in order, or as bags.

Which it is comes from the schema (``x-kubernetes-list-type``); without one a list is in order. Items of
an ordered list are aligned before they are compared, so that one insertion is one difference. This
module refuses to reorder anything for the caller.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from auditor.domain.difference import Op
from auditor.domain.fieldpath import Key, Member, Segment
from auditor.domain.schema import ANY, Merge, Order, Schema, Shape
from comparators.candidate import Candidate
from comparators.sealed import is_sealed

if TYPE_CHECKING:
    from comparators.walk import Walk

SHAPES: Final = frozenset({Shape.KEYED_LIST, Shape.SET, Shape.LIST, Shape.BAG})
_REFERENCE: Final = re.compile(r"\$\(([^)]+)\)")
_MOST_ALIGNED: Final = 4096
"""Above so many comparisons a list is compared place by place, which is only less precise."""

KeyValues = tuple[Any, ...]


def compare(walk: Walk, desired: list[Any], actual: list[Any], schema: Schema) -> None:
    """Compare two lists the way their schema says."""
    items = schema.items or ANY
    if (items.exact or items.shape is Shape.SCALAR) and desired == actual:
        return
    if schema.shape is Shape.KEYED_LIST and schema.merge is not None:
        wanted, living = _by_key(desired, schema.merge), _by_key(actual, schema.merge)
        if wanted is not None and living is not None:
            _keyed(walk, wanted, living, schema)
            return
    if schema.shape is Shape.SET and _is_set(desired) and _is_set(actual):
        _set(walk, desired, actual)
    elif schema.shape is Shape.BAG:
        _bag(walk, desired, actual, items)
    else:
        _ordered(walk, desired, actual, schema)


def keyed_entries(value: Any, schema: Schema) -> list[tuple[Segment, Any]] | None:
    """The items of a keyed list with their keys; None where keys are missing or not unique."""
    if schema.merge is None or not isinstance(value, list):
        return None
    found = _by_key(value, schema.merge)
    if found is None:
        return None
    return [(_key(schema.merge, values), item) for values, item in found.items()]


def set_entries(value: Any) -> list[tuple[Segment, Any]] | None:
    """The members of a set; None where there are duplicates or members that are no scalars."""
    return [(Member(member), member) for member in value] if _is_set(value) else None


def _by_key(values: Sequence[Any], merge: Merge) -> dict[KeyValues, Any] | None:
    found: dict[KeyValues, Any]
    try:
        if len(merge.keys) == 1:
            (name,), (absent,) = merge.keys, merge.absent
            found = {(item.get(name, absent),): item for item in values}
        else:
            keys = tuple(zip(merge.keys, merge.absent, strict=True))
            found = {tuple([item.get(key, none) for key, none in keys]): item for item in values}
    except (TypeError, AttributeError):  # a key that is no scalar, an item that is no object
        return None
    return found if len(found) == len(values) else None


def _key(merge: Merge, values: KeyValues) -> Key:
    return Key(tuple(zip(merge.keys, values, strict=True)))


def _keyed(
    walk: Walk, desired: Mapping[KeyValues, Any], actual: Mapping[KeyValues, Any], schema: Schema
) -> None:
    items, merge = schema.items or ANY, schema.merge
    assert merge is not None  # noqa: S101 - the caller looked
    lost = []
    for key, wanted in desired.items():
        living = actual.get(key)
        if living is None:
            lost.append(key)
            continue
        if items.exact and wanted == living:
            continue
        before = len(walk.found)
        walk.value(wanted, living, items)
        if len(walk.found) > before:
            walk.lift(before, _key(merge, key))
    if lost or len(actual) > len(desired):
        extra = [key for key in actual if key not in desired]
        _rekeyed(walk, (desired, actual), (lost, extra), schema)
    if merge.order is not Order.FREE:
        _order(walk, desired, actual, merge.order)


def _rekeyed(
    walk: Walk,
    sides: tuple[Mapping[KeyValues, Any], Mapping[KeyValues, Any]],
    unmatched: tuple[list[KeyValues], list[KeyValues]],
    schema: Schema,
) -> None:
    """Report items that one side has; an item of which only the key changed is one change."""
    (desired, actual), (lost, extra) = sides, unmatched
    merge = schema.merge
    assert merge is not None  # noqa: S101 - the caller looked
    for old in lost:
        new = next((key for key in extra if _is_same_item(walk, sides, (old, key), schema)), None)
        if new is None:
            walk.entry(Op.REMOVED, desired[old], _key(merge, old))
            continue
        extra.remove(new)
        before = len(walk.found)
        walk.value(desired[old], actual[new], schema.items or ANY)
        walk.found[before:] = [c for c in walk.found[before:] if not c.allocated]
        walk.lift(before, _key(merge, old), _key(merge, new))
    for key in extra:
        walk.entry(Op.ADDED, actual[key], _key(merge, key))


def _is_same_item(
    walk: Walk,
    sides: tuple[Mapping[KeyValues, Any], Mapping[KeyValues, Any]],
    keys: tuple[KeyValues, KeyValues],
    schema: Schema,
) -> bool:
    """Tell whether two items differ in their key only: then the key is what was changed."""
    merge = schema.merge
    assert merge is not None  # noqa: S101 - the caller looked
    wanted, living = (side[key] for side, key in zip(sides, keys, strict=True))
    if wanted.keys() <= set(
        merge.keys
    ):  # nothing but a key: one key field at least must be the same
        return any(a == b for a, b in zip(*keys, strict=True))
    return all(
        candidate.allocated
        or (len(candidate.segments) == 1 and candidate.segments[0] in merge.keys)
        for candidate in walk.differences(wanted, living, schema.items or ANY)
    )


def _order(
    walk: Walk, desired: Mapping[KeyValues, Any], actual: Mapping[KeyValues, Any], order: Order
) -> None:
    wanted = [key for key in desired if key in actual]
    living = [key for key in actual if key in desired]
    if wanted == living:
        return
    if order is Order.KEPT or _references(desired, wanted) != _references(actual, living):
        names = [[_shown(key) for key in side] for side in (desired, actual)]
        walk.note(Op.CHANGED, *names).traceless = True


def _shown(key: KeyValues) -> Any:
    return key[0] if len(key) == 1 else list(key)


def _references(
    items: Mapping[KeyValues, Any], order: Sequence[KeyValues]
) -> dict[KeyValues, frozenset[str]]:
    """For each variable, which of the variables that it uses are set before it."""
    before: set[str] = set()
    found = {}
    for key in order:
        used = _REFERENCE.findall(str(items[key].get("value", "")))
        if used:
            found[key] = frozenset(before.intersection(used))
        before.add(str(key[0]))
    return found


def _is_set(value: Any) -> bool:
    if not isinstance(value, list) or any(isinstance(member, dict | list) for member in value):
        return False
    return len(set(value)) == len(value)


def _set(walk: Walk, desired: list[Any], actual: list[Any]) -> None:
    """Report members that one side has; a sealed one may be any that the other side has in addition."""
    lost = [member for member in desired if member not in actual]
    extra = [member for member in actual if member not in desired]
    strangers = [member for member in lost if is_sealed(member)][: len(extra)]
    for member in lost if not strangers else [one for one in lost if one not in strangers]:
        walk.entry(Op.REMOVED, member, Member(member))
    for member in extra[len(strangers) :]:
        walk.entry(Op.ADDED, member, Member(member))


Alignment = Iterator[tuple[int | None, int | None]]
"""Index in desired and in actual; None where that side has no counterpart."""


def _bag(walk: Walk, desired: list[Any], actual: list[Any], items: Schema) -> None:
    extra = list(range(len(actual)))
    lost = []
    for place, wanted in enumerate(desired):
        match = next((i for i in extra if walk.equal(wanted, actual[i], items)), None)
        lost.append(place) if match is None else extra.remove(match)
    places: list[tuple[int | None, int | None]] = []
    for place in lost:
        match = _counterpart(place, desired[place], extra, actual)
        places.append((place, match))
        if match is not None:
            extra.remove(match)
    places.extend((None, place) for place in extra)
    _report(walk, (desired, actual), iter(places), items)


def _counterpart(place: int, wanted: Any, extra: list[int], actual: list[Any]) -> int | None:
    """The item that this one became: one that shares something with it, or took its place."""
    akin = (i for i in extra if _is_akin(wanted, actual[i]))
    same_place = place if place in extra else None
    return next(akin, same_place)


def _is_akin(wanted: Any, living: Any) -> bool:
    """Tell whether two items share a field that says something."""
    if not isinstance(wanted, dict) or not isinstance(living, dict):
        return False
    return any(value and living.get(name) == value for name, value in wanted.items())


def _ordered(walk: Walk, desired: list[Any], actual: list[Any], schema: Schema) -> None:
    items, before = schema.items or ANY, len(walk.found)
    places = align(desired, actual, lambda a, b: walk.equal(a, b, items))
    _report(walk, (desired, actual), places, items)
    if schema.merge is not None:
        _name_owners(walk.found[before:], actual, schema.merge)


def _name_owners(found: Sequence[Candidate], actual: list[Any], merge: Merge) -> None:
    """Items with the same key are compared by place, but their writers are recorded by key."""
    keys = tuple(zip(merge.keys, merge.absent, strict=True))
    for candidate in found:
        place = candidate.segments[-1]
        if isinstance(place, int) and candidate.op is not Op.REMOVED:
            item = actual[place]
            candidate.living = [*candidate.segments]
            if isinstance(item, dict):
                pairs = tuple((name, item.get(name, absent)) for name, absent in keys)
                candidate.living[-1] = Key(pairs)


def _report(
    walk: Walk, sides: tuple[list[Any], list[Any]], places: Alignment, items: Schema
) -> None:
    desired, actual = sides
    start = len(walk.found)
    for old, new in places:
        before = len(walk.found)
        if old is None and new is not None:
            walk.note(Op.ADDED, None, actual[new])
        elif new is None and old is not None:
            walk.note(Op.REMOVED, desired[old], None)
        elif old is not None and new is not None:
            walk.value(desired[old], actual[new], items)
        walk.lift(before, new if new is not None else old or 0)
    for candidate in walk.found[start:]:
        candidate.sure = candidate.whole = True


def align(
    desired: Sequence[Any], actual: Sequence[Any], equal: Callable[[Any, Any], bool]
) -> Alignment:
    """Match the items of two ordered lists so that as many as possible are equal."""
    head = 0
    while head < min(len(desired), len(actual)) and equal(desired[head], actual[head]):
        yield head, head
        head += 1
    tail = 0
    most = min(len(desired), len(actual)) - head
    while tail < most and equal(desired[-1 - tail], actual[-1 - tail]):
        tail += 1
    middle = desired[head : len(desired) - tail], actual[head : len(actual) - tail]
    for old, new in _gaps(*middle, equal):
        yield None if old is None else head + old, None if new is None else head + new
    for place in range(tail, 0, -1):
        yield len(desired) - place, len(actual) - place


def _gaps(
    desired: Sequence[Any], actual: Sequence[Any], equal: Callable[[Any, Any], bool]
) -> Alignment:
    anchors: list[tuple[int, int]] = []
    if len(desired) != len(actual) and len(desired) * len(actual) <= _MOST_ALIGNED:
        anchors = _common(desired, actual, equal)
    old = new = 0
    for next_old, next_new in [*anchors, (len(desired), len(actual))]:
        while old < next_old or new < next_new:
            yield old if old < next_old else None, new if new < next_new else None
            old, new = min(old + 1, next_old), min(new + 1, next_new)
        if next_old < len(desired) and next_new < len(actual):
            yield next_old, next_new
        old, new = next_old + 1, next_new + 1


def _common(
    desired: Sequence[Any], actual: Sequence[Any], equal: Callable[[Any, Any], bool]
) -> list[tuple[int, int]]:
    """The longest common subsequence, as pairs of places."""
    rows, columns = len(desired), len(actual)
    matches = [[equal(a, b) for b in actual] for a in desired]
    best = [[0] * (columns + 1) for _ in range(rows + 1)]
    for i in range(rows - 1, -1, -1):
        for j in range(columns - 1, -1, -1):
            step = best[i + 1][j + 1] + 1 if matches[i][j] else 0
            best[i][j] = max(step, best[i + 1][j], best[i][j + 1])
    found, i, j = [], 0, 0
    while i < rows and j < columns:
        if matches[i][j] and best[i][j] == best[i + 1][j + 1] + 1:
            found.append((i, j))
            i, j = i + 1, j + 1
        elif best[i + 1][j] >= best[i][j + 1]:
            i += 1
        else:
            j += 1
    return found
