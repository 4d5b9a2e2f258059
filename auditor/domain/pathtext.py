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
    return FieldPath(tuple(_Reader(text).segments()))


class _Reader:
    """Reads from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def segments(self) -> Iterator[Segment]:
        """All segments up to the end of the text."""
        while self._at < len(self._text):
            if self._skip("["):
                yield self._bracket()
                self._expect("]")
            else:
                self._skip(".")
                yield self._match(_NAME) or self._fail()

    def _bracket(self) -> Segment:
        if self._skip("="):
            return Member(self._value())
        if index := self._match(_INDEX):
            return int(index)
        if self._peek() == "]":
            return Key(())
        name = self._name()
        return name if self._peek() == "]" else Key(tuple(self._pairs(name)))

    def _pairs(self, name: str) -> Iterator[tuple[str, object]]:
        yield name, self._assigned()
        while self._skip(","):
            yield self._name(), self._assigned()

    def _assigned(self) -> object:
        self._expect("=")
        return self._value()

    def _name(self) -> str:
        return self._match(_NAME) or str(self._json())

    def _value(self) -> object:
        start, word = self._at, self._match(_WORD)
        if word and not reads_as_json(word):
            return word
        self._at = start
        return self._json()

    def _json(self) -> object:
        try:
            value, self._at = _JSON.raw_decode(self._text, self._at)
        except ValueError:
            self._fail()
        return value

    def _match(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return found.group() if found else ""

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _skip(self, mark: str) -> bool:
        found = self._peek() == mark
        self._at += found
        return found

    def _expect(self, mark: str) -> None:
        if not self._skip(mark):
            self._fail()

    def _fail(self) -> NoReturn:
        raise ValueError(f"{self._text!r} is not a field path from character {self._at + 1} on")
