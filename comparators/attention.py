"""What a comparator does not look at, so that news about it need not be looked at either."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from auditor.domain.identity import GroupKind

_C = TypeVar("_C", bound=Callable[..., object])


def ignores_status(comparator: _C) -> _C:
    """Promise that a comparator's answer never depends on an object's status.

    Where every installed comparator promises that, changes of status alone wake nobody.
    """
    return reads_status_of()(comparator)


def reads_status_of(*kinds: GroupKind) -> Callable[[_C], _C]:
    """Promise that a comparator's answer depends on the status of objects of these kinds alone."""

    def promise(comparator: _C) -> _C:
        read = frozenset(kinds)
        comparator.reads_status_of = read  # type: ignore[attr-defined] # functions take attributes
        return comparator

    return promise
