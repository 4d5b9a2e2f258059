"""Finds the line of a file on which an object begins that a program made of it.

Programs name the file at best. The line is found in the text: templates are no YAML, and names get
prefixes on the way. Where two documents fit equally well it refuses to guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from auditor.domain.manifest import Origin
from auditor.errors import ManifestError
from auditor.ports import Tree

_SEPARATOR: Final = re.compile(r"^---(\s.*)?$")
_FIELD: Final = re.compile(r"^(apiVersion|kind):\s*[\"']?([^\s\"'#]*)")
_NAME: Final = re.compile(r"^ {1,4}name:\s*(.+)$")
_EXPRESSION: Final = re.compile(r"\{\{.*?\}\}")


@dataclass(frozen=True, slots=True)
class _Passage:
    """What one document of a text says of itself."""

    line: int
    kind: str
    name: tuple[str, ...]
    """What of its name is written out, in order: a template may make the rest."""

    def fit(self, name: str) -> int:
        """Tell how well the document fits a rendered name: how many characters of it are written out."""
        place = 0
        for part in self.name:
            place = name.find(part, place)
            if place < 0:
                return 0
        return sum(map(len, self.name))


class Places:
    """The files of a tree, searched for objects."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._passages = lru_cache(maxsize=256)(self._look)

    def origin(self, path: str, body: Mapping[str, Any]) -> Origin:
        """Say where an object comes from that was made of a file."""
        line = self.line(path, str(body.get("kind")), str(body["metadata"]["name"]))
        return self.file(path, line)

    def file(self, path: str, line: int | None = None) -> Origin:
        """Say that an object comes from a file."""
        return Origin(
            repository=self._tree.repository, revision=self._tree.revision, path=path, line=line
        )

    def line(self, path: str, kind: str, name: str) -> int | None:
        """Find the line on which an object begins."""
        same_kind = [passage for passage in self._passages(path) if passage.kind == kind]
        if len(same_kind) == 1:
            return same_kind[0].line
        fits = {passage.line: passage.fit(name) for passage in same_kind}
        best = [line for line, fit in fits.items() if fit and fit == max(fits.values())]
        return best[0] if len(best) == 1 else None

    def _look(self, path: str) -> tuple[_Passage, ...]:
        try:
            text = self._tree.read(path).decode(errors="replace")
        except ManifestError:
            return ()
        return tuple(_passages(text))


def _passages(text: str) -> Iterator[_Passage]:
    line, kind, name = 0, "", ""
    for number, content in enumerate(text.splitlines(), start=1):
        if _SEPARATOR.match(content):
            if kind:
                yield _Passage(line, kind, _written(name))
            line, kind, name = 0, "", ""
        elif field := _FIELD.match(content):
            line = line or number
            kind = field[2] if field[1] == "kind" else kind
        elif not name and (found := _NAME.match(content)):
            name = found[1]
    if kind:
        yield _Passage(line, kind, _written(name))


def _written(name: str) -> tuple[str, ...]:
    """Return the parts of a name that no expression makes."""
    plain = name.partition(" #")[0].strip().strip("\"'")
    return tuple(part for part in _EXPRESSION.split(plain) if part)
