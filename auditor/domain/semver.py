"""Versions, and ranges of them, as github.com/Masterminds/semver v3.5 reads them: Argo CD and Flux ask it.

https://github.com/Masterminds/semver/blob/v3.5.0/README.md says what ranges mean; what it leaves open is as
that library does it. Its patterns match the same text in many ways, which its engine does not mind and ours
would, so ranges are read from left to right instead. This module refuses what is longer than that library
takes, and to know of tags.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

_LONGEST_VERSION: Final = 256
LONGEST_RANGE: Final = 512
_MOST_GROUPS: Final = 32
_MOST: Final = 2**64 - 1
_REMEMBERED: Final = 2**16

_IDS: Final = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_REST: Final = rf"(?P<pre>-{_IDS})?(?P<metadata>\+{_IDS})?"
_NUMBER: Final = r"[0-9|xX*]+"
_SPACE: Final = r"[\t\n\f\r ]"
_VERSION: Final = re.compile(rf"v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?{_REST}", re.ASCII)
_PLACEHOLDER: Final = re.compile(
    rf"v?({_NUMBER})(?:\.({_NUMBER}))?(?:\.({_NUMBER}))?{_REST}", re.ASCII
)
_BOUND: Final = rf"v?{_NUMBER}(?:\.{_NUMBER})?(?:\.{_NUMBER})?(?:-{_IDS})?(?:\+{_IDS})?"
_HYPHEN: Final = re.compile(rf"{_SPACE}*({_BOUND}){_SPACE}+-{_SPACE}+({_BOUND}){_SPACE}*", re.ASCII)
_OPERATOR: Final = re.compile(r"(?:!=|>=|=>|<=|=<|~>|[=<>~^])?")
_SPACES: Final = re.compile(rf"{_SPACE}*")
_ANY: Final = frozenset("xX*")


class Version(NamedTuple):
    """One version, without its metadata, which decides nothing."""

    major: int
    minor: int
    patch: int
    pre: str = ""

    @property
    def precedence(self) -> tuple[object, ...]:
        """Sorts versions: https://semver.org/#spec-item-11."""
        return *self[:3], not self.pre, _precedence(self.pre)


@lru_cache(maxsize=_REMEMBERED)
def parse_version(text: str) -> Version | None:
    """Read a version, also one that lacks numbers or begins with a ``v``; ``None`` if it is none."""
    found = _VERSION.fullmatch(text) if len(text) <= _LONGEST_VERSION else None
    if found is None:
        return None
    major, minor, patch = (int(number or 0) for number in found.groups()[:3])
    pre = (found["pre"] or "")[1:]
    if max(major, minor, patch) > _MOST or any(_is_padded(part) for part in pre.split(".")):
        return None
    return Version(major, minor, patch, pre)


@lru_cache(maxsize=_REMEMBERED)
def parse_strict(text: str) -> Version | None:
    """Read a version that has all three numbers, as https://semver.org asks; it may begin with a ``v``."""
    core = re.split(r"[-+]", text.removeprefix("v"), maxsplit=1)[0].split(".")
    is_strict = len(core) == 3 and not any(_is_padded(number) for number in core)  # noqa: PLR2004
    return parse_version(text) if is_strict else None


def _is_padded(number: str) -> bool:
    return len(number) > 1 and number.isdecimal() and number[0] == "0"


def _precedence(pre: str) -> tuple[tuple[bool, int, str], ...]:
    """Numbers stand before words; what is too large for a number is a word."""
    return tuple(
        (False, int(part), "") if part.isdecimal() and int(part) <= _MOST else (True, 0, part)
        for part in (pre.split(".") if pre else ())
    )


@dataclass(frozen=True, slots=True)
class _Comparator:
    """One condition. ``given`` numbers of the version count; those after are placeholders."""

    operator: str
    bound: Version
    given: int

    def allows(self, version: Version) -> bool:
        return _TESTS[self.operator](version, self)


@dataclass(frozen=True, slots=True)
class Range:
    """Which versions are meant: those that fulfil all conditions of a group, of any group."""

    groups: tuple[tuple[_Comparator, ...], ...]

    def allows(self, version: Version) -> bool:
        """Tell whether a version is meant. One before a release is, only where the group names such."""
        return any(
            (not version.pre or any(one.bound.pre for one in group))
            and all(one.allows(version) for one in group)
            for group in self.groups
        )


@lru_cache(maxsize=_REMEMBERED)
def parse_range(text: str) -> Range | None:
    """Read a range; ``None`` if it is none."""
    if len(text.encode(errors="replace")) > LONGEST_RANGE:
        return None
    parts = _HYPHEN.sub(r">= \1, <= \2 ", text).split("||")
    if len(parts) > _MOST_GROUPS:
        return None
    groups = [_group(part) for part in parts]
    return Range(tuple(group for group in groups if group)) if all(groups) else None


def _group(text: str) -> tuple[_Comparator, ...]:
    """Read conditions with spaces or single commas between; none where anything else is there."""
    found: list[_Comparator] = []
    place, is_parted = 0, True
    while place < len(text):
        one, end = _read(text, place)
        if one is None or not is_parted:
            return ()
        found.append(one)
        place = _after_spaces(text, end)
        is_parted = place > end
        if text.startswith(",", place):
            place, is_parted = place + 1, True
            if not text[place:].strip():
                return ()
    return tuple(found)


def _read(text: str, place: int) -> tuple[_Comparator | None, int]:
    """Read one condition from a place on; return it with where it ends."""
    operator = _OPERATOR.match(text, _after_spaces(text, place))
    bound = operator and _PLACEHOLDER.match(text, _after_spaces(text, operator.end()))
    if operator is None or bound is None:
        return None, place
    return _comparator(operator[0], bound), bound.end()


def _after_spaces(text: str, place: int) -> int:
    found = _SPACES.match(text, place)
    return found.end() if found else place


def _comparator(operator: str, bound: re.Match[str]) -> _Comparator | None:
    numbers = [number or "x" for number in bound.groups()[:3]]
    given = next((place for place, number in enumerate(numbers) if number in _ANY), 3)
    rest = (bound["pre"] or "") + (bound["metadata"] or "")
    version = parse_version(".".join([*numbers[:given], *"000"[given:]]) + rest)
    return None if version is None else _Comparator(operator, version, given)


# --- what the operators say --------------------------------------------------------------------------
# Placeholders: 0 given is ``x``, 1 is ``1.x`` or ``1``, 2 is ``1.2.x`` or ``1.2``.


def _is_other(version: Version, one: _Comparator) -> bool:
    bound, given = one.bound, one.given
    if given in {1, 2}:
        if version[:given] != bound[:given]:
            return True
        return given == 2 and version.pre != bound.pre  # noqa: PLR2004
    return version.precedence != bound.precedence


def _is_above(version: Version, one: _Comparator) -> bool:
    if one.given in {1, 2}:
        return version[: one.given] > one.bound[: one.given]
    if one.given == 0 and version.major > one.bound.major:
        return True
    return version.precedence > one.bound.precedence


def _is_at_most(version: Version, one: _Comparator) -> bool:
    if one.given == 0:
        return version[:2] <= (0, 0)
    if one.given < 3:  # noqa: PLR2004
        return version[: one.given] <= one.bound[: one.given]
    return version.precedence <= one.bound.precedence


def _is_about(version: Version, one: _Comparator) -> bool:
    """``~``: the minor version stays; ``~0.0.0`` and ``x`` are any version."""
    bound = one.bound
    if version.precedence < bound.precedence:
        return False
    if bound[:3] == (0, 0, 0) and one.given in {0, 3}:
        return True
    kept = 1 if one.given == 1 else 2
    return version[:kept] == bound[:kept]


def _is_it(version: Version, one: _Comparator) -> bool:
    if one.given < 3:  # noqa: PLR2004
        return _is_about(version, one)
    return version.precedence == one.bound.precedence


def _is_compatible(version: Version, one: _Comparator) -> bool:
    """``^``: the first number that is not zero stays, or the last one that is given."""
    bound = one.bound
    if version.precedence < bound.precedence:
        return False
    if bound.major > 0 or one.given == 1:
        return version.major == bound.major
    if bound.minor > 0 or one.given == 2:  # noqa: PLR2004
        return version[:2] == bound[:2]
    return version[:3] == bound[:3]


_TESTS: Final[Mapping[str, Callable[[Version, _Comparator], bool]]] = {
    "": _is_it,
    "=": _is_it,
    "!=": _is_other,
    ">": _is_above,
    "<": lambda version, one: version.precedence < one.bound.precedence,
    ">=": lambda version, one: version.precedence >= one.bound.precedence,
    "=>": lambda version, one: version.precedence >= one.bound.precedence,
    "<=": _is_at_most,
    "=<": _is_at_most,
    "~": _is_about,
    "~>": _is_about,
    "^": _is_compatible,
}
