"""How many objects have which verdict."""

from __future__ import annotations

from auditor.domain.finding import Outcome, Verdict
from auditor.domain.pair import Doubt
from auditor.state.verdicts import Verdicts
from tests.builders import CLUSTER, ref


def outcome(verdict: Verdict, *, name: str = "web", audited: bool = True) -> Outcome:
    doubt = Doubt.STALE if verdict is Verdict.UNKNOWN else None
    return Outcome(ref=ref(name=name), verdict=verdict, doubt=doubt, audited=audited)


def test_the_last_verdict_counts() -> None:
    """An object has one verdict at a time."""
    verdicts = Verdicts()
    verdicts.note(outcome(Verdict.IN_SYNC))
    verdicts.note(outcome(Verdict.DRIFTED))

    assert verdicts.count(CLUSTER, Verdict.IN_SYNC) == 0
    assert verdicts.count(CLUSTER, Verdict.DRIFTED) == 1


def test_what_nobody_asks_about_is_forgotten() -> None:
    """A deleted, undeclared object is no object any more."""
    verdicts = Verdicts()
    verdicts.note(outcome(Verdict.DRIFTED))
    verdicts.note(outcome(Verdict.IN_SYNC, audited=False))

    assert verdicts.of(ref()) is None
    assert verdicts.summary().objects == 0


def test_unknown_says_why() -> None:
    """And is neither in sync nor drifted."""
    verdicts = Verdicts()
    verdicts.note(outcome(Verdict.UNKNOWN))

    assert verdicts.of(ref()) == (Verdict.UNKNOWN, Doubt.STALE)
    assert verdicts.summary().unknown == verdicts.summary().objects == 1
