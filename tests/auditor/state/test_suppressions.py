"""What ignore rules hide is counted."""

from __future__ import annotations

from auditor.domain.finding import Outcome, Suppression, Verdict
from auditor.domain.pair import Doubt
from auditor.state.suppressions import Suppressions
from tests.builders import ref

HIDDEN = (Suppression(rule="hpa", check="K8S-002"),)


def test_counts_by_rule_and_lists_by_object() -> None:
    """So that nobody forgets a rule."""
    suppressions = Suppressions()
    suppressions.note(Outcome(ref=ref(), verdict=Verdict.IN_SYNC, suppressed=HIDDEN))

    assert suppressions.count("hpa") == 1
    assert list(suppressions.all()) == [(ref(), HIDDEN[0])]


def test_what_is_no_longer_hidden_is_no_longer_counted() -> None:
    """The last look counts."""
    suppressions = Suppressions()
    suppressions.note(Outcome(ref=ref(), verdict=Verdict.IN_SYNC, suppressed=HIDDEN))
    suppressions.note(Outcome(ref=ref(), verdict=Verdict.IN_SYNC))

    assert suppressions.count("hpa") == 0


def test_unknown_says_nothing_new() -> None:
    """A look that could not be had does not uncover anything."""
    suppressions = Suppressions()
    suppressions.note(Outcome(ref=ref(), verdict=Verdict.IN_SYNC, suppressed=HIDDEN))
    suppressions.note(Outcome(ref=ref(), verdict=Verdict.UNKNOWN, doubt=Doubt.STALE))

    assert suppressions.count("hpa") == 1


def test_the_rules_of_a_tool_are_counted_together() -> None:
    """There are as many of them as owners; a metric must not grow with them."""
    suppressions = Suppressions()
    hidden = tuple(
        Suppression(rule=rule, check="K8S-002") for rule in ("argocd/a#1", "argocd/b#2", "argocd")
    )
    suppressions.note(Outcome(ref=ref(), verdict=Verdict.IN_SYNC, suppressed=hidden))

    assert suppressions.count_of("argocd") == 2
    assert suppressions.count_of("flux") == 0
