"""From a name to the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from prometheus_client import CollectorRegistry

from auditor.domain import checks
from auditor.domain.expiry import rule_ref
from auditor.domain.finding import Category, Deviation, Outcome, Verdict
from auditor.domain.identity import ObjectRef
from auditor.domain.manifest import Origin
from auditor.domain.pair import Doubt, Pair, Superseded
from auditor.domain.rules import IgnoreRule, Rules
from auditor.pipeline.agenda import Agenda
from auditor.pipeline.queue import RefQueue
from auditor.pipeline.worker import BATCH, Judging, Knowledge, Worker
from auditor.state.suppressions import Suppressions
from auditor.state.verdicts import Verdicts
from auditor.telemetry.pipeline import PipelineEvents
from tests.builders import CLUSTER, deployment, manifest, ref
from tests.doubles import FakeClock
from tests.doubles_pipeline import MemoryLedger


def missing(pair: Pair) -> Iterable[Deviation]:
    """Find what is declared and not there."""
    if pair.ref.name == "broken":
        raise ZeroDivisionError
    if pair.desired and not pair.actual:
        yield Deviation(check=checks.MISSING.id, category=Category.MISSING, message="missing")


class House:
    """A worker with everything around it."""

    def __init__(
        self,
        clock: FakeClock,
        ledger: MemoryLedger | None = None,
        rules: Rules | None = None,
        **knowledge: Any,
    ) -> None:
        self.pairs: dict[ObjectRef, Pair] = {}
        self.settled: list[ObjectRef] = []
        self.queue = RefQueue()
        self.registry = CollectorRegistry()
        self.knowledge = Knowledge(
            ledger=ledger or MemoryLedger(),
            verdicts=Verdicts(),
            suppressions=Suppressions(),
            agenda=Agenda(),
            settle=self.settled.append,
            **knowledge,
        )
        self.worker = Worker(
            self.queue,
            Judging(pair_of=self.pairs.__getitem__, compare=missing, rules=rules or Rules()),
            self.knowledge,
            clock=clock,
            events=PipelineEvents(self.registry),
        )

    def declare(self, name: str = "web", **rest: object) -> ObjectRef:
        where = ref(name=name)
        wanted = manifest(deployment(name))
        self.pairs[where] = Pair(ref=where, desired=wanted, actual=None, **rest)  # type: ignore[arg-type] # builders pass what the test says
        self.queue.add([where])
        return where


@asynccontextmanager
async def working(house: House, *, beat: float) -> AsyncIterator[None]:
    """Let the worker run beside the test."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(house.worker.run(beat=beat))
        yield
        task.cancel()


async def test_a_finding_is_recorded_and_remembered(clock: FakeClock) -> None:
    """The ledger has it, and the counts say so."""
    house = House(clock)
    where = house.declare()

    await house.worker.step()

    assert house.knowledge.ledger.concerns(where)
    assert house.knowledge.verdicts.count(CLUSTER, Verdict.DRIFTED) == 1
    assert house.queue.idle


async def test_findings_are_attributed(clock: FakeClock) -> None:
    """All of a batch together, before they are recorded."""
    asked: list[list[ObjectRef]] = []

    async def attribute(outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
        asked.append([outcome.ref for outcome in outcomes])
        origin = Origin(repository="platform", revision="declaring", path="web.yaml")
        return [
            replace(each, findings=tuple(replace(one, origin=origin) for one in each.findings))
            for each in outcomes
        ]

    ledger = MemoryLedger()
    house = House(clock, ledger, attribute=attribute)
    where, fine = house.declare(), house.declare("fine")
    house.pairs[fine] = Pair(ref=fine, desired=None, actual=None)

    await house.worker.step()

    assert asked == [[where, fine]]
    (recorded,) = ledger.recorded
    assert recorded.findings[0].origin == Origin(
        repository="platform", revision="declaring", path="web.yaml"
    )


async def test_a_clean_object_without_history_never_reaches_the_ledger(clock: FakeClock) -> None:
    """The common case costs no transaction."""
    ledger = MemoryLedger()
    house = House(clock, ledger)
    where = house.declare()
    house.pairs[where] = Pair(ref=where, desired=None, actual=None)

    await house.worker.step()

    assert ledger.recorded == []
    assert house.settled == [where]


async def test_names_wait_for_a_ledger_that_cannot_write(clock: FakeClock) -> None:
    """Nothing is remembered before it is on record, and nothing is lost."""
    ledger = MemoryLedger(failures=2)
    house = House(clock, ledger)
    where = house.declare()

    async with asyncio.TaskGroup() as group:
        group.create_task(house.worker.step())
        for _ in range(2):
            await clock.asleep()
            assert house.knowledge.verdicts.of(where) is None
            clock.advance(60)

    assert ledger.concerns(where)


async def test_a_change_that_comes_alone_does_not_wait(clock: FakeClock) -> None:
    """What comes right after it does, and then goes through together."""
    ledger = MemoryLedger()
    house = House(clock, ledger)
    alone = house.declare("alone")

    async with working(house, beat=1.0):
        await clock.asleep()
        assert [outcome.ref for outcome in ledger.recorded] == [alone]
        row = [house.declare(name) for name in ("first", "second")]
        clock.advance(1.0)
        await clock.asleep()

    assert [outcome.ref for outcome in ledger.recorded] == [alone, *row]
    assert clock.naps == [1.0, 1.0]


async def test_nothing_waits_for_what_is_fine(clock: FakeClock) -> None:
    """What is not written down costs nothing that could be shared."""
    ledger = MemoryLedger()
    house = House(clock, ledger)
    fine = house.declare("fine")
    house.pairs[fine] = Pair(ref=fine, desired=None, actual=None)

    await house.worker.step()
    house.declare("next")
    async with working(house, beat=1.0):
        await clock.asleep()
        assert len(ledger.recorded) == 1


async def test_a_long_queue_does_not_wait(clock: FakeClock) -> None:
    """There is enough in it to share the price already."""
    ledger = MemoryLedger()
    house = House(clock, ledger)
    for number in range(2 * BATCH + 1):
        house.declare(f"web-{number}")

    async with working(house, beat=1.0):
        await clock.asleep()
        assert len(ledger.recorded) == 2 * BATCH


async def test_a_comparator_that_breaks_costs_one_verdict(clock: FakeClock) -> None:
    """The object is unknown, and says why; the others are judged."""
    house = House(clock)
    broken, fine = house.declare("broken"), house.declare("web")

    await house.worker.step()

    assert house.knowledge.verdicts.of(broken) == (Verdict.UNKNOWN, Doubt.COMPARISON_FAILED)
    assert house.knowledge.verdicts.of(fine) == (Verdict.DRIFTED, None)


async def test_pending_is_looked_at_again_when_its_time_is_over(clock: FakeClock) -> None:
    """By time alone, without any event."""
    house = House(clock)
    where = house.declare(earlier=(Superseded(manifest=None, until=clock.now()),))
    await house.worker.step()
    assert house.knowledge.verdicts.of(where) == (Verdict.PENDING, None)

    clock.advance(timedelta(minutes=11).total_seconds())
    house.worker.tick()
    await house.worker.step()

    assert house.knowledge.verdicts.of(where) == (Verdict.DRIFTED, None)


async def test_counts_are_scraped(clock: FakeClock) -> None:
    """auditor_objects reads the verdicts."""
    house = House(clock)
    events = PipelineEvents(registry := CollectorRegistry())
    events.cluster_watched(CLUSTER, house.knowledge.verdicts.count)
    house.declare()

    await house.worker.step()

    labels = {"cluster": CLUSTER, "verdict": "drifted"}
    assert registry.get_sample_value("auditor_objects", labels) == 1


async def test_a_rule_that_expires_becomes_a_finding_by_time_alone(clock: FakeClock) -> None:
    """Nobody restarts the worker for it."""
    ends = clock.now() + timedelta(hours=1)
    rule = IgnoreRule(name="night", reason="scaled by hand", owner="me", expires=ends)
    house = House(clock, rules=Rules(ignore=(rule,)))
    house.queue.add([rule_ref("night")])
    await house.worker.step()
    assert not house.knowledge.ledger.open_findings()

    clock.advance(3600)
    house.worker.tick()
    await house.worker.step()

    (tracked,) = house.knowledge.ledger.open_findings()
    assert (tracked.finding.check, tracked.finding.ref) == ("RULE-001", rule_ref("night"))
    assert house.knowledge.verdicts.summary().objects == 0
