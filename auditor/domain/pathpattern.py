"""Patterns over field paths, as ignore rules write them.

``spec.template.spec.containers[name=*].image`` names the image of every container;
``metadata.annotations["example.com/*"]`` a family of annotations; ``spec.**.image`` an image at any
depth. A pattern matches a path and everything below it. It refuses to look at values.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase

from auditor.domain.fieldpath import FieldPath, Key, Member, Segment

_TOKEN = re.compile(
    r"""
    \.?(?P<field>[^.\[\]"]+)            # spec, *, **, image*
    | \[\s*"(?P<quoted>(?:[^"\\]|\\.)*)"\s*\]  # ["app.kubernetes.io/name"]
    | \[(?P<inner>[^\]]*)\]             # [name=web], [*], [0], [=value]
    """,
    re.VERBOSE,
)
_ANY_DEPTH = "**"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a pattern: a glob on a field name, or globs on an item's key fields."""

    glob: str = ""
    keys: tuple[tuple[str, str], ...] = ()
    item: bool = False

    def matches(self, segment: Segment) -> bool:
        """Tell whether one path segment fits."""
        if isinstance(segment, str):
            return not self.item and fnmatchcase(segment, self.glob)
        if not self.item:
            return False
        return self.glob == "*" or self._fits_item(segment)

    def _fits_item(self, segment: int | Key | Member) -> bool:
        if isinstance(segment, int):
            return self.glob == str(segment)
        if isinstance(segment, Member):
            return any(not name and fnmatchcase(str(segment.value), g) for name, g in self.keys)
        have = {name: str(value) for name, value in segment.pairs}
        return bool(self.keys) and all(
            name in have and fnmatchcase(have[name], glob) for name, glob in self.keys
        )


@dataclass(frozen=True, slots=True)
class PathPattern:
    """A parsed pattern; see `parse_pattern`."""

    steps: tuple[Step, ...]

    def matches(self, path: FieldPath) -> bool:
        """Tell whether the path lies at or below what the pattern names."""
        return _matches(self.steps, path.segments)


def parse_pattern(text: str) -> PathPattern:
    """Read a pattern.

    Raises:
        ValueError: the text is not a pattern; the message shows where it goes wrong.

    """
    steps: list[Step] = []
    place = 0
    while place < len(text):
        token = _TOKEN.match(text, place)
        if token is None or token.end() == place:
            raise ValueError(f"{text!r} is not a field path: cannot read {text[place:]!r}")
        steps.append(_step(token))
        place = token.end()
    if not steps:
        raise ValueError("a field path must not be empty")
    return PathPattern(tuple(steps))


def _step(token: re.Match[str]) -> Step:
    if token["field"] is not None:
        return Step(glob=token["field"])
    if token["quoted"] is not None:
        return Step(glob=token["quoted"].replace('\\"', '"').replace("\\\\", "\\"))
    inner = token["inner"].strip()
    if "=" not in inner:
        return Step(glob=inner, item=True)
    pairs = (part.partition("=") for part in inner.split(","))
    return Step(keys=tuple((name.strip(), glob.strip()) for name, _, glob in pairs), item=True)


def _matches(steps: tuple[Step, ...], segments: tuple[Segment, ...]) -> bool:
    if not steps:
        return True
    if steps[0].glob == _ANY_DEPTH:
        return any(_matches(steps[1:], segments[skip:]) for skip in range(len(segments) + 1))
    return bool(segments) and steps[0].matches(segments[0]) and _matches(steps[1:], segments[1:])
