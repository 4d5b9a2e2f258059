"""Several sinks, none of which waits for another."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from auditor.errors import SinkUnavailable
from auditor.pipeline.courier import Supply
from auditor.pipeline.publisher import Publisher
from auditor.pipeline.supervisor import Supervisor
from auditor.state.ledger import SqliteLedger
from auditor.telemetry.delivery import DeliveryEvents
from auditor.telemetry.pipeline import PipelineEvents
from tests.doubles import START, FakeClock
from tests.doubles_delivery import MemorySink
from tests.outcomes import drifted


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[SqliteLedger]:
    async with SqliteLedger.open(tmp_path / "ledger.db") as opened:
        yield opened


@asynccontextmanager
async def publishing(
    ledger: SqliteLedger, clock: FakeClock, sinks: Mapping[str, MemorySink]
) -> AsyncIterator[Publisher]:
    """A publisher at work."""
    registry, jitter = CollectorRegistry(), random.Random(1)
    supply = Supply(
        outbox=ledger.outbox,
        open_findings=ledger.open_findings,
        clock=clock,
        jitter=jitter,
        events=DeliveryEvents(registry, sinks),
    )
    supervisor = Supervisor(clock, PipelineEvents(registry), jitter)
    publisher = Publisher(sinks, supply, supervisor)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(publisher.run())
        yield publisher
        task.cancel()


async def test_every_sink_gets_everything(ledger: SqliteLedger, clock: FakeClock) -> None:
    """Each at its own pace; when all is drained, nothing waits."""
    sinks = {"kafka": MemorySink(), "metrics": MemorySink(durable=False)}
    async with publishing(ledger, clock, sinks) as publisher:
        await publisher.drain()
        await ledger.record([drifted("web"), drifted("api")], at=START)
        await publisher.drain()

        assert [len(sink.taken) for sink in sinks.values()] == [2, 2]


async def test_a_sink_that_is_down_holds_up_no_other(
    ledger: SqliteLedger, clock: FakeClock
) -> None:
    """What it has not taken waits for it alone."""
    down, up = MemorySink(), MemorySink()
    down.troubles = [SinkUnavailable("gone")]
    async with publishing(ledger, clock, {"down": down, "up": up}):
        await ledger.record([drifted()], at=START)
        await clock.asleep()
        async with asyncio.timeout(10):
            while not up.taken:  # noqa: ASYNC110 - nothing signals it
                await asyncio.sleep(0.005)

        assert down.taken == []
        assert ledger.outbox.backlog().depth == 1


async def test_a_sink_that_breaks_is_started_again(ledger: SqliteLedger, clock: FakeClock) -> None:
    """A bug in one plug-in must not end the others."""
    broken, sound = MemorySink(), MemorySink()
    broken.troubles = [RuntimeError("a bug")]
    async with publishing(ledger, clock, {"broken": broken, "sound": sound}) as publisher:
        await ledger.record([drifted()], at=START)
        await clock.asleep()
        clock.advance(5)
        await publisher.drain()
        async with asyncio.timeout(10):
            while not broken.taken:  # noqa: ASYNC110 - nothing signals it
                await asyncio.sleep(0.005)

    assert len(sound.taken) == 1


async def test_draining_does_not_wait_for_what_is_down(
    ledger: SqliteLedger, clock: FakeClock
) -> None:
    """The worker ends; the outbox keeps the rest."""
    down = MemorySink()
    down.troubles = [SinkUnavailable("gone")]
    async with publishing(ledger, clock, {"down": down}) as publisher:
        await ledger.record([drifted()], at=START)
        async with asyncio.timeout(5):
            await publisher.drain()
    assert ledger.outbox.backlog().depth == 1


async def test_ending_closes_every_sink(ledger: SqliteLedger, clock: FakeClock) -> None:
    """All at once, within seconds."""
    sinks = {"one": MemorySink(), "two": MemorySink()}
    async with publishing(ledger, clock, sinks) as publisher:
        await publisher.drain()

    assert all(sink.closed == 1 for sink in sinks.values())


async def test_without_sinks_it_only_waits(ledger: SqliteLedger, clock: FakeClock) -> None:
    """A worker that serves its API alone is allowed."""
    async with publishing(ledger, clock, {}) as publisher:
        await ledger.record([drifted()], at=START)
        await publisher.drain()
