"""How bad a difference is, before any rule of the user.

The data file ``severity.yaml`` ranks places; here they are only looked up. This module refuses to know
any field.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from auditor.domain.difference import REDACTED, Difference
from auditor.domain.fieldpath import FieldPath
from auditor.domain.finding import Severity
from auditor.domain.identity import GroupKind, ObjectRef
from comparators import knowledge
from comparators.knowledge import Weight


def worst(ref: ObjectRef, differences: Iterable[Difference]) -> Severity:
    """The severity of the worst of some differences of one object."""
    found = (_severity(_weights(ref.group_kind, d.path), d) for d in differences)
    return min(found, key=lambda severity: severity.rank, default=Severity.INFO)


@lru_cache(maxsize=8192)
def _weights(kind: GroupKind, path: FieldPath) -> tuple[Weight, ...]:
    """The entries about a place of a kind: the same places differ again and again."""
    return tuple(
        weight
        for weight in knowledge.weights()
        if weight.kinds.match(kind) and any(pattern.matches(path) for pattern in weight.paths)
    )


def _severity(weights: Iterable[Weight], difference: Difference) -> Severity:
    return next(
        (weight.severity for weight in weights if _matches(weight, difference)), Severity.MEDIUM
    )


def _matches(weight: Weight, difference: Difference) -> bool:
    if weight.ops and difference.op not in weight.ops:
        return False
    value = difference.desired if difference.actual is None else difference.actual
    return not weight.values or any(_has(value, wanted) for wanted in weight.values)


def _has(value: Any, wanted: Any) -> bool:
    """Tell whether a value is, or anywhere contains, the wanted one; see the data file."""
    if value == REDACTED:
        return False
    if isinstance(value, Mapping):
        return _has_fields(value, wanted) or any(_has(inner, wanted) for inner in value.values())
    if isinstance(value, list):
        return any(_has(inner, wanted) for inner in value)
    return type(value) is type(wanted) and bool(value == wanted)


def _has_fields(value: Mapping[str, Any], wanted: Any) -> bool:
    return isinstance(wanted, Mapping) and all(
        name in value and (expected is None or value[name] == expected)
        for name, expected in wanted.items()
    )
