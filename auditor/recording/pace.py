"""How long a recorded second takes."""

from __future__ import annotations

import asyncio


class Pace:
    """Holds a replay back to ``speed`` recorded seconds a second; ``None`` holds nothing back."""

    def __init__(self, speed: float | None = None) -> None:
        self._speed = speed
        self._began: float | None = None

    async def reach(self, moment: float) -> None:
        """Wait until a recorded moment, in seconds since the recording's start, may come."""
        if self._speed is None:
            return
        now = asyncio.get_running_loop().time()
        if self._began is None:
            self._began = now - moment / self._speed
        await asyncio.sleep(max(0.0, self._began + moment / self._speed - now))
