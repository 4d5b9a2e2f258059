"""Tells every transition to whoever listens, over Server-Sent Events.

It is a sink like any other: the publisher hands it announcements in order. The last ones are kept, so that
a client that comes back with ``Last-Event-ID`` misses nothing; one that was away longer is told of the gap.
A client that reads too slowly is let go, because waiting for it would hold up everybody: its queue is
bounded, and nothing is dropped from the middle of it. The format is that of
https://html.spec.whatwg.org/multipage/server-sent-events.html.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from auditor.domain.finding import Announcement
from auditor.ports.delivery import Resume
from auditor.telemetry.http import HttpEvents
from auditor.wire.events import structured

KEPT: Final = 1000
"""Announcements kept for clients that come back."""
WAITING: Final = 256
"""Announcements that one client may be behind."""
LISTENERS: Final = 100
"""Clients at a time."""

_GAP: Final = b'event: gap\ndata: {"remedy": "read /api/v1/findings for what is open now"}\n\n'


class TooManyListeners(Exception):
    """No further client is taken in."""


class Listener:
    """One client's frames, until it is let go."""

    def __init__(self, waiting: Sequence[bytes] = ()) -> None:
        self._waiting = deque(waiting)
        self._changed = asyncio.Event()
        self._changed.set()
        self.done = False
        """Whether the client is let go; what waits is not delivered any more."""

    def offer(self, frame: bytes) -> bool:
        """Add a frame; False if the client is too far behind."""
        if len(self._waiting) >= WAITING:
            return False
        self._waiting.append(frame)
        self._changed.set()
        return True

    def let_go(self) -> None:
        """End the stream."""
        self.done = True
        self._changed.set()

    async def frames(self) -> bytes:
        """Wait for frames, and take all there are; empty once the client was let go."""
        await self._changed.wait()
        self._changed.clear()
        taken = b"" if self.done else b"".join(self._waiting)
        self._waiting.clear()
        return taken


class Broadcast:
    """The sink behind ``/api/v1/events``."""

    durable = False

    def __init__(self, events: HttpEvents, *, kept: int = KEPT) -> None:
        self._events = events
        self._recent: deque[Announcement] = deque(maxlen=kept)
        self._listeners: set[Listener] = set()

    async def open(self, resume: Resume) -> frozenset[str]:  # noqa: ARG002 - it starts at the present
        """Start at the present: who was away reads the findings instead."""
        return frozenset()

    async def publish(self, batch: Sequence[Announcement]) -> str | None:
        """Hand a batch to every listener; where nobody listens, nothing is written."""
        self._recent.extend(batch)
        for announcement in batch if self._listeners else ():
            frame = encode(announcement)
            for listener in tuple(self._listeners):
                if not listener.offer(frame):
                    self._events.stream_dropped()
                    listener.let_go()
        return None

    async def close(self) -> None:
        """Let every listener go."""
        for listener in self._listeners:
            listener.let_go()

    @contextmanager
    def listen(self, after: int | None) -> Iterator[Listener]:
        """Take a client in. ``after`` is the last sequence that it saw, if it was here before.

        Raises:
            TooManyListeners: there are enough.

        """
        if len(self._listeners) >= LISTENERS:
            raise TooManyListeners
        listener = Listener(self._missed(after))
        self._listeners.add(listener)
        self._events.stream_opened()
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
            self._events.stream_closed()

    def _missed(self, after: int | None) -> list[bytes]:
        if after is None:
            return []
        known = self._recent
        if not known or not known[0].sequence - 1 <= after <= known[-1].sequence:
            return [_GAP]
        return [encode(announcement) for announcement in known if announcement.sequence > after]


def encode(announcement: Announcement) -> bytes:
    """Write one announcement as an event whose id is its sequence, and whose data a CloudEvent."""
    transition = announcement.transition
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (
        announcement.sequence,
        transition.kind.encode(),
        structured(transition),
    )
