"""Time as it was: it stands still, and moves from one recorded moment to the next.

Whoever sleeps is woken when the recorded time has come, in order, each with the rest at peace. So what
depends on time comes out the same on every replay, however fast it runs. It refuses to look at the real
clock: how long a recorded second takes is for the pace.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from datetime import datetime, timedelta


class ReplayClock:
    """A `Clock` that the player moves."""

    def __init__(self, start: datetime) -> None:
        self._start = start
        self._elapsed = 0.0
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        """The recorded moment, UTC."""
        return self._start + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        """Seconds since the recording's start."""
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        """Wait in recorded time."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        alarm: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._elapsed + seconds, next(self._order), alarm))
        await alarm

    def next_alarm(self) -> float | None:
        """When the next sleeper wants to be woken, in seconds since the start."""
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        return self._sleepers[0][0] if self._sleepers else None

    def move(self, to: float) -> None:
        """Let time pass, and wake the first sleeper whose time has come, if any."""
        self._elapsed = max(self._elapsed, to)
        alarm = self.next_alarm()
        if alarm is not None and alarm <= self._elapsed:
            heapq.heappop(self._sleepers)[2].set_result(None)
