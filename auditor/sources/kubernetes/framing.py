"""Cuts a watch stream into its events: one line, one event.

Readers of lines in HTTP libraries either give up at a fixed line length or buffer without bound; one huge
object must do neither to a worker that watches thousands of others. So lines are cut here, from pieces
of any size, and a line beyond the limit is skipped and counted. It refuses to look into a line.
"""

from __future__ import annotations

from typing import Final

MAX_EVENT: Final = 8 * 1024 * 1024
"""Bytes of the largest event that is read. etcd takes requests of 1.5 MiB unless told otherwise
(https://etcd.io/docs/v3.6/dev-guide/limit/), so only aggregated APIs can come near."""


class LineSplitter:
    """Takes pieces, gives whole lines. ``skipped`` holds the sizes of lines beyond the limit."""

    def __init__(self, limit: int = MAX_EVENT) -> None:
        self.skipped: list[int] = []
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, piece: bytes) -> list[bytes]:
        """Return the lines that this piece completes, without their ends; empty ones are left out."""
        first, *lines = piece.split(b"\n")
        self._hold(first)
        if not lines:
            return []
        held = self._release()
        self._hold(lines.pop())
        if len(piece) > self._limit:
            lines = [line for line in lines if self._fits(len(line))]
        return [line for line in (held, *lines) if line]

    def _hold(self, part: bytes) -> None:
        """Keep the beginning of a line, and of one that is too long only how long it is."""
        self._size += len(part)
        if self._size > self._limit:
            self._parts.clear()
        elif part:
            self._parts.append(part)

    def _release(self) -> bytes:
        line = b"".join(self._parts) if self._fits(self._size) else b""
        self._parts.clear()
        self._size = 0
        return line

    def _fits(self, size: int) -> bool:
        if size > self._limit:
            self.skipped.append(size)
        return size <= self._limit
