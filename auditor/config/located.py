"""Reads bounded YAML documents and remembers on which line everything stands.

Configuration is small and written by people, so it is read strictly: duplicate keys, merge keys, non-text
keys, deep nesting and swollen aliases are errors with a line number. It refuses to know what a document
means, and its errors never repeat what stands in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import yaml
from yaml.constructor import SafeConstructor
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

Place = tuple[str | int, ...]
"""Keys and indices from the root of a document down to one value."""

LARGEST: Final = 1024 * 1024
"""Bytes. A configuration of a thousand repositories takes a tenth of it."""

_DEEPEST: Final = 32
_MOST_NODES: Final = 100_000
_MERGE: Final = "tag:yaml.org,2002:merge"


class UnreadableDocument(Exception):
    """The text is no document that is read here; ``line`` is 1-based."""

    def __init__(self, message: str, line: int) -> None:
        """Keep the line beside the message."""
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Located:
    """A decoded document, and the 1-based line of every value, by its place."""

    value: Any
    lines: Mapping[Place, int]

    def line(self, place: Place) -> int:
        """The line of a place, or of the nearest thing around it that is there."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


def read_document(text: str) -> Located:
    """Decode one YAML document.

    Raises:
        UnreadableDocument: the text is not YAML, not one document, or not within bounds.

    """
    with _complaints(text):
        return _located(_Loader(text).get_single_node())


def read_documents(text: str) -> tuple[Located, ...]:
    """Decode a stream of YAML documents; empty ones are left out.

    Raises:
        UnreadableDocument: the text is not YAML, or not within bounds.

    """
    loader, found = _Loader(text), []
    with _complaints(text):
        while loader.check_node():
            found.append(_located(loader.get_node()))
    return tuple(document for document in found if document.value is not None)


def _located(root: Node | None) -> Located:
    reader = _Reader()
    value = reader.read(root, ()) if root is not None else None
    return Located(value, reader.lines)


@contextmanager
def _complaints(text: str) -> Iterator[None]:
    """Say in own words, with the line, what PyYAML cannot read."""
    if len(text.encode()) > LARGEST:
        raise UnreadableDocument(f"larger than {LARGEST} bytes", 1)
    try:
        yield
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = error.problem or error.context or "not YAML"
        raise UnreadableDocument(message, mark.line + 1 if mark else 1) from None
    except yaml.YAMLError as error:
        # "from None" here and above: the original carries a piece of the document.
        raise UnreadableDocument(f"not YAML: {type(error).__name__}", 1) from None


class _Loader(yaml.SafeLoader):
    """Composes nodes, and stops before the interpreter's stack does."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        self._depth += 1
        if self._depth > _DEEPEST:
            line = self.get_mark().line + 1
            raise UnreadableDocument(f"nested deeper than {_DEEPEST} levels", line)
        node: Node | None = super().compose_node(parent, index)
        self._depth -= 1
        return node


class _Reader:
    """Turns nodes into values."""

    def __init__(self) -> None:
        self.lines: dict[Place, int] = {}
        self._scalars = SafeConstructor()

    def read(self, node: Node, place: Place) -> Any:
        line = node.start_mark.line + 1
        self.lines.setdefault(place, line)
        if len(self.lines) > _MOST_NODES or len(place) > _DEEPEST:
            raise UnreadableDocument(
                "too much in one document; do aliases repeat each other?", line
            )
        if isinstance(node, MappingNode):
            return {
                key: self.read(value, (*place, key)) for key, value in self._entries(node, place)
            }
        if isinstance(node, SequenceNode):
            return [self.read(item, (*place, i)) for i, item in enumerate(node.value)]
        return self._scalar(node)

    def _scalar(self, node: Node) -> Any:
        try:
            return self._scalars.construct_object(node)
        except (yaml.YAMLError, ValueError) as error:
            line = node.start_mark.line + 1
            raise UnreadableDocument(
                "a value that YAML cannot read; put it in quotes", line
            ) from error

    def _entries(self, node: MappingNode, place: Place) -> Iterator[tuple[str, Node]]:
        seen: set[str] = set()
        for key_node, value in node.value:
            key = _key(key_node)
            line = key_node.start_mark.line + 1
            if key in seen:
                raise UnreadableDocument(f"{key} is written twice", line)
            seen.add(key)
            self.lines[(*place, key)] = line
            yield key, value


def _key(node: Node) -> str:
    line = node.start_mark.line + 1
    if node.tag == _MERGE:
        raise UnreadableDocument("merge keys (<<) are not read; write the fields out", line)
    if not isinstance(node, ScalarNode):
        raise UnreadableDocument("a key must be text", line)
    return str(node.value)
