"""Reads query strings strictly, and picks what they ask for.

A filter that is silently ignored looks like an answer, so an unknown parameter or value is an error that
names the nearest right one. Pure functions: from a query and what is known to what is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from operator import attrgetter, itemgetter
from typing import Any, Final, TypeVar

from auditor.config.words import nearest
from auditor.domain.finding import Category, Severity, State, Suppression, TrackedFinding, Verdict
from auditor.domain.identity import ObjectRef

T = TypeVar("T")
Field = Callable[[T], str]

LIMIT: Final = 500
"""Items of an answer, unless asked otherwise."""
MOST: Final = 10_000


class BadQuery(ValueError):
    """A query that means nothing; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Values that fields must have, each one of several, and how many items are wanted."""

    wanted: Mapping[str, frozenset[str]] = field(default_factory=dict)
    limit: int = LIMIT

    def pick(self, items: Iterable[T], fields: Mapping[str, Field[T]]) -> list[T]:
        """Keep the items whose fields have the wanted values."""
        tests = [(fields[name], values) for name, values in self.wanted.items() if name in fields]
        return [item for item in items if all(read(item) in values for read, values in tests)]


Standing = tuple[ObjectRef, Verdict, object]
"""An object, its verdict and, where unknown, why."""

Hidden = tuple[ObjectRef, Suppression]
"""An object, and one difference of it that an ignore rule hides."""

_OF_REF: Final = ("cluster", "group", "kind", "namespace", "name")


def _of_object(name: str) -> Field[tuple[Any, ...]]:
    def read(item: tuple[Any, ...]) -> str:
        return str(getattr(item[0], name))

    return read


def _of_suppression(name: str) -> Field[Hidden]:
    def read(hidden: Hidden) -> str:
        return str(getattr(hidden[1], name))

    return read


OF_FINDING: Final[Mapping[str, Field[TrackedFinding]]] = {
    **{name: attrgetter(f"finding.ref.{name}") for name in _OF_REF},
    **{name: attrgetter(f"finding.{name}") for name in ("check", "severity", "category")},
    "state": attrgetter("state"),
}
"""What findings can be picked by."""

OF_STANDING: Final[Mapping[str, Field[Standing]]] = {
    **{name: _of_object(name) for name in _OF_REF},
    "verdict": itemgetter(1),
}
"""What objects can be picked by."""

OF_SUPPRESSED: Final[Mapping[str, Field[Hidden]]] = {
    **{name: _of_object(name) for name in _OF_REF},
    **{name: _of_suppression(name) for name in ("check", "rule", "owner")},
}
"""What hidden differences can be picked by."""

_CLOSED: Final[Mapping[str, type[StrEnum]]] = {
    "severity": Severity,
    "category": Category,
    "state": State,
    "verdict": Verdict,
}


def parse_query(pairs: Sequence[tuple[str, str]], known: Iterable[str]) -> Query:
    """Read a query. A parameter may be repeated, or its values joined by commas: either will do.

    Raises:
        BadQuery: a parameter or a value that is not known.

    """
    names = sorted({*known, "limit"})
    wanted: dict[str, set[str]] = {}
    limit = LIMIT
    for name, text in pairs:
        if name not in names:
            hint = nearest(name, names) or f"; known: {', '.join(names)}"
            raise BadQuery(f"unknown parameter {name!r}{hint}")
        if name == "limit":
            limit = _limit(text)
        else:
            wanted.setdefault(name, set()).update(_known(name, value) for value in text.split(","))
    return Query(wanted={name: frozenset(values) for name, values in wanted.items()}, limit=limit)


def _limit(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST:
        raise BadQuery(f"limit must be a number from 1 to {MOST}")
    return int(text)


def _known(name: str, value: str) -> str:
    closed = _CLOSED.get(name)
    values = [str(member) for member in closed] if closed else [value]
    if value not in values:
        hint = nearest(value, values) or f"; known: {', '.join(values)}"
        raise BadQuery(f"{name} cannot be {value!r}{hint}")
    return value
