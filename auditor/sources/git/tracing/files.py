"""The files of a commit, read as YAML for the places of things.

Bounded: long texts are not read, and what was read last is remembered. It refuses to fail: what cannot be
read has nothing in it.
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
_SMALL: Final = 2**13
"""Characters of a text of which many are remembered: nodes take fifty times the space of their text."""
_REMEMBERED: Final = 4_000
"""So many small texts of a commit are remembered: most questions are about the same few."""


class Place(NamedTuple):
    """Lines of a file, from 1, both included; without them all of it."""

    path: str
    lines: tuple[int, int] | None = None


class Files:
    """What can be read of a commit, or only some files of it."""

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
        text = self.text(path)
        return () if text is None else read_nodes(text)

    def object_at(self, place: tuple[str, int | None] | None) -> yaml.Node | None:
        """The object that begins on a line of a file; ``None`` where none does."""
        if place is None or place[1] is None:
            return None
        return object_at(self.text(place[0]) or "", place[1])


def read_nodes(text: str) -> tuple[yaml.Node, ...]:
    """Read a text of one or more documents; none where it cannot be read."""
    if len(text) > _LONGEST:
        return ()
    return _small(text) if len(text) <= _SMALL else _large(text)


def _nodes(text: str) -> tuple[yaml.Node, ...]:
    try:
        return tuple(compose_all(text))
    except yaml.YAMLError:
        return ()


_small = lru_cache(maxsize=256)(_nodes)
_large = lru_cache(maxsize=2)(_nodes)
