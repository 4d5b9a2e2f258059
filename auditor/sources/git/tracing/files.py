"""The files of a commit, read as YAML for the places of things.

Bounded: long texts are not read, no question is answered by very many, and what was read last is remembered.
It refuses to fail: what cannot be read has nothing in it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import lru_cache
from typing import Final, NamedTuple

import yaml

from auditor.config.nodes import compose_all
from auditor.errors import ManifestError
from auditor.sources.git.extent import object_at

_LONGEST: Final = 2**18
"""Characters of a text that is read."""
_MOST: Final = 2**22
"""Characters that are read for one question, as often as each is."""
_SMALL: Final = 2**13
"""Characters of a text of which many are remembered: nodes take fifty times the space of their text."""
_REMEMBERED: Final = 4_000
"""So many small texts of a commit are remembered: most questions are about the same few."""


class Place(NamedTuple):
    """Lines of a file, from 1, both included; without them all of it."""

    path: str
    lines: tuple[int, int] | None = None


class Files:
    """What can be read of a commit, or only some files of it; each selection for one question."""

    def __init__(
        self,
        read: Callable[[str], bytes],
        *,
        known: Collection[str] | None = None,
        texts: dict[str, str | None] | None = None,
    ) -> None:
        """Take what reads a file by its path, or raises `ManifestError`; ``texts`` is what was read."""
        self._read = read
        self._known = known
        self._texts = {} if texts is None else texts
        self._left = _MOST

    def only(self, known: Collection[str]) -> Files:
        """The same files without all others."""
        return Files(self._read, known=known, texts=self._texts)

    def text(self, path: str) -> str | None:
        """The text of a file; ``None`` where there is none, or it is too long."""
        if self._known is not None and path not in self._known:
            return None
        if path in self._texts:
            return self._texts[path]
        text = self._text(path)
        if len(text or "") <= _SMALL and len(self._texts) < _REMEMBERED:
            self._texts[path] = text
        return text

    def _text(self, path: str) -> str | None:
        try:
            content = self._read(path)
        except ManifestError:
            return None
        return content.decode(errors="replace") if len(content) <= _LONGEST else None

    def documents(self, path: str) -> tuple[yaml.Node, ...]:
        """The documents of a file."""
        return self.nodes(self.text(path) or "")

    def nodes(self, text: str) -> tuple[yaml.Node, ...]:
        """The documents of a text; none where it cannot be read, or too much was read already."""
        self._left -= len(text)
        if self._left < 0 or len(text) > _LONGEST:
            return ()
        return _small(text) if len(text) <= _SMALL else _large(text)

    def object_at(self, place: tuple[str, int | None] | None) -> yaml.Node | None:
        """The object that begins on a line of a file; ``None`` where none does."""
        if place is None or place[1] is None:
            return None
        return object_at(self.text(place[0]) or "", place[1])


def _nodes(text: str) -> tuple[yaml.Node, ...]:
    try:
        return tuple(compose_all(text))
    except yaml.YAMLError:
        return ()


_small = lru_cache(maxsize=256)(_nodes)
_large = lru_cache(maxsize=2)(_nodes)
