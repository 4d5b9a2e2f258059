"""An ignore rule whose time is over is a finding itself."""

from __future__ import annotations

from datetime import timedelta

from auditor.domain import checks
from auditor.domain.expiry import OWN, expiring, judge_rule, rule_ref
from auditor.domain.finding import Category, Resolution, Severity, State, Verdict
from auditor.domain.lifecycle import Flapping, advance
from auditor.domain.rules import IgnoreRule, ObjectMatch, Rules, SeverityRule
from tests.doubles import START

EXPIRES = START + timedelta(days=1)
LATER = EXPIRES + timedelta(days=1)
RULE = IgnoreRule(name="night", reason="scaled by hand", owner="team-shop", expires=EXPIRES)
RULES = Rules(ignore=(RULE,))


def test_an_expired_rule_is_found() -> None:
    """With whose it was, why, since when, and what to do."""
    outcome = judge_rule(rule_ref("night"), RULES, at=EXPIRES)

    (finding,) = outcome.findings
    assert (finding.check, finding.category) == ("RULE-001", Category.INVALID)
    assert finding.severity is Severity.LOW
    assert finding.began == EXPIRES
    assert "team-shop" in finding.message
    assert "scaled by hand" in finding.message
    assert "rules.ignore" in finding.remedies[0].details["how"]


def test_a_rule_is_looked_at_when_it_expires() -> None:
    """Nothing else happens at that moment."""
    outcome = judge_rule(rule_ref("night"), RULES, at=START)

    assert (outcome.verdict, outcome.findings) == (Verdict.IN_SYNC, ())
    assert outcome.look_again == EXPIRES


def test_a_rule_is_no_object() -> None:
    """So it counts for no cluster's verdicts."""
    assert not judge_rule(rule_ref("night"), RULES, at=EXPIRES).audited
    assert rule_ref("night").cluster == OWN


def test_only_rules_that_expire_are_judged() -> None:
    """The others have no time."""
    forever = IgnoreRule(name="forever", reason="so", owner="me")

    assert list(expiring(Rules(ignore=(RULE, forever)))) == [rule_ref("night")]


def test_no_rule_hides_that_another_expired() -> None:
    """Or the widest one would hide all others' ends."""
    wide = IgnoreRule(name="wide", reason="all of it", owner="me")

    assert judge_rule(rule_ref("night"), Rules(ignore=(wide, RULE)), at=LATER).findings


def test_its_severity_can_be_chosen() -> None:
    """As that of any finding."""
    chosen = SeverityRule(severity=Severity.HIGH, checks=frozenset({checks.EXPIRED_RULE.id}))
    other = SeverityRule(severity=Severity.INFO, objects=ObjectMatch(kind="Secret"))
    rules = Rules(ignore=(RULE,), severity=(other, chosen))

    assert judge_rule(rule_ref("night"), rules, at=LATER).findings[0].severity is Severity.HIGH


def _end(rules: Rules) -> tuple[State, Resolution | None]:
    """How the finding of an expired rule ends under other rules."""
    opened = judge_rule(rule_ref("night"), RULES, at=EXPIRES)
    (first,) = advance({}, opened, at=EXPIRES, flapping=Flapping())
    known = {first.tracked.fingerprint: first.tracked}
    (step,) = advance(
        known, judge_rule(rule_ref("night"), rules, at=LATER), at=LATER, flapping=Flapping()
    )
    return step.tracked.state, step.tracked.resolution


def test_a_removed_rule_ends_the_finding() -> None:
    """The rule is gone."""
    assert _end(Rules()) == (State.RESOLVED, Resolution.GONE)


def test_a_prolonged_rule_ends_the_finding() -> None:
    """The configuration moved."""
    longer = IgnoreRule(
        name="night", reason="still", owner="team-shop", expires=LATER + timedelta(days=1)
    )

    assert _end(Rules(ignore=(longer,))) == (State.RESOLVED, Resolution.CODIFIED)
