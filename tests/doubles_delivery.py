"""A sink that keeps what it is given."""

from __future__ import annotations

from collections.abc import Sequence

from auditor.domain.finding import Announcement
from auditor.ports.delivery import Resume


class MemorySink:
    """Takes everything, unless an error is waiting in `troubles`; its position is how much it has."""

    def __init__(self, *, durable: bool = True) -> None:
        self.durable = durable
        self.troubles: list[Exception] = []
        self.resumed: list[Resume] = []
        self.taken: list[Announcement] = []
        self.closed = 0

    async def open(self, resume: Resume) -> frozenset[str]:
        self.resumed.append(resume)
        return frozenset(each.transition.id for each in self.taken[int(resume.position or 0) :])

    async def publish(self, batch: Sequence[Announcement]) -> str | None:
        if batch and self.troubles:
            raise self.troubles.pop(0)
        self.taken += batch
        return str(len(self.taken))

    async def close(self) -> None:
        self.closed += 1
