"""What is done by time alone: appointments, and a full look now and then.

The full look is the safety net under everything that notices changes: whatever was missed, by a bug or
by the world, is found within one round. It costs the API server nothing, because it looks at what is
known. It refuses to be needed.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Final

from auditor.domain.identity import ObjectRef
from auditor.pipeline.queue import RefQueue
from auditor.ports import Clock

TICK: Final = 0.5
"""Seconds between two looks at the agenda."""
ROUND: Final = 1800.0
"""Seconds between two looks at everything, ±20 % so that replicas do not look together."""


class Rounds:
    """The tasks that time drives."""

    def __init__(self, queue: RefQueue, clock: Clock, jitter: random.Random) -> None:
        self._queue = queue
        self._clock = clock
        self._jitter = jitter

    async def tick(self, due: Callable[[], None]) -> None:
        """Call ``due`` twice a second until cancelled."""
        while True:
            await self._clock.sleep(TICK)
            due()

    async def resync(self, everything: Callable[[], Iterable[ObjectRef]]) -> None:
        """Queue everything from time to time until cancelled."""
        while True:
            await self._clock.sleep(ROUND * self._jitter.uniform(0.8, 1.2))
            self._queue.add(everything())
