"""Keeps knowing what a cluster serves.

Asked at intervals that grow to a minute, and sooner after a hint: what a new CustomResourceDefinition
brings is served a moment after it is there. It refuses to act on what it learns.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from auditor.errors import RetryableError
from auditor.sources.kubernetes.backoff import Backoff
from auditor.sources.kubernetes.discovery import discover
from auditor.sources.kubernetes.link import Link
from auditor.state.kinds import ServedKinds

_SHORTEST: Final = 1.0
_LONGEST: Final = 60.0
_GROWTH: Final = 3.0
_NAME: Final = "discovery"


class Catalogue:
    """What one cluster serves, as last heard."""

    def __init__(self, link: Link) -> None:
        self.served = ServedKinds()
        self._link = link
        self._wake = asyncio.Event()
        self._pause = _SHORTEST

    def hint(self) -> None:
        """Something may have changed: ask soon."""
        self._pause = _SHORTEST
        self._wake.set()

    async def refresh(self) -> None:
        """Ask now.

        Raises:
            SourceUnavailable: the cluster cannot be asked.

        """
        link = self._link
        served = await discover(link.transport, self.served)
        link.health.heard(_NAME)
        if served != self.served:
            self.served = served
            link.events.discovery_changed(link.cluster, len(served))

    async def run(self, refreshed: Callable[[], Awaitable[None]]) -> None:
        """Ask again and again, and call ``refreshed`` after every answer, until cancelled."""
        link, backoff = self._link, Backoff(self._link.jitter)
        while True:
            try:
                await self.refresh()
            except RetryableError as error:
                pause = backoff.pause(retry_after=error.retry_after)
                link.health.failed(_NAME, error)
                link.events.discovery_failed(link.cluster, error, pause)
            else:
                backoff = Backoff(link.jitter)
                await refreshed()
                pause = self._pause * link.jitter.uniform(0.8, 1.2)
                self._pause = min(self._pause * _GROWTH, _LONGEST)
            await self._rest(pause)

    async def _rest(self, seconds: float) -> None:
        """Sleep, at least a moment, and no longer than to the next hint."""
        await self._link.clock.sleep(min(seconds, _SHORTEST))
        async with asyncio.TaskGroup() as group:
            alarm = group.create_task(self._ring_after(seconds - _SHORTEST))
            await self._wake.wait()
            alarm.cancel()
        self._wake.clear()

    async def _ring_after(self, seconds: float) -> None:
        if seconds > 0:
            await self._link.clock.sleep(seconds)
        self._wake.set()
