"""How long to wait after a failure.

Twice as long each time, up to a cap, and never exactly as long as everybody else. A connection that
stayed healthy for two minutes makes earlier failures forgotten; one that breaks at once does not.
"""

from __future__ import annotations

import random
from typing import Final

HEALTHY: Final = 120.0
"""Seconds."""


class Backoff:
    """The pauses of one reflector, in seconds."""

    def __init__(self, jitter: random.Random, *, first: float = 0.8, cap: float = 30.0) -> None:
        self._jitter = jitter
        self._first = first
        self._cap = cap
        self._next = first

    def pause(self, *, healthy_for: float = 0.0, retry_after: float | None = None) -> float:
        """How long to wait now; never less than what the other side asked for."""
        if healthy_for >= HEALTHY:
            self._next = self._first
        pause = self._next * self._jitter.uniform(0.5, 1.5)
        self._next = min(self._next * 2, self._cap)
        return max(pause, (retry_after or 0.0) * self._jitter.uniform(1.0, 1.2))
