"""Notices connections that are open and dead.

A half-open connection says nothing for ever, and so does a quiet kind; but a quiet kind gets a bookmark
about every minute (https://kubernetes.io/docs/reference/using-api/api-concepts/#watch-bookmarks), so
more than that is silence. One task looks after all streams of a cluster, and an event costs nothing more
for it. It refuses to know what is streamed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final, Self

from auditor.errors import SourceUnavailable
from auditor.ports import ApiTransport, Clock

SILENCE: Final = 70.0
"""Seconds without a byte after which a stream is taken for dead."""
_TICK: Final = 5.0


class Silent(SourceUnavailable):
    """Nothing was heard for too long."""


class _Pulse:
    """The pieces of one stream, when the last one came, and how to end the stream.

    An iterator and no generator: there is nothing to finish where it is left.
    """

    def __init__(self, clock: Clock, timeout: asyncio.Timeout) -> None:
        self.at = clock.monotonic()
        self.timeout = timeout
        self.pieces: AsyncIterator[bytes] | None = None
        self._clock = clock

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if self.pieces is None:
            raise StopAsyncIteration
        piece = await anext(self.pieces)
        self.at = self._clock.monotonic()
        return piece


class Watchdog:
    """A transport whose streams end when they are silent; everything else is the inner one's."""

    def __init__(self, transport: ApiTransport, clock: Clock, *, silence: float = SILENCE) -> None:
        self._transport = transport
        self._clock = clock
        self._silence = silence
        self._pulses: set[_Pulse] = set()

    async def get(self, path: str, params: Mapping[str, str], *, accept: str) -> bytes:
        """Read one answer whole; see `auditor.ports.ApiTransport.get`."""
        return await self._transport.get(path, params, accept=accept)

    @asynccontextmanager
    async def stream(
        self, path: str, params: Mapping[str, str], *, accept: str
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open an answer without end; see `auditor.ports.ApiTransport.stream`.

        Raises:
            Silent: nothing was heard for too long.

        """
        try:
            async with asyncio.timeout(None) as timeout:
                pulse = _Pulse(self._clock, timeout)
                self._pulses.add(pulse)
                try:
                    async with self._transport.stream(path, params, accept=accept) as pieces:
                        pulse.pieces = pieces
                        yield pulse
                finally:
                    self._pulses.discard(pulse)
        except TimeoutError as error:
            raise Silent(f"{path}: nothing was heard for {self._silence:.0f} s") from error

    async def run(self) -> None:
        """Look every few seconds, until cancelled."""
        while True:
            await self._clock.sleep(_TICK)
            self.look()

    def look(self) -> None:
        """End every stream that was silent for too long."""
        now = self._clock.monotonic()
        for pulse in [pulse for pulse in self._pulses if now - pulse.at > self._silence]:
            self._pulses.discard(pulse)
            pulse.timeout.reschedule(asyncio.get_running_loop().time())
