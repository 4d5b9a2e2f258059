"""Announcements reach a sink in order, whatever happens on the way."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from auditor.domain.finding import Announcement
from auditor.errors import DeliveryRejected, SinkUnavailable
from auditor.pipeline.courier import Courier, Supply
from auditor.ports.delivery import Cursor
from auditor.state.ledger import LedgerReader, SqliteLedger
from auditor.telemetry.delivery import DeliveryEvents
from tests.doubles import START, FakeClock
from tests.doubles_delivery import MemorySink
from tests.outcomes import drifted

NAME = "kafka"


class World:
    """A ledger, a sink, and a courier between them."""

    def __init__(self, ledger: SqliteLedger, clock: FakeClock, sink: MemorySink) -> None:
        self.ledger = ledger
        self.clock = clock
        self.sink = sink
        self.registry = CollectorRegistry()
        self.supply = Supply(
            outbox=ledger.outbox,
            open_findings=ledger.open_findings,
            clock=clock,
            jitter=random.Random(1),
            events=DeliveryEvents(self.registry, [NAME]),
        )

    async def record(self, *names: str) -> None:
        """Let drift be found on these objects."""
        await self.ledger.record([drifted(name) for name in names], at=START)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Courier]:
        """The courier at work, from where its sink was."""
        durable, passing = ([NAME], []) if self.sink.durable else ([], [NAME])
        cursors = await self.ledger.outbox.subscribe(durable=durable, passing=passing)
        courier = Courier(NAME, self.sink, self.supply, start=cursors[NAME])
        async with asyncio.TaskGroup() as group:
            task = group.create_task(courier.run())
            yield courier
            task.cancel()

    @property
    def delivered(self) -> list[str]:
        """The objects whose announcements the sink has, in order."""
        return [each.transition.tracked.finding.ref.name for each in self.sink.taken]

    def count(self, outcome: str) -> float | None:
        """How many announcements met this fate."""
        labels = {"sink": NAME, "outcome": outcome}
        return self.registry.get_sample_value("auditor_sink_published_total", labels)


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with SqliteLedger.open(tmp_path / "ledger.db") as ledger:
        yield World(ledger, clock, MemorySink())


async def until(condition: Callable[[], bool]) -> None:
    """Wait for the other task."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - nothing signals it
            await asyncio.sleep(0.005)


async def test_what_waits_and_what_comes_is_delivered_in_order(world: World) -> None:
    """Before the start and after it."""
    await world.record("web", "api")
    async with world.running():
        await until(lambda: len(world.delivered) == 2)
        await world.record("db")
        await until(lambda: len(world.delivered) == 3)

    assert world.delivered == ["web", "api", "db"]
    assert world.count("delivered") == 3


async def test_a_restart_goes_on_where_it_was(world: World) -> None:
    """With the position that the sink gave."""
    async with world.running():
        await world.record("web")
        await until(lambda: bool(world.delivered))
    await world.record("api")
    async with world.running():
        await until(lambda: len(world.delivered) == 2)

    assert world.sink.resumed[-1].position == "1"
    assert world.delivered == ["web", "api"]


async def test_a_first_start_settles_a_position(world: World) -> None:
    """Even before anything was delivered, a crash must find where to read back from."""
    async with world.running():
        await until(lambda: bool(world.sink.resumed))
    cursors = await world.ledger.outbox.subscribe(durable=[NAME], passing=[])

    assert cursors[NAME] == Cursor(sequence=0, position="0")


async def test_an_outage_costs_nothing_but_time(world: World) -> None:
    """Tried again after a growing pause, and everything arrives once, in order."""
    world.sink.troubles = [SinkUnavailable("gone"), SinkUnavailable("still gone")]
    async with world.running():
        await world.record("web", "api")
        await world.clock.asleep()
        assert world.registry.get_sample_value("auditor_sink_up", {"sink": NAME}) == 0
        world.clock.advance(1)
        await world.clock.napped(2)
        world.clock.advance(2)
        await until(lambda: len(world.delivered) == 2)

        assert world.registry.get_sample_value("auditor_sink_up", {"sink": NAME}) == 1
    assert world.delivered == ["web", "api"]
    assert world.count("failed") == 2
    assert 0.5 <= world.clock.naps[0] <= 1 < world.clock.naps[1] <= 2


async def test_pauses_are_capped(world: World) -> None:
    """A minute at most, however long the outage."""
    world.sink.troubles = [SinkUnavailable("gone") for _ in range(12)]
    await world.record("web")
    async with world.running():
        for number in range(1, 13):
            await world.clock.napped(number)
            world.clock.advance(60)
        await until(lambda: bool(world.delivered))

    assert max(world.clock.naps) <= 60
    assert min(world.clock.naps[-3:]) >= 30


async def test_a_sink_may_ask_for_more_time(world: World) -> None:
    """As a rate limit does."""
    world.sink.troubles = [SinkUnavailable("slow down", retry_after=30)]
    await world.record("web")
    async with world.running():
        await world.clock.asleep()
        assert world.clock.naps == [30]
        world.clock.advance(30)
        await until(lambda: bool(world.delivered))


async def test_a_lost_answer_is_no_repeat(world: World) -> None:
    """The sink took the batch, but nobody learnt of it: it is asked, and the batch is skipped."""
    await world.record("web", "api")
    async with world.running():
        await until(lambda: len(world.delivered) == 2)
    waiting = [*world.sink.taken]
    await world.record("db")
    world.sink.taken += await world.ledger.outbox.after(2, limit=1)

    async with world.running() as courier:
        await courier.settle()
        await world.record("cache")
        await until(lambda: len(world.delivered) == 4)

    assert world.delivered == ["web", "api", "db", "cache"]
    assert world.sink.taken[:2] == waiting
    assert world.count("skipped") == 1


async def test_what_is_refused_does_not_hold_up_the_rest(world: World, tmp_path: Path) -> None:
    """It goes to the dead letters, with the reason; everything else arrives."""
    await world.record("web", "huge", "api")
    refused = (await world.ledger.outbox.after(0, limit=3))[1].transition.id
    world.sink.troubles = [DeliveryRejected("too large", announcement_id=refused)]
    async with world.running() as courier:
        await until(lambda: len(world.delivered) == 2)
        await courier.settle()

    assert world.delivered == ["web", "api"]
    assert world.count("rejected") == 1
    with LedgerReader(tmp_path / "ledger.db") as reader:
        (letter,) = reader.dead_letters()
    assert (letter.transition_id, letter.reason) == (refused, "too large")


async def test_a_sink_with_an_office_gets_its_dead_letters(world: World) -> None:
    """Where people look for such."""
    buried: list[tuple[Announcement, str]] = []

    class Office(MemorySink):
        async def bury(self, announcement: Announcement, reason: str) -> None:
            buried.append((announcement, reason))

    world.sink = Office()
    await world.record("huge")
    (announcement,) = await world.ledger.outbox.after(0, limit=1)
    refused = announcement.transition.id
    world.sink.troubles = [DeliveryRejected("too large", announcement_id=refused)]
    async with world.running():
        await until(lambda: bool(buried))

    assert buried == [(announcement, "too large")]


async def test_a_sink_that_refuses_nonsense_is_an_outage(world: World) -> None:
    """Nothing is dropped on its word."""
    world.sink.troubles = [DeliveryRejected("no", announcement_id="never heard of")]
    await world.record("web")
    async with world.running():
        await world.clock.asleep()
        world.clock.advance(1)
        await until(lambda: bool(world.delivered))

    assert world.count("rejected") == 0


async def test_a_passing_sink_begins_at_the_present(world: World) -> None:
    """It is shown what is open instead of what happened."""
    world.sink = MemorySink(durable=False)
    await world.record("web")
    async with world.running():
        await until(lambda: bool(world.sink.resumed))
        await world.record("api")
        await until(lambda: bool(world.delivered))

    (known,) = world.sink.resumed[0].open
    assert known.finding.ref.name == "web"
    assert world.delivered == ["api"]


async def test_batches_are_bounded(world: World) -> None:
    """A long backlog goes in pieces."""
    await world.record(*(f"web-{number}" for number in range(1200)))
    sizes: list[int] = []

    class Measured(MemorySink):
        async def publish(self, batch: Sequence[Announcement]) -> str | None:
            sizes.append(len(batch))
            return await super().publish(batch)

    world.sink = Measured()
    async with world.running():
        await until(lambda: len(world.delivered) == 1200)

    assert sizes == [0, 500, 500, 200]


async def test_cancelling_closes_the_sink(world: World) -> None:
    """Nothing is left open behind."""
    async with world.running():
        await until(lambda: bool(world.sink.resumed))

    assert world.sink.closed == 1
