"""What every sink keeps: a suite to inherit from."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from prometheus_client import CollectorRegistry

from auditor.domain.finding import Announcement
from auditor.ports.delivery import Resume, Sink, SinkContext
from tests.builders import CLUSTER
from tests.doubles import FakeClock
from tests.findings import announcement


def context(registry: CollectorRegistry | None = None, *, name: str = "findings") -> SinkContext:
    """What a sink is given besides its options."""
    return SinkContext(
        name=name,
        registry=registry or CollectorRegistry(),
        clock=FakeClock(),
        random=random.Random(1),
        clusters=(CLUSTER,),
    )


def announcements(count: int, first: int = 1) -> list[Announcement]:
    """Openings of so many findings of different objects."""
    return [announcement(number, f"web-{number}") for number in range(first, first + count)]


class SinkContract(ABC):
    """Inherit, say how the sink is made, and how many announcements arrived outside."""

    @abstractmethod
    def make(self) -> Sink:
        """A new sink to the same outside, not opened."""

    @abstractmethod
    async def arrived(self) -> int:
        """How many announcements the outside has by now."""

    @asynccontextmanager
    async def opened(self, position: str | None = None) -> AsyncIterator[Sink]:
        """The sink, ready to publish."""
        sink = self.make()
        await sink.open(Resume(position=position))
        try:
            yield sink
        finally:
            await sink.close()

    async def publish(self, batch: Sequence[Announcement]) -> str | None:
        """Open, publish, close; return the position."""
        async with self.opened() as sink:
            return await sink.publish(batch)

    async def test_it_begins_with_nothing(self) -> None:
        """A sink that was never used has delivered nothing."""
        sink = self.make()
        assert await sink.open(Resume(position=None)) == frozenset()
        await sink.close()

    async def test_what_is_published_arrives(self) -> None:
        """When `publish` returns, the outside has the whole batch."""
        async with self.opened() as sink:
            await sink.publish(announcements(3))
            assert await self.arrived() == 3

    async def test_one_batch_follows_another(self) -> None:
        """A sink stays open between batches."""
        async with self.opened() as sink:
            await sink.publish(announcements(2))
            await sink.publish(announcements(2, first=3))
            assert await self.arrived() == 4

    async def test_an_empty_batch_delivers_nothing(self) -> None:
        """It only asks for the position."""
        await self.publish(())
        assert await self.arrived() == 0

    async def test_closing_is_always_possible(self) -> None:
        """Before opening, after it, and twice."""
        sink = self.make()
        await sink.close()
        await sink.open(Resume(position=None))
        await sink.close()
        await sink.close()

    async def test_it_can_be_opened_again(self) -> None:
        """After an outage the same sink goes on."""
        sink = self.make()
        await sink.open(Resume(position=None))
        await sink.close()
        await sink.open(Resume(position=None))
        await sink.publish(announcements(1))
        await sink.close()

        assert await self.arrived() == 1


class ReadBackContract(SinkContract):
    """What a sink keeps besides, if it can ask the outside what it has."""

    async def test_it_knows_what_it_delivered_after_a_position(self) -> None:
        """After a crash, nothing is announced twice."""
        first, second = announcements(2), announcements(3, first=3)
        position = await self.publish(first)
        await self.publish(second)

        sink = self.make()
        known = await sink.open(Resume(position=position))
        await sink.close()

        assert known == {each.transition.id for each in second}
