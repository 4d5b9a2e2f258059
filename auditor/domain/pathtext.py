"""Reads field paths as they are printed.

The inverse of printing a `FieldPath`, so that a path survives being published as text. It refuses
wildcards: those belong to ``auditor.domain.pathpattern``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final, NoReturn

from auditor.domain.fieldpath import FieldPath, Key, Member, Segment, reads_as_json

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_INDEX: Final = re.compile(r"[0-9]+")
_WORD: Final = re.compile(r"[^\s\[\]{}=,\"]+")
_JSON: Final = json.JSONDecoder()


def parse_path(text: str) -> FieldPath:
    """Read what ``str(path)`` wrote.

    Raises:
        ValueError: the text is not a path; the message says from where on.

    """
    return FieldPath(tuple(_segments(_Text(text))))


class _Text:
    """A text that is read from left to right."""

    def __init__(self, whole: str) -> None:
        self._whole = whole
        self._at = 0

    @property
    def next(self) -> str:
        """The next character; empty at the end."""
        return self._whole[self._at : self._at + 1]

    def skip(self, mark: str) -> bool:
        """Step over a character if it is the next one."""
        found = self.next == mark
        self._at += found
        return found

    def expect(self, mark: str) -> None:
        """Step over a character that must be the next one."""
        if not self.skip(mark):
            self.fail()

    def take(self, pattern: re.Pattern[str]) -> str:
        """Read what a pattern matches here; empty if it does not."""
        found = pattern.match(self._whole, self._at)
        self._at = found.end() if found else self._at
        return found.group() if found else ""

    def value(self) -> object:
        """Read a word as itself, and anything else as JSON."""
        start, word = self._at, self.take(_WORD)
        if word and not reads_as_json(word):
            return word
        self._at = start
        return self.json()

    def json(self) -> object:
        """Read a JSON value."""
        try:
            value, self._at = _JSON.raw_decode(self._whole, self._at)
        except ValueError:
            self.fail()
        return value

    def fail(self) -> NoReturn:
        """Say that it cannot be read on from here."""
        raise ValueError(f"{self._whole!r} is not a field path from character {self._at + 1} on")


def _segments(text: _Text) -> Iterator[Segment]:
    while text.next:
        if text.skip("["):
            yield _bracket(text)
            text.expect("]")
        else:
            text.skip(".")
            yield text.take(_NAME) or text.fail()


def _bracket(text: _Text) -> Segment:
    if text.skip("="):
        return Member(text.value())
    if index := text.take(_INDEX):
        return int(index)
    if text.next == "]":
        return Key(())
    name = _name(text)
    return name if text.next == "]" else Key(tuple(_pairs(name, text)))


def _pairs(name: str, text: _Text) -> Iterator[tuple[str, object]]:
    yield name, _assigned(text)
    while text.skip(","):
        yield _name(text), _assigned(text)


def _assigned(text: _Text) -> object:
    text.expect("=")
    return text.value()


def _name(text: _Text) -> str:
    return text.take(_NAME) or str(text.json())
