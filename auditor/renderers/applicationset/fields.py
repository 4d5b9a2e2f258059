"""The fields of an ApplicationSet, read by the form that they must have.

What the API server would refuse for its form is refused here by name; what is absent is empty. It refuses to
know what fields mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auditor.errors import ManifestError


def mapping(value: Any, name: str) -> Mapping[str, Any]:
    """Read a mapping.

    Raises:
        ManifestError: it is something else.

    """
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ManifestError(f"{name} is no mapping. Write names and values.")
    return value


def items(value: Any, name: str) -> list[Any]:
    """Read a list.

    Raises:
        ManifestError: it is something else.

    """
    if value is None:
        return []
    if not isinstance(value, list):
        raise ManifestError(f"{name} is no list. Begin each of its items with a dash.")
    return value


def mappings(value: Any, name: str) -> list[Mapping[str, Any]]:
    """Read a list of mappings.

    Raises:
        ManifestError: it is something else.

    """
    return [mapping(each, f"an item of {name}") for each in items(value, name)]


def words(value: Any, name: str) -> tuple[str, ...]:
    """Read a list of texts; what else stands in it is taken as it is written.

    Raises:
        ManifestError: it is no list.

    """
    return tuple(map(str, items(value, name)))
