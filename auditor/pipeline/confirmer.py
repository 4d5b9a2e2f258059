"""Gathers evidence for findings of one cluster: dry runs, one at a time and not too many a second.

Findings come here after they were recorded, and go their way whatever comes of it: evidence is attached when
an object is looked at again, and the object is noticed once there is some. What is known is of one finding
as it was judged; once it says anything else, or the live object or its declaration moved, it is asked for
anew. It refuses to hold anything up: what does not fit waits for the next look.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from auditor.domain.difference import Difference
from auditor.domain.evidence import DryRun, Evidence, can_be_shown, judge_dry_run
from auditor.domain.finding import Category, Finding, Outcome, Verdict
from auditor.domain.identity import ObjectRef
from auditor.domain.manifest import Body, Manifest, holds_seal
from auditor.domain.pair import Pair
from auditor.errors import RetryableError, SourceRefused
from auditor.ports import Clock
from auditor.telemetry.confirmations import ConfirmationEvents

_WAITING: Final = 10_000
"""Findings that may wait; more come again with the next look at everything."""
_AGAIN: Final = timedelta(minutes=10)
"""How long a failure is taken for an answer."""
_LONGEST: Final = 60.0
"""Seconds that a server which asks for time is left alone at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Whom to ask, about what, and how often; ``per_second`` is a number of dry runs."""

    ask: Callable[[Manifest], Awaitable[Body]]
    pair_of: Callable[[ObjectRef], Pair]
    notice: Callable[[Iterable[ObjectRef]], None]
    per_second: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """One finding as it was judged; equal questions have the same answer."""

    ref: ObjectRef
    fingerprint: str
    differences: tuple[Difference, ...]
    actual_version: str
    declared: datetime | None


@dataclass(frozen=True, slots=True)
class _Answer:
    question: _Question
    evidence: Evidence


class Confirmer:
    """Asks about the findings of one cluster, and remembers the answers."""

    def __init__(self, asking: Asking, *, clock: Clock, events: ConfirmationEvents) -> None:
        self._asking = asking
        self._clock = clock
        self._events = events
        self._waiting: dict[str, _Question] = {}
        self._answers: dict[ObjectRef, dict[str, _Answer]] = {}
        self._filled = asyncio.Event()

    def attach(self, outcome: Outcome) -> Outcome:
        """Put what is known beside the findings that it is known of; nothing else changes."""
        answers = self._answers.get(outcome.ref)
        if not answers:
            return outcome
        findings = (
            replace(finding, evidence=_evidence(answers, _question(finding, outcome)))
            for finding in outcome.findings
        )
        return replace(outcome, findings=tuple(findings))

    def note(self, outcome: Outcome) -> None:
        """Take note of findings that are on record: ask about those that nothing is known of yet."""
        if outcome.doubt is not None:
            return
        questions = [_question(one, outcome) for one in outcome.findings if _is_candidate(one)]
        asked = {question.fingerprint for question in questions}
        answers = self._answers.pop(outcome.ref, {})
        kept = {name: answer for name, answer in answers.items() if name in asked}
        if kept:
            self._answers[outcome.ref] = kept
        for question in questions:
            self._wait_for(question, _evidence(kept, question))

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            await self._filled.wait()
            question = self._next()
            if await self._settle(question):
                await self._clock.sleep(1 / self._asking.per_second)

    def _wait_for(self, question: _Question, known: Evidence | None) -> None:
        stale = known is not None and known.dry_run is DryRun.FAILED
        if known and not (stale and self._clock.now() - known.at >= _AGAIN):
            return
        if len(self._waiting) < _WAITING or question.fingerprint in self._waiting:
            self._waiting[question.fingerprint] = question
            self._filled.set()

    def _next(self) -> _Question:
        """Take what waits for longest."""
        question = self._waiting.pop(next(iter(self._waiting)))
        if not self._waiting:
            self._filled.clear()
        return question

    async def _settle(self, question: _Question) -> bool:
        """Find the answer to a question; tell whether the API server was asked at all."""
        pair = self._asking.pair_of(question.ref)
        if pair.doubt is not None or pair.desired is None or pair.actual is None:
            return False  # It is looked at again when that changes.
        if holds_seal(pair.desired.body):
            return False  # Nobody here knows what would have to be applied.
        dry_run = await self._ask(question, pair.desired, pair.actual)
        evidence = Evidence(dry_run=dry_run, at=self._clock.now())
        answers = self._answers.setdefault(question.ref, {})
        answers[question.fingerprint] = _Answer(question, evidence)
        self._asking.notice([question.ref])
        return True

    async def _ask(self, question: _Question, desired: Manifest, actual: Manifest) -> DryRun:
        try:
            applied = await self._asking.ask(desired)
        except RetryableError as error:
            status = error.status if isinstance(error, SourceRefused) else None
            self._events.dry_run_failed(question.ref, status)
            if error.retry_after:
                await self._clock.sleep(min(error.retry_after, _LONGEST))
            return DryRun.FAILED
        dry_run = judge_dry_run(question.differences, live=actual.body, applied=applied)
        self._events.dry_run_answered(question.ref, dry_run)
        return dry_run


def _is_candidate(finding: Finding) -> bool:
    return (
        finding.category is Category.CHANGED
        and finding.verdict is Verdict.DRIFTED
        and can_be_shown(finding.differences)
    )


def _question(finding: Finding, outcome: Outcome) -> _Question:
    return _Question(
        ref=finding.ref,
        fingerprint=finding.fingerprint,
        differences=finding.differences,
        actual_version=finding.actual_version,
        declared=outcome.declared,
    )


def _evidence(answers: Mapping[str, _Answer], question: _Question) -> Evidence | None:
    """What is known of exactly this question."""
    answer = answers.get(question.fingerprint)
    return answer.evidence if answer and answer.question == question else None
