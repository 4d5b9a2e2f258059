"""The three kinds of path patterns that generators of Argo CD use.

- Files: those of ``git ls-files``, where ``*`` also crosses slashes, and a folder means all below it:
  https://git-scm.com/docs/gitglossary#Documentation/gitglossary.txt-aiddefpathspecapathspec.
- Files, where the controller is told to be strict: https://github.com/bmatcuk/doublestar.
- Folders: https://pkg.go.dev/path#Match.

Matching takes time proportional to both lengths, whatever the pattern. It refuses to open anything.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from auditor.errors import ManifestError

_LONGEST: Final = 1000
_MOST_ALTERNATIVES: Final = 200
_SPECIAL: Final = frozenset("*?[\\{")

Fits = Callable[[str], bool]
"""Tells whether a path is meant."""


@dataclass(frozen=True, slots=True)
class _Star:
    """Any text."""


@dataclass(frozen=True, slots=True)
class _OneOf:
    """One character of some ranges, or of none of them. No range, negated: any character."""

    ranges: tuple[tuple[str, str], ...]
    is_negated: bool

    def fits(self, character: str) -> bool:
        """Tell whether a character is meant."""
        inside = any(low <= character <= high for low, high in self.ranges)
        return inside is not self.is_negated


_Token = str | _Star | _OneOf
_STAR: Final = _Star()
_ANY: Final = _OneOf((), is_negated=True)
_WILD: Final[dict[str, _Token]] = {"*": _STAR, "?": _ANY}


def fixed_part(pattern: str) -> str:
    """The folder that all matches lie in, as far as the pattern has it written out."""
    plain = next((at for at, sign in enumerate(pattern) if sign in _SPECIAL), None)
    if plain is None:
        return pattern.rstrip("/")
    return pattern[:plain].rpartition("/")[0]


def files_of_git(pattern: str) -> Fits:
    """Read a pattern as ``git ls-files`` does.

    Raises:
        ManifestError: git refuses it, or it has one of git's magic words.

    """
    _bound(pattern)
    if pattern.startswith(":"):
        raise ManifestError(f"the files pattern {pattern!r} uses git's magic words. Write a path.")
    if "[[:" in pattern:
        raise ManifestError(
            f"{pattern!r} names a class of characters, which is not understood here."
        )
    wanted = posixpath.normpath(pattern or ".")
    if wanted.startswith(("/", "../")) or wanted == "..":
        raise ManifestError(f"the files pattern {pattern!r} lies outside the repository.")
    folder = "" if wanted == "." else wanted + "/"
    is_folder = posixpath.basename(pattern) in {"", ".", ".."}
    tokens = _tokens(wanted, "!^") if _SPECIAL.intersection(wanted) - {"{"} else None

    def fits(path: str) -> bool:
        if path.startswith(folder) or (path == wanted and not is_folder):
            return True
        return tokens is not None and not is_folder and _fits(tokens, path, crosses=True)

    return fits


def files_of_doublestar(pattern: str) -> Fits:
    """Read a pattern as the strict kind: ``**`` is any number of folders, ``{a,b}`` either of them.

    Raises:
        ManifestError: it is too long, or stands for too many.

    """
    _bound(pattern)
    spelt = [posixpath.normpath(each).split("/") for each in _alternatives(pattern)]
    read = [[_step(segment) for segment in segments] for segments in spelt]
    return lambda path: any(_fits_steps(steps, path.split("/")) for steps in read)


def folders_of_go(pattern: str) -> Fits:
    """Read a pattern as Go's ``path.Match``; one that is none fits nothing, as upstream.

    Raises:
        ManifestError: it is too long.

    """
    _bound(pattern)
    tokens = _tokens(pattern, "^")
    return lambda path: tokens is not None and _fits(tokens, path, crosses=False)


def _bound(pattern: str) -> None:
    if len(pattern) > _LONGEST:
        raise ManifestError(f"a pattern of paths is longer than {_LONGEST} characters. Shorten it.")


# --- reading ---------------------------------------------------------------------------------------


def _tokens(pattern: str, negators: str) -> list[_Token] | None:
    """Take a pattern apart; ``None`` where a bracket is not closed, or a backslash ends it."""
    tokens: list[_Token] = []
    place = 0
    while place < len(pattern):
        sign = pattern[place]
        place += 1
        if sign == "[":
            read = _bracket(pattern, place, negators)
            if read is None:
                return None
            token, place = read
            tokens.append(token)
        elif sign == "\\":
            if place == len(pattern):
                return None
            tokens.append(pattern[place])
            place += 1
        else:
            tokens.append(_WILD.get(sign, sign))
    return tokens


def _bracket(pattern: str, place: int, negators: str) -> tuple[_OneOf, int] | None:
    """Read what stands between brackets, from behind the first one to behind the last one."""
    is_negated = pattern[place : place + 1] in tuple(negators)
    place += is_negated
    begin = place
    ranges: list[tuple[str, str]] = []
    while place < len(pattern):
        if pattern[place] == "]" and place > begin:
            return _OneOf(tuple(ranges), is_negated), place + 1
        low, place = _member(pattern, place)
        high = low
        if pattern[place : place + 1] == "-" and pattern[place + 1 : place + 2] not in {"]", ""}:
            high, place = _member(pattern, place + 1)
        ranges.append((low, high))
    return None


def _member(pattern: str, place: int) -> tuple[str, int]:
    if pattern[place] == "\\" and place + 1 < len(pattern):
        return pattern[place + 1], place + 2
    return pattern[place], place + 1


def _alternatives(pattern: str) -> Iterator[str]:
    """Write out ``{a,b}``, innermost first."""
    waiting, told = [pattern], 0
    while waiting:
        text = waiting.pop()
        close = text.find("}")
        start = text.rfind("{", 0, close) if close >= 0 else -1
        if start < 0:
            told += 1
            yield text
            continue
        parts = text[start + 1 : close].split(",")
        waiting += [text[:start] + part + text[close + 1 :] for part in reversed(parts)]
        if len(waiting) + told > _MOST_ALTERNATIVES:
            raise ManifestError(
                f"a files pattern stands for more than {_MOST_ALTERNATIVES} others. Write fewer braces."
            )


_Step = list[_Token] | None
"""The pattern of one segment; ``None`` for ``**``."""


def _step(segment: str) -> _Step:
    if segment == "**":
        return None
    tokens = _tokens(segment, "!^")
    if tokens is None:
        raise ManifestError(f"{segment!r} in a files pattern has no end. Close its bracket.")
    return tokens


# --- matching --------------------------------------------------------------------------------------


def _fits(tokens: list[_Token], text: str, *, crosses: bool) -> bool:
    """Tell whether a whole text fits: whenever it does not, the latest star takes one character more."""
    token = place = restart = 0
    star = -1
    while place < len(text):
        if token < len(tokens) and tokens[token] is _STAR:
            star, restart = token, place
            token += 1
        elif token < len(tokens) and _fits_one(tokens[token], text[place], crosses=crosses):
            token, place = token + 1, place + 1
        elif star >= 0 and (crosses or text[restart] != "/"):
            restart += 1
            token, place = star + 1, restart
        else:
            return False
    return all(left is _STAR for left in tokens[token:])


def _fits_one(token: _Token, character: str, *, crosses: bool) -> bool:
    if isinstance(token, _OneOf):
        return token.fits(character) and (crosses or character != "/")
    return token == character


def _fits_steps(steps: list[_Step], segments: list[str]) -> bool:
    """Follow all ways through a pattern at once."""
    reached = _onward(steps, {0})
    for segment in segments:
        found = set()
        for at in reached:
            step = steps[at] if at < len(steps) else []
            if step is None:
                found.add(at)
            elif at < len(steps) and _fits(step, segment, crosses=False):
                found.add(at + 1)
        reached = _onward(steps, found)
    return len(steps) in reached


def _onward(steps: list[_Step], reached: set[int]) -> set[int]:
    """Add what is reached by letting ``**`` stand for no folder."""
    waiting = list(reached)
    while waiting:
        at = waiting.pop()
        if at < len(steps) and steps[at] is None and at + 1 not in reached:
            reached.add(at + 1)
            waiting.append(at + 1)
    return reached
