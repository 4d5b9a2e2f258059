"""Files that were parsed before, kept by the hash of their content.

Parsing YAML costs a hundred times what reading its JSON again costs, and a commit touches few files of
many: so a folder is rendered again for the price of what changed. Objects are packed as they are parsed, and
never leave here unpacked: what is declared shares their bytes. Bounded in bytes; what was not used for
longest goes first. It refuses to keep failures: their message names a path, and content has none.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Final

from auditor.renderers.documents import Found, LeftOut, read_objects
from auditor.state.packed import pack_body

DEFAULT_CAPACITY: Final = 128 * 2**20
"""Bytes. A hundred thousand objects fit, and what is declared shares them: only the rest is extra."""
_ENTRY_COST: Final = 200
"""About so many bytes Python needs for an entry, whatever is in it."""


@dataclass(frozen=True, slots=True)
class PackedFound:
    """A `Found` whose body is packed."""

    body: bytes
    line: int


Parts = tuple[PackedFound | LeftOut, ...]
"""What a file holds, in order."""


class ParsedFiles:
    """A cache of what files contain. Safe to use from several threads."""

    def __init__(self, capacity: int = DEFAULT_CAPACITY) -> None:
        self._capacity = capacity
        self._size = 0
        self._entries: OrderedDict[str, Parts] = OrderedDict()
        self._lock = Lock()

    def recall(self, blob_id: str) -> Parts | None:
        """Return what a file of this content holds, if it is known."""
        with self._lock:
            entry = self._entries.get(blob_id)
            if entry is not None:
                self._entries.move_to_end(blob_id)
        return entry

    def parse(self, content: bytes, path: str, blob_id: str) -> Parts:
        """Parse a file and keep what it holds.

        Raises:
            ManifestError: the file cannot be read.

        """
        entry = tuple(map(_packed, read_objects(content, path)))
        with self._lock:
            if blob_id not in self._entries:
                self._entries[blob_id] = entry
                self._size += _cost(entry)
            while self._size > self._capacity:
                _, oldest = self._entries.popitem(last=False)
                self._size -= _cost(oldest)
        return entry


def _packed(part: Found | LeftOut) -> PackedFound | LeftOut:
    return PackedFound(pack_body(part.body), part.line) if isinstance(part, Found) else part


def _cost(entry: Parts) -> int:
    return _ENTRY_COST + sum(
        _ENTRY_COST + len(part.body) for part in entry if isinstance(part, PackedFound)
    )
