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
from typing import Final

import yaml

from auditor.config.nodes import compose_all
from auditor.domain.fieldpath import FieldPath
from auditor.sources.git.fields import field_at, last_line

_SEPARATOR: Final = re.compile(r"^(?:---|\.\.\.)(?=\s|$)", re.MULTILINE)
_LONGEST: Final = 2**18
"""So many characters of a document are read for its fields; a longer one is taken as a whole."""


@dataclass(frozen=True, slots=True)
class Span:
    """Lines of a file from ``first`` to ``last``, both included, counted from 1."""

    first: int
    last: int


def object_span(text: str, line: int) -> Span:
    """Find the lines of the object that begins on a line."""
    passage = _passage(text, line)
    found = _mapping_at(text, passage, line)
    return Span(line, last_line(found)) if found is not None else Span(line, passage.last)


def field_spans(text: str, line: int, fields: Iterable[FieldPath]) -> tuple[Span, ...]:
    """Find the lines of fields of the object that begins on a line; those that it has written out."""
    found = object_at(text, line)
    if found is None:
        return ()
    spans = (field_at(found, path.segments) for path in fields if path.segments)
    return tuple(Span(*one.lines) for one in spans if one is not None)


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
    separators, line, at = [], 0, 0
    for found in _SEPARATOR.finditer(text):
        line += len(text[at : found.start()].splitlines())
        at = found.start()
        separators.append(line)
    return text.splitlines(), separators


def object_at(text: str, line: int) -> yaml.MappingNode | None:
    """Read the object that begins on a line; ``None`` where none does that can be read."""
    return _mapping_at(text, _passage(text, line), line)


def _mapping_at(text: str, passage: Span, line: int) -> yaml.MappingNode | None:
    try:
        return next(_mappings_at(_document(text, passage), line), None)
    except RecursionError:
        return None


@lru_cache(maxsize=1)
def _document(text: str, passage: Span) -> yaml.Node | None:
    """Read one document; ``None`` where it is empty, too long, or cannot be read."""
    whole = _outline(text)[0]
    lines = whole[passage.first - 1 : passage.last]
    if sum(map(len, lines)) > _LONGEST:
        return None
    padding = "\n" * (passage.first - 1)
    ending = "\n" if passage.last < len(whole) or text.endswith("\n") else ""
    try:
        return next(compose_all(padding + "\n".join(lines) + ending), None)
    except yaml.YAMLError:
        return None


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
