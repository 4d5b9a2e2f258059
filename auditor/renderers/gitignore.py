"""Patterns of files that are left out, as ``.gitignore`` writes them.

The last pattern that matches decides, ``!`` takes a file in again, but never below a folder that is left
out (https://git-scm.com/docs/gitignore#_pattern_format). It refuses to read files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

_WILDCARD: Final = re.compile(r"\*\*/|/\*\*$|\*+|\?|\[[!^]?\]?[^\]]*\]|\\.|.", re.DOTALL)


class Ignored:
    """What some patterns leave out of a tree. Paths are POSIX, from the root."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._rules = [_rule(line.rstrip()) for line in patterns if _is_pattern(line)]

    def matches(self, path: str) -> bool:
        """Tell whether a file is left out, or a folder that it lies in."""
        return any(self._decides(part, folder) for part, folder in _prefixes(path))

    def _decides(self, path: str, is_folder: bool) -> bool:  # noqa: FBT001 - one of a pair
        answers = (
            takes_out
            for pattern, takes_out, only_folders in reversed(self._rules)
            if (is_folder or not only_folders) and pattern.fullmatch(path)
        )
        return next(answers, False)


def _is_pattern(line: str) -> bool:
    return bool(line.strip()) and not line.startswith("#")


def _prefixes(path: str) -> Iterator[tuple[str, bool]]:
    parts = path.split("/")
    for number in range(1, len(parts) + 1):
        yield "/".join(parts[:number]), number < len(parts)


def _rule(line: str) -> tuple[re.Pattern[str], bool, bool]:
    takes_out = not line.startswith("!")
    text = line if takes_out else line[1:]
    only_folders = text.endswith("/")
    text = text.removesuffix("/")
    anchored = "/" in text
    inner = "".join(_expression(part) for part in _WILDCARD.findall(text.removeprefix("/")))
    prefix = "" if anchored else "(?:.*/)?"
    return re.compile(prefix + inner, re.DOTALL), takes_out, only_folders


_EXPRESSIONS: Final = {"**/": "(?:.*/)?", "/**": "/.*", "?": "[^/]"}


def _expression(part: str) -> str:
    if part in _EXPRESSIONS:
        return _EXPRESSIONS[part]
    if part.startswith("*"):
        return "[^/]*"
    if part.startswith("[") and len(part) > 1:
        inner = part[1:-1].replace("\\", "\\\\")
        return f"[^{inner[1:]}]" if inner.startswith(("!", "^")) else f"[{inner}]"
    return re.escape(part.removeprefix("\\"))
