"""Kafka goes away and comes back; the worker is killed: nothing is lost, nothing comes twice."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from auditor.app.clock import SystemClock
from auditor.pipeline.courier import Courier, Supply
from auditor.state.ledger import LedgerReader, SqliteLedger
from auditor.telemetry.delivery import DeliveryEvents
from sinks.kafka import KafkaOptions, KafkaSink
from tests.contracts.sink_contract import context
from tests.doubles import START
from tests.e2e.kafka_topics import own_topics, read, state
from tests.outcomes import clean, drifted
from tests.stack.fixtures import require
from tests.stack.kafka_broker import PROGRAMS, Kafka
from tests.stack.workspace import Workspace

pytestmark = pytest.mark.e2e
NAME = "findings"


@pytest.fixture
def broker() -> Iterator[Kafka]:
    """A broker that a test may do anything to."""
    require(PROGRAMS)
    with Workspace.temporary() as own:
        yield Kafka.launch(own)


@asynccontextmanager
async def delivering(ledger: SqliteLedger, options: KafkaOptions) -> AsyncIterator[Courier]:
    """A courier at work for a Kafka sink."""
    supply = Supply(
        outbox=ledger.outbox,
        open_findings=ledger.open_findings,
        clock=SystemClock(),
        jitter=random.Random(1),
        events=DeliveryEvents(CollectorRegistry(), [NAME]),
    )
    cursors = await ledger.outbox.subscribe(durable=[NAME], passing=[])
    courier = Courier(NAME, KafkaSink(options, context()), supply, start=cursors[NAME])
    async with asyncio.TaskGroup() as group:
        task = group.create_task(courier.run())
        yield courier
        task.cancel()


async def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for the courier."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - nothing signals it
            await asyncio.sleep(0.02)


async def live_on(ledger: SqliteLedger, first: int, last: int) -> None:
    """Let drift come and go on fifty objects, a step at a time."""
    for number in range(first, last):
        name = f"web-{number % 50}"
        outcome = drifted(name) if number // 50 % 2 == 0 else clean(name)
        await ledger.record([outcome], at=START + timedelta(minutes=number))


async def _disturbed(
    path: Path, options: KafkaOptions, begin: Callable[[], None], end: Callable[[], None]
) -> None:
    async with SqliteLedger.open(path) as ledger, delivering(ledger, options):
        await live_on(ledger, 0, 300)
        await until(lambda: ledger.outbox.backlog().depth == 0)
        await asyncio.to_thread(begin)
        await live_on(ledger, 300, 1000)
        assert ledger.outbox.backlog().depth == 700
        await asyncio.to_thread(end)
        await until(lambda: ledger.outbox.backlog().depth == 0)


def assert_complete(path: Path, options: KafkaOptions) -> None:
    """The log has every transition of the ledger once, each object's in order; the state agrees."""
    bootstrap, topics = options.bootstrap[0], options.topics
    published: dict[str, list[str]] = {}
    for record in read(bootstrap, topics.findings):
        published.setdefault(record.event["data"]["id"], []).append(record.event["id"])
    with LedgerReader(path) as reader:
        recorded = {
            tracked.fingerprint: [
                each.transition.id for each in reader.history(tracked.fingerprint)
            ]
            for tracked in reader.findings(None)
        }
        opened = {f"prod/{tracked.fingerprint}" for tracked in reader.findings()}
    assert published == recorded
    assert state(bootstrap, topics.state).keys() == opened


async def test_a_broker_that_stops_and_starts_costs_nothing(broker: Kafka, tmp_path: Path) -> None:
    """Connections are refused meanwhile."""
    path, options = tmp_path / "ledger.db", own_topics(broker.bootstrap)

    await _disturbed(path, options, broker.stop, broker.start)

    assert_complete(path, options)


async def test_a_broker_that_freezes_costs_nothing(broker: Kafka, tmp_path: Path) -> None:
    """Connections stay open and nothing answers: only a deadline notices."""
    path, options = tmp_path / "ledger.db", own_topics(broker.bootstrap, deadline="2s")

    async with SqliteLedger.open(path) as ledger, delivering(ledger, options):
        await live_on(ledger, 0, 100)
        await until(lambda: ledger.outbox.backlog().depth == 0)
        broker.broker.freeze()
        await live_on(ledger, 100, 200)
        await asyncio.sleep(4)  # longer than the deadline: the point of it
        assert ledger.outbox.backlog().depth == 100
        broker.broker.thaw()
        await until(lambda: ledger.outbox.backlog().depth == 0)

    with LedgerReader(path) as reader:
        recorded = {
            e.transition.id for t in reader.findings(None) for e in reader.history(t.fingerprint)
        }
    published = [
        record.event["id"] for record in read(options.bootstrap[0], options.topics.findings)
    ]
    assert set(published) == recorded


WORKER = """
import asyncio, json, pathlib, sys
from tests.e2e.test_kafka_outage import delivering, live_on, until
from auditor.state.ledger import SqliteLedger
from sinks.kafka import KafkaOptions

async def main(path, options, first, last):
    async with SqliteLedger.open(path) as ledger, delivering(ledger, options):
        for number in range(first, last):
            await live_on(ledger, number, number + 1)
            print(number, flush=True)
            await asyncio.sleep(0.002)
        await until(lambda: ledger.outbox.backlog().depth == 0)

path, options, first, last = sys.argv[1:]
asyncio.run(main(pathlib.Path(path), KafkaOptions.model_validate_json(options), int(first), int(last)))
"""
LAST = 600


def test_a_killed_worker_loses_and_repeats_nothing(kafka: Kafka, tmp_path: Path) -> None:
    """SIGKILL at random moments while it publishes."""
    path, options, rng = tmp_path / "ledger.db", own_topics(kafka.bootstrap), random.Random(7)
    done, kills = -1, 0
    while done < LAST - 1:
        done, killed = _work_until_killed(path, options, done + 1, rng.randrange(20, 250))
        kills += killed
    _work_until_killed(path, options, LAST, LAST)

    assert kills >= 3
    assert_complete(path, options)


def _work_until_killed(
    path: Path, options: KafkaOptions, first: int, steps: int
) -> tuple[int, bool]:
    command = [
        sys.executable,
        "-c",
        WORKER,
        str(path),
        options.model_dump_json(),
        str(first),
        str(LAST),
    ]
    done = first - 1
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        for line in worker.stdout:
            done = int(line) if line.strip().isdigit() else done
            if done >= first + steps:
                worker.send_signal(signal.SIGKILL)
                break
        rest = [int(line) for line in worker.stdout.read().split() if line.isdigit()]
    return max([done, *rest]), worker.returncode < 0
