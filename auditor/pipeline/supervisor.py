"""Keeps the long-lived tasks alive, and lets them all go together.

A task that breaks starts again after a growing pause, and is named in the log; one broken source must not
silence the others. Cancelling the supervisor cancels every task. It refuses to know what the tasks do.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from auditor.errors import ConfigError, PluginError
from auditor.ports import Clock
from auditor.telemetry.pipeline import PipelineEvents

Task = Callable[[], Awaitable[None]]
"""Runs until cancelled."""

_FIRST: Final = 1.0
_CAP: Final = 60.0
_HEALTHY: Final = 120.0
"""Seconds after which a task's earlier failures are forgotten."""


class Supervisor:
    """Runs named tasks until it is cancelled."""

    def __init__(self, clock: Clock, events: PipelineEvents, jitter: random.Random) -> None:
        self._clock = clock
        self._events = events
        self._jitter = jitter

    async def run(self, tasks: Mapping[str, Task]) -> None:
        """Run all of them; return only by cancellation or when the configuration proves wrong."""
        async with asyncio.TaskGroup() as group:
            for name, task in tasks.items():
                group.create_task(self._keep(name, task), name=name)

    async def _keep(self, name: str, task: Task) -> None:
        delay = _FIRST
        while True:
            started = self._clock.monotonic()
            try:
                await task()
            except (ConfigError, PluginError):
                raise
            except Exception as error:  # noqa: BLE001 - the one place that keeps tasks alive
                if self._clock.monotonic() - started > _HEALTHY:
                    delay = _FIRST
                self._events.task_restarted(name, error, delay)
                await self._clock.sleep(delay * self._jitter.uniform(0.8, 1.2))
                delay = min(delay * 2, _CAP)
            else:
                return
