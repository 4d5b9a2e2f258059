"""Stand-ins for the outside world that satisfy the real ports. Each stays below 60 lines."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
"""Where every test begins in time."""


class FakeClock:
    """A clock that moves only when told. Whoever sleeps wakes when the time has come.

    `asleep` lets a test wait until the code under test waits, without sleeping itself.
    """

    def __init__(self, start: datetime = START) -> None:
        self._start = start
        self._elapsed = 0.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []
        self._changed = asyncio.Event()
        self.naps: list[float] = []
        """Every time that was slept, in seconds, in the order asked for."""

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        alarm: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        sleeper = (self._elapsed + seconds, alarm)
        self._sleepers.append(sleeper)
        self._changed.set()
        try:
            await alarm
        finally:
            self._sleepers.remove(sleeper)

    def advance(self, seconds: float) -> None:
        """Let time pass, and wake whoever slept until now."""
        self._elapsed += seconds
        for until, alarm in self._sleepers:
            if until <= self._elapsed and not alarm.done():
                alarm.set_result(None)

    async def asleep(self, count: int = 1) -> None:
        """Wait until so many sleep; gives up after ten real seconds."""
        await self._until(lambda: sum(not alarm.done() for _, alarm in self._sleepers) >= count)

    async def napped(self, count: int) -> None:
        """Wait until `sleep` was called so many times in all; gives up after ten real seconds."""
        await self._until(lambda: len(self.naps) >= count)

    async def _until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                self._changed.clear()
                await self._changed.wait()
