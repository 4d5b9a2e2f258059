"""Where in an object something is.

A path is a tuple of typed segments, because label keys contain dots and slashes and list items are
named by key, not by place. It prints as people read it and resolves to an RFC 6901 pointer against a
concrete object. It refuses to change an object.

The segment kinds are those of managedFields (``f:`` field, ``k:`` key, ``v:`` value, ``i:`` index),
https://kubernetes.io/docs/reference/using-api/server-side-apply/.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

_PLAIN = re.compile(r"^[A-Za-z_][A-Za-z0-9_-]*\Z")
_WORD = re.compile(r"^[^\s\[\]{}=,\"]+\Z")
_JSON_WORD = re.compile(
    r"^(-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?|true|false|null|NaN|-?Infinity)\Z"
)


@dataclass(frozen=True, slots=True)
class Key:
    """The item of a keyed list whose key fields have these values, sorted by field name."""

    pairs: tuple[tuple[str, Any], ...]

    def __str__(self) -> str:
        """Print ``[containerPort=80,protocol=TCP]``."""
        pairs = (f"{_field(name)}={_bare(value)}" for name, value in self.pairs)
        return "[" + ",".join(pairs) + "]"

    def matches(self, item: object) -> bool:
        """Tell whether a list item carries these key values."""
        return isinstance(item, dict) and all(item.get(name) == value for name, value in self.pairs)

    def allows(self, item: object) -> bool:
        """Tell whether a list item carries no other key values: a key with a default may be left out."""
        return isinstance(item, dict) and all(
            item.get(name, value) == value for name, value in self.pairs
        )


@dataclass(frozen=True, slots=True)
class Member:
    """The item of a set that has this (scalar) value."""

    value: Any

    def __str__(self) -> str:
        """Print ``[=value]``."""
        return f"[={_bare(self.value)}]"


Segment = str | int | Key | Member
"""A field name, the index into an ordered list, the key of a keyed one, or a set's member."""


@dataclass(frozen=True, slots=True)
class FieldPath:
    """Segments from the root of an object down to one field."""

    segments: tuple[Segment, ...] = ()

    def child(self, segment: Segment) -> FieldPath:
        """One step further down."""
        return FieldPath((*self.segments, segment))

    def starts_with(self, prefix: FieldPath) -> bool:
        """Tell whether this path lies at or below ``prefix``."""
        return self.segments[: len(prefix.segments)] == prefix.segments

    def __str__(self) -> str:
        """Print ``spec.containers[name=web].image``; odd field names are quoted: ``labels["a/b"]``."""
        text = ""
        for segment in self.segments:
            if isinstance(segment, str):
                field = _field(segment)
                text += f"[{field}]" if field != segment else f".{field}" if text else field
            elif isinstance(segment, int):
                text += f"[{segment}]"
            else:
                text += str(segment)
        return text


def resolve_pointer(path: FieldPath, root: object) -> str:
    """Turn a path into an RFC 6901 pointer into ``root``.

    A keyed item that ``root`` does not have gets ``-``, the place after the last item.
    """
    pointer, current = "", root
    for segment in path.segments:
        step = _step(segment, current)
        pointer += "/" + str(step).replace("~", "~0").replace("/", "~1")
        current = _descend(current, step)
    return pointer


def value_at(path: FieldPath, root: object) -> object:
    """What ``root`` has at a path; ``None`` where it has nothing there."""
    current = root
    for segment in path.segments:
        current = _descend(current, _step(segment, current))
    return current


def _step(segment: Segment, current: object) -> str | int:
    if isinstance(segment, str | int):
        return segment
    items = current if isinstance(current, list) else []
    if isinstance(segment, Member):
        return items.index(segment.value) if segment.value in items else "-"
    for matches in (segment.matches, segment.allows):
        for index, item in enumerate(items):
            if matches(item):
                return index
    return "-"


def _descend(current: object, step: str | int) -> object:
    if isinstance(current, dict):
        return current.get(step)
    if isinstance(current, list) and isinstance(step, int) and step < len(current):
        return current[step]
    return None


def _field(name: str) -> str:
    return name if _PLAIN.match(name) else json.dumps(name)


def _bare(value: object) -> str:
    """Print a value without quotes where it cannot be mistaken for anything but that string."""
    plain = isinstance(value, str) and _WORD.match(value) and not reads_as_json(value)
    return str(value) if plain else json.dumps(value)


def reads_as_json(text: str) -> bool:
    """Tell whether a bare text would be taken for a number, a truth value or null."""
    return _JSON_WORD.match(text) is not None
