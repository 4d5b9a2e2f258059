"""Pair, compare, judge, attribute, record: what is done with every name.

The one place where state, the pure core and the ledger meet. Only findings are attributed, which is to name
the commits that declared what they are about: that takes a look into history. It refuses to know what a
source or a sink is. Names whose outcomes could not be written go back into the queue: nothing is announced
that is not on record, and nothing is lost that was noticed.

What follows an outcome (a transaction, a message to a broker) costs much the same for one as for ten. So
after a batch that was written down names gather for a moment: a change that comes alone goes through at
once, and of those that come in a row several share the price.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from auditor.domain.expiry import OWN, judge_rule
from auditor.domain.finding import Outcome, Verdict
from auditor.domain.identity import ObjectRef
from auditor.domain.judge import Comparison, judge
from auditor.domain.pair import Doubt, Pair
from auditor.domain.rules import Rules
from auditor.errors import StoreUnavailable
from auditor.pipeline.agenda import Agenda
from auditor.pipeline.confirmer import Confirmer
from auditor.pipeline.queue import RefQueue
from auditor.ports import Clock
from auditor.ports.delivery import Ledger
from auditor.state.suppressions import Suppressions
from auditor.state.verdicts import Verdicts
from auditor.telemetry.pipeline import PipelineEvents

BATCH: Final = 500
"""Names taken at once; their outcomes go into one transaction."""
SLICE: Final = 0.005
"""Seconds of judging after which the event loop gets a turn."""
BEAT: Final = 0.025
"""Seconds from one batch that is written down to the next, where nobody replays them."""
_RETRY_FIRST, _RETRY_CAP = 0.5, 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """The pure part of an audit: where pairs come from, what compares them, by which rules."""

    pair_of: Callable[[ObjectRef], Pair]
    compare: Comparison
    rules: Rules

    def outcome(self, ref: ObjectRef, *, at: datetime) -> Outcome:
        """Judge one object as it is known now, or one of the rules by which objects are judged."""
        if ref.cluster == OWN:
            return judge_rule(ref, self.rules, at=at)
        return judge(self.pair_of(ref), self.compare, self.rules, at=at)


async def _as_judged(outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
    """Leave findings with the commit that was rendered."""
    return outcomes


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """Where the worker leaves what it learned; only the ledger outlives the process."""

    ledger: Ledger
    verdicts: Verdicts
    suppressions: Suppressions
    agenda: Agenda
    settle: Callable[[ObjectRef], None]
    """Told that an object lives as declared, so that what was declared before matters no more."""
    confirmers: Mapping[str, Confirmer] = field(default_factory=dict)
    """Who gathers evidence, by cluster; none for most."""
    attribute: Callable[[Sequence[Outcome]], Awaitable[Sequence[Outcome]]] = _as_judged
    """Asked for the commits that declared what findings are about."""


class Worker:
    """Takes names from the queue and sees each through to the ledger."""

    def __init__(
        self,
        queue: RefQueue,
        judging: Judging,
        knowledge: Knowledge,
        *,
        clock: Clock,
        events: PipelineEvents,
    ) -> None:
        self._queue = queue
        self._judging = judging
        self._knowledge = knowledge
        self._clock = clock
        self._events = events
        self._written = float("-inf")
        """When the last batch began that was written down."""

    async def run(self, *, beat: float = 0.0) -> None:
        """Work until cancelled, with so many seconds from one batch that is written to the next."""
        while True:
            await self.step()
            await self._gather(until=self._written + beat)

    async def step(self) -> None:
        """Take one batch of names and see it through."""
        refs = await self._queue.take(BATCH)
        try:
            await self._audit(refs)
        finally:
            self._queue.done(refs)

    async def _gather(self, *, until: float) -> None:
        """Let names come together, unless there are more than enough."""
        pause = until - self._clock.monotonic()
        if pause > 0 and self._queue.depth < BATCH:
            await self._clock.sleep(pause)

    def tick(self) -> None:
        """Queue what is due by time alone."""
        self._queue.add(self._knowledge.agenda.due(self._clock.now()))

    async def _audit(self, refs: Sequence[ObjectRef]) -> None:
        started, at = self._clock.monotonic(), self._clock.now()
        outcomes = await self._knowledge.attribute(await self._judge_all(refs, at))
        if news := [outcome for outcome in outcomes if self._is_news(outcome)]:
            await self._record(news, at)
            self._written = started
        for outcome in outcomes:
            self._remember(outcome)
        counts = Counter(outcome.verdict for outcome in outcomes)
        self._events.batch_audited(dict(counts), self._clock.monotonic() - started)

    async def _judge_all(self, refs: Sequence[ObjectRef], at: datetime) -> list[Outcome]:
        outcomes, pause = [], self._clock.monotonic() + SLICE
        for ref in refs:
            outcomes.append(self._with_evidence(self._judge(ref, at)))
            if self._clock.monotonic() > pause:
                await asyncio.sleep(0)
                pause = self._clock.monotonic() + SLICE
        return outcomes

    def _judge(self, ref: ObjectRef, at: datetime) -> Outcome:
        try:
            return self._judging.outcome(ref, at=at)
        except Exception as error:  # noqa: BLE001 - a plugged-in comparator must not stop the others
            self._events.comparison_failed(ref, error)
            return Outcome(ref=ref, verdict=Verdict.UNKNOWN, doubt=Doubt.COMPARISON_FAILED)

    def _with_evidence(self, outcome: Outcome) -> Outcome:
        confirmer = self._knowledge.confirmers.get(outcome.ref.cluster)
        return confirmer.attach(outcome) if confirmer else outcome

    def _is_news(self, outcome: Outcome) -> bool:
        return bool(outcome.findings) or self._knowledge.ledger.concerns(outcome.ref)

    async def _record(self, news: Sequence[Outcome], at: datetime) -> None:
        """Write until it is written: outcomes that are not on record must not be remembered."""
        delay = _RETRY_FIRST
        while True:
            try:
                await self._knowledge.ledger.record(news, at=at)
            except StoreUnavailable as error:
                self._events.ledger_unavailable(str(error), delay)
                await self._clock.sleep(delay)
                delay = min(delay * 2, _RETRY_CAP)
            else:
                return

    def _remember(self, outcome: Outcome) -> None:
        known = self._knowledge
        known.verdicts.note(outcome)
        known.suppressions.note(outcome)
        times = (outcome.look_again, known.ledger.look_again(outcome.ref))
        known.agenda.put(outcome.ref, min((t for t in times if t), default=None))
        if outcome.verdict is Verdict.IN_SYNC:
            known.settle(outcome.ref)
        if confirmer := known.confirmers.get(outcome.ref.cluster):
            confirmer.note(outcome)
