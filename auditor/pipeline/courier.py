"""Carries announcements to one sink, in order, until it is told to stop.

A sink may be down for any time: the outbox keeps what it has not taken, and the courier tries again after
a growing pause. After every failure the sink is opened anew and asked what it has already, because a
batch may have been taken whose answer got lost. What it refuses for good goes to the dead letters, and
the rest goes on. It refuses to know other sinks.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from auditor.domain.finding import Announcement, TrackedFinding
from auditor.errors import DeliveryRejected, RetryableError, SinkUnavailable
from auditor.ports import Clock
from auditor.ports.delivery import Cursor, DeadLetterOffice, Outbox, Resume, Sink
from auditor.telemetry.delivery import DeliveryEvents

BATCH: Final = 500
"""Announcements handed to a sink at once."""
_FIRST, _CAP = 1.0, 60.0
_CLOSING: Final = 5.0
"""Seconds that a sink gets to let go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """What every courier works with."""

    outbox: Outbox
    open_findings: Callable[[], Sequence[TrackedFinding]]
    clock: Clock
    jitter: random.Random
    events: DeliveryEvents


class _Patience:
    """How long to wait after a failure: longer after each, up to a minute, and never in step."""

    def __init__(self) -> None:
        self.down = False
        self._failures = 0

    def pause(self, error: RetryableError, jitter: random.Random) -> float:
        """Seconds to wait now."""
        self.down = True
        pause: float = min(_FIRST * 2**self._failures, _CAP) * jitter.uniform(0.5, 1)
        self._failures = min(self._failures + 1, 10)
        return max(pause, error.retry_after or 0)

    def delivered(self) -> None:
        """Begin anew: a connection alone proves nothing."""
        self._failures = 0


class Courier:
    """Serves one sink."""

    def __init__(self, name: str, sink: Sink, supply: Supply, *, start: Cursor) -> None:
        self.name = name
        self._sink = sink
        self._supply = supply
        self._cursor = start
        self._done: set[str] = set()
        self._patience = _Patience()
        self._idle = asyncio.Event()

    async def run(self) -> None:
        """Deliver until cancelled."""
        try:
            while True:
                try:
                    await self._deliver()
                except RetryableError as error:
                    await self._pause(error)
        finally:
            self._idle.set()
            await self._close()
            self._supply.events.sink_closed(self.name)

    async def settle(self) -> None:
        """Wait until nothing waits for the sink, or the sink is down."""
        await self._idle.wait()
        outbox = self._supply.outbox
        while not self._patience.down and await outbox.after(self._cursor.sequence, limit=1):
            self._idle.clear()
            await self._idle.wait()

    async def _deliver(self) -> None:
        await self._open()
        while True:
            if batch := await self._supply.outbox.after(self._cursor.sequence, limit=BATCH):
                self._idle.clear()
                await self._hand_over(batch)
            else:
                self._idle.set()
                await self._supply.outbox.beyond(self._cursor.sequence)

    async def _open(self) -> None:
        """Connect, learn what the sink has already, and settle from where on that can be asked."""
        position, known = self._cursor.position, self._supply.open_findings()
        self._done |= await self._sink.open(Resume(position=position, open=known))
        if self._sink.durable and position is None:
            await self._acknowledge(self._cursor.sequence, await self._sink.publish(()))
        self._patience.down = False
        self._supply.events.sink_opened(self.name, self._cursor.sequence)

    async def _hand_over(self, batch: Sequence[Announcement]) -> None:
        fresh = [each for each in batch if each.transition.id not in self._done]
        if skipped := len(batch) - len(fresh):
            self._supply.events.repeats_skipped(self.name, skipped)
        try:
            position = await self._publish(fresh) if fresh else self._cursor.position
        except DeliveryRejected as refusal:
            await self._bury(refusal, fresh)
            await self._sink.close()
            await self._open()  # the batch is read again, without what is known to be done
            return
        await self._acknowledge(batch[-1].sequence, position)
        self._done.difference_update(each.transition.id for each in batch)
        self._patience.delivered()

    async def _publish(self, batch: Sequence[Announcement]) -> str | None:
        clock, started = self._supply.clock, self._supply.clock.monotonic()
        position = await self._sink.publish(batch)
        took, at = clock.monotonic() - started, clock.now().timestamp()
        self._supply.events.batch_published(self.name, len(batch), took=took, at=at)
        return position

    async def _bury(self, refusal: DeliveryRejected, batch: Sequence[Announcement]) -> None:
        refused = [each for each in batch if each.transition.id == refusal.announcement_id]
        if not refused:
            raise SinkUnavailable(f"refused what it was not given: {refusal}") from refusal
        reason = str(refusal)
        if isinstance(self._sink, DeadLetterOffice):
            await self._sink.bury(refused[0], reason)
        await self._supply.outbox.bury(self.name, refused[0], reason)
        self._supply.events.announcement_rejected(self.name, refused[0], reason)
        self._done.add(refusal.announcement_id)

    async def _acknowledge(self, sequence: int, position: str | None) -> None:
        cursor = Cursor(sequence=sequence, position=position)
        self._cursor = cursor
        await self._supply.outbox.acknowledge(self.name, cursor)

    async def _pause(self, error: RetryableError) -> None:
        pause = self._patience.pause(error, self._supply.jitter)
        self._idle.set()
        await self._close()
        self._supply.events.sink_failed(self.name, str(error), pause)
        await self._supply.clock.sleep(pause)

    async def _close(self) -> None:
        try:
            async with asyncio.timeout(_CLOSING):
                await self._sink.close()
        except TimeoutError:
            self._supply.events.sink_abandoned(self.name)
