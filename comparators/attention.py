"""What a comparator does not look at, so that news about it need not be looked at either."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

_C = TypeVar("_C", bound=Callable[..., object])


def ignores_status(comparator: _C) -> _C:
    """Promise that a comparator's answer never depends on an object's status.

    While every installed comparator promises that, changes of status alone wake nobody.
    """
    comparator.ignores_status = True  # type: ignore[attr-defined] # functions take attributes
    return comparator
