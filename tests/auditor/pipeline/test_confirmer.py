"""Evidence is gathered beside the findings, slowly, and changes nothing of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry

from auditor.domain.difference import Op
from auditor.domain.evidence import DryRun
from auditor.domain.finding import Category, Outcome, Verdict
from auditor.domain.identity import ObjectRef
from auditor.domain.manifest import Body, Manifest
from auditor.domain.pair import Pair
from auditor.errors import RetryableError, SourceUnavailable
from auditor.pipeline.confirmer import Asking, Confirmer
from auditor.telemetry.confirmations import ConfirmationEvents
from tests.builders import CLUSTER, deployment, live, manifest, ref
from tests.doubles import FakeClock
from tests.doubles_kubernetes import refused
from tests.outcomes import clean, drifted, image, unknown


class Desk:
    """A confirmer, what it asked, and whom it told; the API server answers with ``answer``."""

    def __init__(self, clock: FakeClock) -> None:
        self.asked: list[str] = []
        self.noticed: list[ObjectRef] = []
        self.answer: Body | RetryableError = deployment(image="web:1.4")
        self.registry = CollectorRegistry()
        asking = Asking(ask=self._ask, pair_of=self._pair, notice=self._notice, per_second=2)
        events = ConfirmationEvents(self.registry)
        self.confirmer = Confirmer(asking, clock=clock, events=events)

    def count(self, outcome: DryRun) -> float | None:
        labels = {"cluster": CLUSTER, "outcome": str(outcome)}
        return self.registry.get_sample_value("auditor_confirmations_total", labels)

    def known(self, outcome: Outcome) -> list[DryRun | None]:
        """What is attached to each finding of an outcome."""
        found = self.confirmer.attach(outcome).findings
        return [finding.evidence.dry_run if finding.evidence else None for finding in found]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self.confirmer.run())
            yield
            task.cancel()

    def _notice(self, refs: Iterable[ObjectRef]) -> None:
        self.noticed += refs

    def _pair(self, where: ObjectRef) -> Pair:
        desired = manifest(deployment(where.name))
        actual = live(deployment(where.name, image="web:1.5"))
        return Pair(ref=where, desired=desired, actual=actual)

    async def _ask(self, desired: Manifest) -> Body:
        self.asked.append(desired.ref.name)
        if isinstance(self.answer, RetryableError):
            raise self.answer
        return self.answer


async def ask(desk: Desk, clock: FakeClock, *outcomes: Outcome) -> None:
    """Let the desk take note of outcomes and ask about the first."""
    for outcome in outcomes:
        desk.confirmer.note(outcome)
    async with desk.running():
        await clock.asleep()


async def test_a_change_is_confirmed_beside_the_finding(clock: FakeClock) -> None:
    """The object is looked at again, and then the evidence is there; all else is as it was."""
    desk = Desk(clock)

    await ask(desk, clock, drifted())

    assert desk.noticed == [ref()]
    attached = desk.confirmer.attach(drifted())
    assert [f.evidence.dry_run for f in attached.findings if f.evidence] == [DryRun.CONFIRMED]
    bare = tuple(replace(finding, evidence=None) for finding in attached.findings)
    assert replace(attached, findings=bare) == drifted()
    assert desk.count(DryRun.CONFIRMED) == 1


async def test_a_finding_that_applying_leaves_is_refuted_and_stays(clock: FakeClock) -> None:
    """Evidence overrides nothing."""
    desk = Desk(clock)
    desk.answer = deployment(image="web:1.5")

    await ask(desk, clock, drifted())

    assert desk.known(drifted()) == [DryRun.REFUTED]
    assert desk.confirmer.attach(drifted()).verdict is Verdict.DRIFTED


@pytest.mark.parametrize(
    "failure",
    [refused(403), refused(422), refused(500), SourceUnavailable("no route")],
    ids=["forbidden", "invalid", "broken", "silent"],
)
async def test_no_answer_is_a_failure(clock: FakeClock, failure: RetryableError) -> None:
    """Whatever it was, the finding goes its way."""
    desk = Desk(clock)
    desk.answer = failure

    await ask(desk, clock, drifted())

    assert desk.known(drifted()) == [DryRun.FAILED]
    assert desk.count(DryRun.FAILED) == 1


@pytest.mark.parametrize(
    "outcome",
    [
        drifted(category=Category.MISSING),
        drifted(verdict=Verdict.PENDING),
        drifted(differences=(replace(image(), op=Op.ADDED),)),
        clean(),
        unknown(),
    ],
    ids=["missing", "pending", "added", "clean", "unknown"],
)
async def test_only_candidates_are_asked_about(clock: FakeClock, outcome: Outcome) -> None:
    """Of anything else a dry run can say nothing."""
    desk = Desk(clock)

    await ask(desk, clock, outcome, drifted("other"))

    assert desk.asked == ["other"]


async def test_dry_runs_are_rate_limited(clock: FakeClock) -> None:
    """Two a second: half a second after each."""
    desk = Desk(clock)
    for name in ("a", "b", "c"):
        desk.confirmer.note(drifted(name))

    async with desk.running():
        for count in (1, 2, 3):
            await clock.napped(count)
            assert len(desk.asked) == count
            clock.advance(0.5)

    assert clock.naps == [0.5, 0.5, 0.5]


async def test_a_server_that_asks_for_time_gets_it(clock: FakeClock) -> None:
    """Before the failure is noted, nothing else is asked."""
    desk = Desk(clock)
    desk.answer = refused(429, retry_after=7)

    await ask(desk, clock, drifted("a"), drifted("b"))

    assert (clock.naps, desk.asked) == ([7], ["a"])


async def test_the_same_finding_is_asked_about_once(clock: FakeClock) -> None:
    """However often it is looked at, waiting or answered."""
    desk = Desk(clock)
    await ask(desk, clock, drifted(), drifted())

    await ask(desk, clock, drifted(), drifted("other"))

    assert desk.asked == ["web", "other"]


@pytest.mark.parametrize(
    "moved",
    [drifted(actual="web:1.6"), drifted(actual_version="42")],
    ids=["difference", "live object"],
)
async def test_evidence_is_of_one_finding_as_judged(clock: FakeClock, moved: Outcome) -> None:
    """Once anything moved, nothing is known any more, and it is asked for anew."""
    desk = Desk(clock)
    await ask(desk, clock, drifted())

    assert desk.known(moved) == [None]

    await ask(desk, clock, moved)
    assert desk.known(moved) == [DryRun.CONFIRMED]


async def test_another_declaration_is_another_question(clock: FakeClock) -> None:
    """Also where values are redacted and the finding reads the same."""
    desk = Desk(clock)
    await ask(desk, clock, drifted())

    assert desk.known(replace(drifted(), declared=clock.now())) == [None]


async def test_a_failure_is_tried_again_later(clock: FakeClock) -> None:
    """Rights are granted, servers come back."""
    desk = Desk(clock)
    desk.answer = refused(403)
    await ask(desk, clock, drifted())
    desk.answer = deployment(image="web:1.4")

    clock.advance(timedelta(minutes=10).total_seconds())
    await ask(desk, clock, drifted())

    assert desk.known(drifted()) == [DryRun.CONFIRMED]


async def test_evidence_goes_with_the_finding(clock: FakeClock) -> None:
    """A finding that comes back is asked about again."""
    desk = Desk(clock)
    await ask(desk, clock, drifted())

    desk.confirmer.note(clean())

    assert desk.known(drifted()) == [None]


async def test_a_doubt_changes_nothing(clock: FakeClock) -> None:
    """What was known of the finding is known still."""
    desk = Desk(clock)
    await ask(desk, clock, drifted())

    desk.confirmer.note(unknown())

    assert desk.known(drifted()) == [DryRun.CONFIRMED]
