"""Files that were parsed before, kept by the hash of their content.

Parsing YAML costs a hundred times what reading its JSON again costs, and a commit touches few files of
many: so a folder is rendered again for the price of what changed. Bounded in bytes; what was not used for
longest goes first. It refuses to keep failures: their message names a path, and content has none.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

import msgspec

from auditor.renderers.documents import Found, LeftOut, read_objects
from auditor.state.packed import pack, unpack

DEFAULT_CAPACITY: Final = 64 * 2**20
_ENTRY_COST: Final = 200
"""About so many bytes Python needs for an entry, whatever is in it."""


@dataclass(frozen=True, slots=True)
class _Packed:
    """A `Found` whose body is packed."""

    body: bytes
    line: int

    def unpack(self) -> Found:
        return Found(unpack(self.body), self.line)


class ParsedFiles:
    """A cache of what files contain. Safe to use from several threads."""

    def __init__(self, capacity: int = DEFAULT_CAPACITY) -> None:
        self._capacity = capacity
        self._size = 0
        self._entries: OrderedDict[str, tuple[_Packed | LeftOut, ...]] = OrderedDict()
        self._lock = Lock()

    def recall(self, blob_id: str) -> tuple[Found | LeftOut, ...] | None:
        """Return what a file of this content holds, if it is known."""
        with self._lock:
            entry = self._entries.get(blob_id)
            if entry is None:
                return None
            self._entries.move_to_end(blob_id)
        return tuple(part.unpack() if isinstance(part, _Packed) else part for part in entry)

    def parse(self, content: bytes, path: str, blob_id: str) -> tuple[Found | LeftOut, ...]:
        """Parse a file and keep what it holds.

        Raises:
            ManifestError: the file cannot be read.

        """
        parts = tuple(read_objects(content, path))
        entry = tuple(_pack(part) if isinstance(part, Found) else part for part in parts)
        with self._lock:
            if blob_id not in self._entries:
                self._entries[blob_id] = entry
                self._size += _cost(entry)
            while self._size > self._capacity:
                _, oldest = self._entries.popitem(last=False)
                self._size -= _cost(oldest)
        return parts


def _pack(part: Found) -> _Packed:
    return _Packed(pack(msgspec.json.encode(part.body)), part.line)


def _cost(entry: tuple[Any, ...]) -> int:
    return _ENTRY_COST + sum(
        _ENTRY_COST + len(part.body) for part in entry if isinstance(part, _Packed)
    )
