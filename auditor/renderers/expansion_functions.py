"""What Flux's expressions do to a variable's value, exactly as its own functions do.

Lengths and places count bytes of UTF-8, patterns know ``*``, ``?`` and ``[a-z]`` and never backtrack, and
suffixes are trimmed by reversing both sides, pattern included
(https://github.com/fluxcd/pkg/blob/envsubst/v1.8.0/envsubst/funcs.go). A cut through a character leaves
a lone surrogate, for whoever reads the result to refuse. It refuses to parse.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

Function = Callable[..., str]
"""Makes a value of a value and arguments."""

TOLERANT: Final = frozenset({"-", "+", "=", "?", ":-", ":+", ":=", ":?"})
"""Operators that have a word for a variable that is not set."""
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)


def with_default(value: str, *words: str) -> str:
    """Take the words where there is no value."""
    return value or "".join(words)


def _length(value: str) -> str:
    return str(len(_bytes(value)))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _simply(character: str, mapped: str) -> str:
    """Map a character as Go does: to one character, or not at all."""
    return mapped if len(mapped) == 1 else character


def _upper(value: str) -> str:
    return "".join(_simply(each, each.upper()) for each in value)


def _lower(value: str) -> str:
    return "".join(_simply(each, each.lower()) for each in value)


def _slice(value: str, start: str, length: str | None = None) -> str:
    """Cut a piece out; what is no number leaves the value as it is."""
    numbers = [text for text in (start, length) if text is not None]
    if not all(_INTEGER.fullmatch(text) for text in numbers):
        # A place that is a number counts only after the start was one; neither changes the value.
        return value
    raw = _bytes(value)
    first = int(start) if int(start) >= 0 else max(len(raw) + int(start), 0)
    last = len(raw)
    if length is not None:
        last = first + int(length) if int(length) >= 0 else len(raw) + int(length)
    return raw[first : max(last, first)].decode("utf-8", "surrogateescape")


def _replace_first(value: str, old: str, new: str = "") -> str:
    return value.replace(old, new, 1)


def _replace_all(value: str, old: str, new: str = "") -> str:
    return value.replace(old, new)


def _replace_prefix(value: str, old: str, new: str | None = None) -> str:
    starts = new is not None and value.startswith(old)
    return f"{new}{value[len(old) :]}" if starts else value


def _replace_suffix(value: str, old: str, new: str | None = None) -> str:
    ends = new is not None and value.endswith(old)
    return f"{value[: len(value) - len(old)]}{new}" if ends else value


def _trim_shortest(value: str, pattern: str) -> str:
    return _trimmed(value, pattern, range(1, len(value) + 1))


def _trim_longest(value: str, pattern: str) -> str:
    return _trimmed(value, pattern, range(len(value), 0, -1))


def _trimmed(value: str, pattern: str, lengths: range) -> str:
    """Take off the first prefix of these lengths that matches."""
    chunks = _chunks(pattern)
    if chunks is None:
        return value
    fits = (length for length in lengths if _matches(chunks, value[:length]))
    return value[next(fits, 0) :]


def _reversing(trim: Function) -> Function:
    return lambda value, pattern: trim(value[::-1], pattern[::-1])[::-1]


FUNCTIONS: Final[Mapping[str, Function]] = {
    "length": _length,
    ",": lambda value: _lower(value[:1]) + value[1:],
    ",,": _lower,
    "^": lambda value: _upper(value[:1]) + value[1:],
    "^^": _upper,
    ":": _slice,
    "/": _replace_first,
    "//": _replace_all,
    "/#": _replace_prefix,
    "/%": _replace_suffix,
    "#": _trim_shortest,
    "##": _trim_longest,
    "%": _reversing(_trim_shortest),
    "%%": _reversing(_trim_longest),
}
"""Functions by their operator; every other is a default."""

# --- patterns --------------------------------------------------------------------------------------

_Single = Callable[[str], bool]
_Chunk = tuple[bool, tuple[_Single, ...]]
"""Whether a star stands before it, and what each of its characters must be."""


def _chunks(pattern: str) -> list[_Chunk] | None:
    """Divide a pattern at its stars; ``None`` where it is malformed."""
    chunks: list[_Chunk] = []
    star, singles, place = False, list[_Single](), 0
    try:
        while place < len(pattern):
            if pattern[place] == "*":
                if singles:
                    chunks.append((star, tuple(singles)))
                star, singles, place = True, [], place + 1
            else:
                single, place = _single(pattern, place)
                singles.append(single)
    except IndexError:
        return None
    return [*chunks, (star, tuple(singles))]


def _single(pattern: str, place: int) -> tuple[_Single, int]:
    """Read what matches one character; raises IndexError where the pattern ends too soon."""
    match pattern[place]:
        case "?":
            return lambda _: True, place + 1
        case "[":
            return _class(pattern, place + 1)
        case "\\":
            place += 1
    wanted = pattern[place]
    return lambda character: character == wanted, place + 1


def _class(pattern: str, place: int) -> tuple[_Single, int]:
    is_negated = pattern[place] == "^"
    place += is_negated
    ranges: list[tuple[str, str]] = []
    while not ranges or pattern[place] != "]":
        low, place = _bound(pattern, place)
        high = low
        if pattern[place] == "-":
            high, place = _bound(pattern, place + 1)
        ranges.append((low, high))
    end = place + 1
    return lambda c: any(low <= c <= high for low, high in ranges) != is_negated, end


def _bound(pattern: str, place: int) -> tuple[str, int]:
    if pattern[place] in "-]":
        raise IndexError
    place += pattern[place] == "\\"
    bound, place = pattern[place], place + 1
    if place >= len(pattern):
        raise IndexError
    return bound, place


def _matches(chunks: list[_Chunk], text: str) -> bool:
    """Tell whether a pattern matches all of a text. Each chunk is taken where it first fits."""
    place = 0
    for number, (star, singles) in enumerate(chunks):
        is_last = number == len(chunks) - 1
        if is_last and star and not singles:
            return True
        found = next(_fits(singles, text, place, star=star, ends=is_last), None)
        if found is None:
            return False
        place = found
    return place == len(text)


def _fits(
    singles: tuple[_Single, ...], text: str, place: int, *, star: bool, ends: bool
) -> Iterator[int]:
    """Yield the ends of a chunk wherever it fits: here, or anywhere further on after a star."""
    latest = len(text) - len(singles)
    for start in range(place, latest + 1 if star else min(place, latest) + 1):
        end = start + len(singles)
        is_fit = all(fits(text[start + i]) for i, fits in enumerate(singles))
        if is_fit and (end == len(text) or not ends):
            yield end
