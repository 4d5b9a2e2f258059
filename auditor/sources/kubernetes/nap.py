"""A sleep that can be cut short."""

from __future__ import annotations

import asyncio

from auditor.ports import Clock


class Nap:
    """One sleeper's bed: `rouse` wakes who sleeps in it, and who lies down next does not sleep at all."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._roused = asyncio.Event()

    def rouse(self) -> None:
        """End the sleep."""
        self._roused.set()

    async def sleep(self, seconds: float) -> None:
        """Sleep so long, or until roused."""
        async with asyncio.TaskGroup() as group:
            alarm = group.create_task(self._ring_after(seconds))
            await self._roused.wait()
            alarm.cancel()
        self._roused.clear()

    async def _ring_after(self, seconds: float) -> None:
        if seconds > 0:
            await self._clock.sleep(seconds)
        self._roused.set()
