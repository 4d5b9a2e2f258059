"""When what could not be rendered is tried again, because something elsewhere could not be reached.

The pauses grow with every failure in a row, up to a limit, and vary so that not everything is tried at
once. It refuses to try.
"""

from __future__ import annotations

import random
from datetime import datetime
from typing import Final

from auditor.ports import Clock

_FIRST: Final = 10.0
_LONGEST: Final = 900.0


class Patience:
    """Names of roots that wait for their next try, each with its moment."""

    def __init__(self, clock: Clock, jitter: random.Random) -> None:
        self._clock = clock
        self._jitter = jitter
        self._tries: dict[str, tuple[int, float]] = {}

    def now(self) -> datetime:
        """The present moment."""
        return self._clock.now()

    def put_off(self, name: str, retry_after: float | None = None) -> None:
        """Note a failure; the next try is later than after the one before."""
        failures = self._tries.get(name, (0, 0.0))[0] + 1
        pause = min(_FIRST * 2.0 ** min(failures - 1, 16), _LONGEST)
        wait = max(pause * self._jitter.uniform(0.5, 1.5), retry_after or 0.0)
        self._tries[name] = (failures, self._clock.monotonic() + wait)

    def forget(self, name: str) -> None:
        """Forget the failures of one."""
        self._tries.pop(name, None)

    def take_due(self) -> frozenset[str]:
        """Those whose moment has come; they wait no more until they fail again."""
        now = self._clock.monotonic()
        due = frozenset(name for name, (_, moment) in self._tries.items() if moment <= now)
        for name in due:
            self._tries[name] = (self._tries[name][0], float("inf"))
        return due
