"""YAML text as a tree that can be changed and written again with every object on its old line.

A document is written in flow style, which is JSON where the text was, and its objects are moved down to the
lines that they had. Unquoted words are kept as they were spelled, because what they mean is for
whoever reads them. It refuses keys that stand twice and documents that blow up.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import yaml

from auditor.config.nodes import compose_all

MAX_NODES: Final = 200_000
_WORD: Final = re.compile(r"[\w.+~-]+|<<", re.ASCII)
_UNPRINTABLE: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff]")
"""JSON leaves these alone, and YAML readers refuse or fold them."""

_PAIR: Final = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
"""How JSON escapes what lies beyond 16 bits (RFC 8259, section 7), and YAML does not."""


class Unreadable(ValueError):
    """The text cannot be read; the message says why, and quotes nothing of it."""


class Word(str):
    """An unquoted scalar."""

    __slots__ = ()


class Mapping(dict[str, Any]):
    """A mapping, and its line, 0-based."""

    __slots__ = ("line",)

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line


class Document:
    """One document: its root, and the lines from ``begin`` up to ``end`` that it takes."""

    __slots__ = ("begin", "end", "root")

    def __init__(self, node: yaml.Node, root: Any) -> None:
        self.root = root
        self.begin: int = node.start_mark.line
        self.end: int = node.end_mark.line + (node.end_mark.column > 0)


def read_documents(text: str) -> Iterator[Document]:
    """Read every document of a text.

    Raises:
        Unreadable: it is no YAML, or a key stands twice, or there is too much of it.

    """
    text = _PAIR.sub(lambda found: json.loads(f'"{found[0]}"'), text)
    try:
        for node in compose_all(text):
            yield Document(node, _Tree().build(node))
    except yaml.YAMLError as error:
        raise Unreadable("is no YAML") from error
    except RecursionError as error:
        raise Unreadable("nests too deep") from error


def write_document(document: Document) -> str:
    """Write a document; it takes no more lines than it had, and no mapping leaves its line upwards."""
    return _Writer(document.begin).write(document.root)


class _Tree:
    """Builds values of nodes; aliases become copies."""

    def __init__(self) -> None:
        self._left = MAX_NODES

    def build(self, node: yaml.Node) -> Any:
        self._left -= 1
        if self._left < 0:
            raise Unreadable("expands to too many values")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item) for item in node.value]
        text: str = node.value
        return text if getattr(node, "style", None) else _unquoted(text)

    def _mapping(self, node: yaml.MappingNode) -> Mapping:
        mapping = Mapping(node.start_mark.line)
        for key, value in node.value:
            name = self.build(key)
            if not isinstance(name, str):
                raise Unreadable("has a key that is no text")
            if name in mapping:
                raise Unreadable("has a key that stands twice")
            mapping[name] = self.build(value)
        return mapping


def _unquoted(text: str) -> str | None:
    """Only words can stand unquoted in flow style; whatever else was unquoted is text to any reader."""
    if not text:
        return None
    return Word(text) if _WORD.fullmatch(text) else text


class _Writer:
    def __init__(self, line: int) -> None:
        self._line = line

    def write(self, value: Any) -> str:
        if isinstance(value, dict):
            return self._move(value) + "{" + ", ".join(self._pairs(value)) + "}"
        if isinstance(value, list):
            return "[" + ", ".join(map(self.write, value)) + "]"
        if value is None:
            return "null"
        return str(value) if isinstance(value, Word) else _quoted(str(value))

    def _pairs(self, value: dict[str, Any]) -> Iterator[str]:
        for name, item in value.items():
            yield f"{self.write(name)}: {self.write(item)}"

    def _move(self, value: dict[str, Any]) -> str:
        down = max(0, getattr(value, "line", self._line) - self._line)
        self._line += down
        return "\n" * down


def _quoted(text: str) -> str:
    return _UNPRINTABLE.sub(lambda c: f"\\u{ord(c[0]):04x}", json.dumps(text, ensure_ascii=False))
