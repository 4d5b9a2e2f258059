"""The documents of a YAML text as Kubernetes reads them, with the line of every object.

Built on libyaml's events with a composer of our own, because PyYAML's refuses anchors that are defined
twice (go-yaml and thus Kubernetes takes them) and knows no lines afterwards. Keys that stand twice are
refused, although kubectl drops one of them: what a reader sees must be what is compared. The reader is
bounded, so that a file cannot blow up in memory. It refuses to judge what the documents are.

Anchors, aliases and merge keys behave as in
https://github.com/yaml/go-yaml/blob/v2.4.2/decode.go: an alias means the latest anchor of that name, and
a merge overwrites what stands before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from auditor.errors import ManifestError
from auditor.renderers.scalars import json_value, key_text, resolve_plain, resolve_tagged

MAX_NODES: Final = 500_000
"""So many values a file may hold, aliases counted as often as they are used."""
MAX_DEPTH: Final = 200
"""So deep values may nest. Kubernetes' deepest own schemas need about 60."""
_LISTED_DEPTH: Final = 2
"""Down to here the lines of mappings are kept: an item of a List lies two below its document."""
_MERGE: Final = "<<"
_MERGE_TAG: Final = "tag:yaml.org,2002:merge"
_REMEDIES: Final = {
    "cannot start any token": "Indent with spaces, never tabs, and quote values that begin with @, ` or %",
    "mapping values are not allowed": "Check the indentation, and quote values that hold a colon",
    "expected ',' or '}'": "If this is a template ({{ … }}), render it with helm instead",
    "control characters": "This is no text file: give it another ending or remove it",
    "did not find expected": "Check the indentation of this line and of the one above",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One document: JSON values, its line (1-based), and the lines of the mappings near its root.

    Bodies may share parts where the text has aliases: they are read and never changed.
    """

    value: Any
    line: int
    lines: dict[int, int] = field(default_factory=dict)

    def line_of(self, part: object) -> int:
        """Tell on which line a mapping of this document begins, as far as it was kept."""
        return self.lines.get(id(part), self.line)


def read_yaml(text: str, path: str) -> Iterator[Document]:
    """Read every document of a YAML text.

    Raises:
        ManifestError: the text is no YAML, a key stands twice, or a bound is exceeded.

    """
    try:
        yield from _Composer(path, yaml.parse(text, Loader=yaml.CSafeLoader)).documents()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = None if mark is None else mark.line + 1
        raise ManifestError(
            _explain(error.problem or "is not YAML"), path=path, line=line
        ) from error
    except yaml.reader.ReaderError as error:
        line = text.encode()[: error.position].count(b"\n") + 1
        raise ManifestError(_explain(error.reason), path=path, line=line) from error


def _explain(problem: str) -> str:
    remedy = next((text for part, text in _REMEDIES.items() if part in problem), "Correct the YAML")
    return f"{problem}. {remedy}."


@dataclass(frozen=True, slots=True)
class _Anchored:
    """What an anchor stands for, and how many values an alias to it adds."""

    value: Any
    size: int


class _Composer:
    """Builds documents from libyaml's events."""

    def __init__(self, path: str, events: Iterator[Any]) -> None:
        self._path = path
        self._events = events
        self._anchors: dict[str, _Anchored | None] = {}
        self._lines: dict[int, int] = {}
        self._nodes = 0
        self._line = 1

    def documents(self) -> Iterator[Document]:
        """Compose one document after the other."""
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                self._anchors, self._lines = {}, {}
                first = next(self._events)
                line = first.start_mark.line + 1
                yield Document(value=self._document(first), line=line, lines=self._lines)

    def _document(self, first: Any) -> Any:
        try:
            return self._json(first, 0)
        except ValueError as error:
            raise ManifestError(f"{error}.", path=self._path, line=self._line) from error

    def _json(self, event: Any, depth: int) -> Any:
        value = self._node(event, depth)
        return value if isinstance(value, dict | list) else json_value(value)

    def _node(self, event: Any, depth: int) -> Any:
        before = self._nodes
        self._line = event.start_mark.line + 1
        self._count(1)
        if isinstance(event, AliasEvent):
            return self._alias(str(event.anchor))
        if event.anchor:
            self._anchors[event.anchor] = None
        value = self._scalar(event) if isinstance(event, ScalarEvent) else self._nest(event, depth)
        if event.anchor:
            self._anchors[event.anchor] = _Anchored(value, self._nodes - before)
        return value

    def _count(self, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            raise ValueError(
                f"the file expands to more than {MAX_NODES:,} values: split it, or use fewer aliases"
            )

    def _alias(self, name: str) -> Any:
        if name not in self._anchors:
            raise ValueError(f"alias *{name} has no anchor before it: define &{name} first")
        anchored = self._anchors[name]
        if anchored is None:
            raise ValueError(f"anchor &{name} contains itself: remove the alias *{name}")
        self._count(anchored.size)
        return anchored.value

    @staticmethod
    def _scalar(event: Any) -> Any:
        if event.tag:
            return resolve_tagged(event.value, event.tag)
        return resolve_plain(event.value) if event.implicit[0] else event.value

    def _nest(self, event: Any, depth: int) -> Any:
        if depth >= MAX_DEPTH:
            raise ValueError(f"values nest deeper than {MAX_DEPTH} levels: flatten them")
        if isinstance(event, SequenceStartEvent):
            return self._sequence(depth + 1)
        line = self._line
        mapping = self._mapping(depth + 1)
        if depth <= _LISTED_DEPTH:
            self._lines[id(mapping)] = line
        return mapping

    def _sequence(self, depth: int) -> list[Any]:
        items = []
        for event in self._events:
            if isinstance(event, SequenceEndEvent):
                break
            items.append(self._json(event, depth))
        return items

    def _mapping(self, depth: int) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        written: set[str] = set()
        for event in self._events:
            if isinstance(event, MappingEndEvent):
                break
            if _is_merge(event):
                mapping |= self._merged(next(self._events), depth)
                continue
            key = key_text(self._node(event, depth))
            if key in written:
                raise ValueError(f"key {key!r} stands twice in one mapping: remove one of the two")
            written.add(key)
            mapping[key] = self._json(next(self._events), depth)
        return mapping

    def _merged(self, event: Any, depth: int) -> dict[str, Any]:
        value = self._node(event, depth)
        merged: dict[str, Any] = {}
        for part in reversed(value) if isinstance(event, SequenceStartEvent) else [value]:
            if not isinstance(part, dict):
                raise ValueError("a merge (<<) takes a mapping or a list of mappings")  # noqa: TRY004
            merged |= part
        return merged


def _is_merge(event: Any) -> bool:
    return (
        isinstance(event, ScalarEvent)
        and event.value == _MERGE
        and (event.implicit[0] or event.tag == _MERGE_TAG)
    )
