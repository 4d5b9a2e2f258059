"""Takes announcements from the outbox to every sink.

Each sink has its own courier with its own cursor, so one that is down holds up no other. It refuses to
deliver itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from auditor.pipeline.courier import Courier, Supply
from auditor.pipeline.supervisor import Supervisor
from auditor.ports.delivery import Sink

DRAINING: Final = 10.0
"""Seconds that what waits gets to be delivered before the worker ends."""


class Publisher:
    """Runs one courier per sink."""

    def __init__(self, sinks: Mapping[str, Sink], supply: Supply, supervisor: Supervisor) -> None:
        self._sinks = sinks
        self._supply = supply
        self._supervisor = supervisor
        self._couriers: list[Courier] = []
        self._begun = asyncio.Event()

    async def run(self) -> None:
        """Deliver until cancelled.

        Raises:
            StoreUnavailable: the sinks' cursors cannot be read now.

        """
        durable = [name for name, sink in self._sinks.items() if sink.durable]
        passing = [name for name, sink in self._sinks.items() if not sink.durable]
        starts = await self._supply.outbox.subscribe(durable=durable, passing=passing)
        self._couriers = [
            Courier(name, sink, self._supply, start=starts[name])
            for name, sink in self._sinks.items()
        ]
        self._begun.set()
        await self._supervisor.run({f"sink {each.name}": each.run for each in self._couriers})

    async def drain(self) -> None:
        """Wait, while `run` is running, until nothing can be delivered any more, or for 10 s."""
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAINING):
                await self._begun.wait()
                for courier in self._couriers:
                    await courier.settle()
