"""Patterns of paths as Argo CD's ``directory`` takes them: ``*`` crosses folders, ``{a,b}`` is either.

The language is that of https://github.com/gobwas/glob without separators, down to what it refuses: a range
stands alone in its brackets, and only ``!`` negates them. Matching costs the length of the pattern times
that of the path, whatever they say. It refuses to touch files.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

MAX_LENGTH: Final = 4096
_MAX_DEPTH: Final = 20

Places = frozenset[int]
"""Where in a text a match may stand."""

_Step = Callable[[str, Places], Places]
"""Moves on from wherever a match may stand."""


class GlobError(ValueError):
    """It is no pattern."""


class Glob:
    """A pattern, matched against whole paths."""

    def __init__(self, pattern: str) -> None:
        """Read a pattern.

        Raises:
            GlobError: it is none, or too long.

        """
        if len(pattern) > MAX_LENGTH:
            raise GlobError(f"is longer than {MAX_LENGTH} characters")
        self._step = _Reader(pattern).sequence()

    def matches(self, path: str) -> bool:
        """Tell whether all of a path matches."""
        return len(path) in self._step(path, frozenset({0}))


@dataclass(slots=True)
class _Reader:
    """Reads a pattern from left to right."""

    pattern: str
    place: int = 0
    depth: int = 0

    def sequence(self) -> _Step:
        """Read steps up to what ends them: the pattern's end, or a comma or brace that belongs to a brace."""
        steps: list[_Step] = []
        while self.place < len(self.pattern):
            if self.depth and self._peek() in ",}":
                break
            steps.append(self._next())
        return _in_order(steps)

    def _peek(self) -> str:
        return self.pattern[self.place : self.place + 1]

    def _take(self) -> str:
        if self.place >= len(self.pattern):
            raise GlobError("ends too soon")
        self.place += 1
        return self.pattern[self.place - 1]

    def _next(self) -> _Step:
        match self._take():
            case "*":
                return _anything
            case "?":
                return _single(lambda _: True)
            case "[":
                return _single(self._class())
            case "{":
                return self._alternatives()
            case "\\":
                # An escape at the very end stands for nothing.
                return _literal(self._take()) if self._peek() else _in_order([])
            case character:
                return _literal(character)

    def _alternatives(self) -> _Step:
        """Read the rest of a brace; one that is never closed ends with the pattern."""
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise GlobError(f"nests more than {_MAX_DEPTH} deep")
        branches = [self.sequence()]
        while self._peek() == ",":
            self.place += 1
            branches.append(self.sequence())
        self.place += 1
        self.depth -= 1
        return lambda text, places: frozenset().union(*(step(text, places) for step in branches))

    def _class(self) -> Callable[[str], bool]:
        """Read what stands in brackets: one range, or characters."""
        negated = self._peek() == "!"
        self.place += negated
        if self.pattern[self.place + 1 : self.place + 2] == "-":
            return self._range(negated=negated)
        wanted = self._characters()
        return lambda character: (character in wanted) != negated

    def _range(self, *, negated: bool) -> Callable[[str], bool]:
        low, _, high = self._take(), self._take(), self._take()
        if self._take() != "]" or high < low:
            raise GlobError("has a range that is none")
        return lambda character: (low <= character <= high) != negated

    def _characters(self) -> frozenset[str]:
        found = set()
        while (character := self._take()) != "]":
            found.add(self._take() if character == "\\" else character)
        if not found:
            raise GlobError("has empty brackets")
        return frozenset(found)


def _in_order(steps: list[_Step]) -> _Step:
    def step(text: str, places: Places) -> Places:
        for each in steps:
            places = each(text, places)
        return places

    return step


def _anything(text: str, places: Places) -> Places:
    return frozenset(range(min(places), len(text) + 1)) if places else places


def _literal(character: str) -> _Step:
    return _single(lambda found: found == character)


def _single(fits: Callable[[str], bool]) -> _Step:
    return lambda text, places: frozenset(
        place + 1 for place in places if place < len(text) and fits(text[place])
    )
