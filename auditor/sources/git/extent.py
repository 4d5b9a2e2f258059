"""Which lines of a file hold an object, and which of them one of its fields.

Reads YAML (and so JSON) for the places of things only. Text that cannot be read, such as a template, still
has its documents told apart. It refuses to say what anything means.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import yaml

from auditor.domain.fieldpath import FieldPath, Key, Member, Segment

_SEPARATOR: Final = re.compile(r"^(---|\.\.\.)(\s|$)")
_LONGEST: Final = 2**18
"""So many characters of a document are read for its fields; a longer one is taken as a whole."""
_BLOCK: Final = ("|", ">")
"""Scalars that end where the next line begins."""


@dataclass(frozen=True, slots=True)
class Span:
    """Lines of a file from ``first`` to ``last``, both included, counted from 1."""

    first: int
    last: int


def object_span(text: str, line: int) -> Span:
    """Find the lines of the object that begins on a line."""
    passage = _passage(text, line)
    found = _mapping_at(text, passage, line)
    return Span(line, _last_line(found)) if found is not None else Span(line, passage.last)


def field_spans(text: str, line: int, fields: Iterable[FieldPath]) -> tuple[Span, ...]:
    """Find the lines of fields of the object that begins on a line; those that it has written out."""
    found = _mapping_at(text, _passage(text, line), line)
    if found is None:
        return ()
    spans = (_field(found, path.segments) for path in fields if path.segments)
    return tuple(span for span in spans if span is not None)


def _passage(text: str, line: int) -> Span:
    """The lines of the document that a line is in, without what separates it from others."""
    lines, separators = _outline(text)
    place = bisect_left(separators, line)
    behind = separators[place - 1] if place else -1
    ahead = separators[place] if place < len(separators) else len(lines)
    return Span(behind + 2, max(line, ahead))


# The findings of one file are mostly asked about one after the other, so the last file is remembered: a large
# one takes a tenth of a second to read.


@lru_cache(maxsize=1)
def _outline(text: str) -> tuple[list[str], list[int]]:
    """The lines of a file, and which of them, counted from 0, separate documents."""
    lines = text.splitlines()
    return lines, [n for n, line in enumerate(lines) if _SEPARATOR.match(line)]


def _mapping_at(text: str, passage: Span, line: int) -> yaml.MappingNode | None:
    """Read the document of a passage, and find the mapping in it that begins on a line."""
    try:
        return next(_mappings_at(_document(text, passage), line), None)
    except RecursionError:
        return None


@lru_cache(maxsize=1)
def _document(text: str, passage: Span) -> yaml.Node | None:
    """Read one document; ``None`` where it is empty, too long, or cannot be read."""
    lines = _outline(text)[0][passage.first - 1 : passage.last]
    if sum(map(len, lines)) > _LONGEST:
        return None
    padding = "\n" * (passage.first - 1)
    try:
        root: yaml.Node | None = yaml.compose(
            padding + "\n".join(lines) + "\n", Loader=yaml.CSafeLoader
        )
    except (yaml.YAMLError, RecursionError):
        return None
    return root


def _mappings_at(node: yaml.Node | None, line: int) -> Iterator[yaml.MappingNode]:
    """The outermost first; only down the items of lists, where objects are."""
    if isinstance(node, yaml.MappingNode):
        if node.start_mark.line + 1 == line:
            yield node
        for key, value in node.value:
            if key.value == "items":
                yield from _mappings_at(value, line)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _mappings_at(item, line)


def _field(node: yaml.Node, segments: tuple[Segment, ...]) -> Span | None:
    """Walk down to a field; its lines begin with its name, or with the item that it is."""
    first = node.start_mark.line
    for segment in segments:
        step = _step(node, segment)
        if step is None:
            return None
        first, node = step
    return Span(first + 1, max(first + 1, _last_line(node)))


def _step(node: yaml.Node, segment: Segment) -> tuple[int, yaml.Node] | None:
    """One step further down: the line on which it begins, from 0, and what is there."""
    if isinstance(node, yaml.MappingNode):
        named = ((key, value) for key, value in node.value if key.value == segment)
        return next(((key.start_mark.line, value) for key, value in named), None)
    if not isinstance(node, yaml.SequenceNode):
        return None
    if isinstance(segment, int):
        items = node.value[segment : segment + 1]
    else:
        items = [item for item in node.value if _is_meant(item, segment)]
    return next(((item.start_mark.line, item) for item in items), None)


def _is_meant(item: yaml.Node, segment: Segment) -> bool:
    if isinstance(segment, Member):
        return bool(item.value == str(segment.value))
    if not isinstance(segment, Key) or not isinstance(item, yaml.MappingNode):
        return False
    said = {key.value: value.value for key, value in item.value}
    return all(said.get(name, str(value)) == str(value) for name, value in segment.pairs)


def _last_line(node: yaml.Node) -> int:
    """The last line of a value, from 1: what follows it (comments, blank lines) is not its own."""
    last: Any = node
    while isinstance(last, yaml.CollectionNode) and last.value and not last.flow_style:
        last = last.value[-1][1] if isinstance(last, yaml.MappingNode) else last.value[-1]
    ends_above = getattr(last, "style", None) in _BLOCK
    end: int = last.end_mark.line if ends_above else last.end_mark.line + 1
    return max(node.start_mark.line + 1, end)
