"""Where a field stands in YAML that was read for the places of things.

Walks down nodes of PyYAML by the segments of a path. It refuses to say what a value means.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import yaml

from auditor.domain.fieldpath import Key, Member, Segment

_BLOCK: Final = ("|", ">")
"""Scalars that end where the next line begins."""

_DEEPEST: Final = 1_000
"""So many levels of nesting are gone down."""


class Field(NamedTuple):
    """A value, and the line, from 1, on which its name stands, or it does as an item."""

    first: int
    node: yaml.Node

    @property
    def lines(self) -> tuple[int, int]:
        """Its first and last line, from 1."""
        return self.first, max(self.first, last_line(self.node))

    @property
    def text(self) -> str | None:
        """What it says; ``None`` where it is no scalar."""
        return str(self.node.value) if isinstance(self.node, yaml.ScalarNode) else None

    @property
    def text_begins(self) -> int | None:
        """The line, from 1, of the first line of a text of several; ``None`` where these cannot be told."""
        is_literal = getattr(self.node, "style", None) == "|"
        return self.node.start_mark.line + 2 if is_literal else None


def field_at(node: yaml.Node | None, segments: Iterable[Segment]) -> Field | None:
    """Walk down to a field; ``None`` where there is none."""
    if node is None:
        return None
    found = Field(node.start_mark.line + 1, node)
    for segment in segments:
        step = _step(found.node, segment)
        if step is None:
            return None
        found = step
    return found


def items_of(found: Field | None) -> tuple[Field, ...]:
    """The items of a list; none where it is no list."""
    if found is None or not isinstance(found.node, yaml.SequenceNode):
        return ()
    return tuple(Field(item.start_mark.line + 1, item) for item in found.node.value)


def text_at(node: yaml.Node | None, *segments: Segment) -> str | None:
    """What a field says; ``None`` where there is none, or it is no scalar."""
    found = field_at(node, segments)
    return None if found is None else found.text


def is_meant(item: yaml.Node, segment: Segment) -> bool:
    """Tell whether an item of a list is the one that a key or member names."""
    if isinstance(segment, Member):
        return bool(item.value == str(segment.value))
    if not isinstance(segment, Key) or not isinstance(item, yaml.MappingNode):
        return False
    said = {key.value: value.value for key, value in item.value if isinstance(key.value, str)}
    return all(said.get(name, str(value)) == str(value) for name, value in segment.pairs)


def last_line(node: yaml.Node) -> int:
    """The last line of a value, from 1: what follows it (comments, blank lines) is not its own."""
    last: Any = node
    for _ in range(_DEEPEST):  # an alias may lead back to what it is in
        if not isinstance(last, yaml.CollectionNode) or not last.value or last.flow_style:
            break
        last = last.value[-1][1] if isinstance(last, yaml.MappingNode) else last.value[-1]
    ends_above = getattr(last, "style", None) in _BLOCK
    end: int = last.end_mark.line if ends_above else last.end_mark.line + 1
    return max(node.start_mark.line + 1, end)


def _step(node: yaml.Node, segment: Segment) -> Field | None:
    """One step further down."""
    if isinstance(node, yaml.MappingNode):
        named = ((key, value) for key, value in node.value if key.value == segment)
        return next((Field(key.start_mark.line + 1, value) for key, value in named), None)
    if not isinstance(node, yaml.SequenceNode):
        return None
    if isinstance(segment, int):
        items = node.value[segment : segment + 1]
    else:
        items = [item for item in node.value if is_meant(item, segment)]
    return next((Field(item.start_mark.line + 1, item) for item in items), None)
