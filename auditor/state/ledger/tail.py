"""The latest announcements in memory.

A sink that keeps up reads from here: it never waits for the disk, and no finding is decoded again for it.
Bounded; who falls behind reads from the file. It refuses to hold what is not committed.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from itertools import takewhile
from typing import Final

from auditor.domain.finding import Announcement

_LENGTH: Final = 2_000


class Tail:
    """A window over the end of the outbox. ``last`` is the newest sequence of all."""

    def __init__(self, last: int) -> None:
        self.last = last
        self._recent: deque[Announcement] = deque(maxlen=_LENGTH)
        self._grown = asyncio.Event()

    def extend(self, announcements: Sequence[Announcement]) -> None:
        """Take in what was committed, and wake whoever waits for more."""
        if not announcements:
            return
        self._recent.extend(announcements)
        self.last = announcements[-1].sequence
        grown, self._grown = self._grown, asyncio.Event()
        grown.set()

    def covers(self, sequence: int) -> bool:
        """Whether everything after the sequence is here."""
        if not self._recent:
            return sequence >= self.last
        return sequence >= self._recent[0].sequence - 1

    def after(self, sequence: int, limit: int) -> list[Announcement]:
        """What follows the sequence, given that it is covered."""
        newest_first = takewhile(lambda each: each.sequence > sequence, reversed(self._recent))
        return list(newest_first)[: -limit - 1 : -1]

    async def beyond(self, sequence: int) -> None:
        """Wait until there is something after the sequence."""
        while self.last <= sequence:
            await self._grown.wait()
