"""Ignore rules whose time is over are findings themselves.

A rule was accepted until a date; then somebody has to decide anew. So an expired rule is judged like an
object: it opens when the time comes, and ends when the rule is gone or good for longer. This module
refuses to look at objects of clusters.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from auditor.domain import checks
from auditor.domain.finding import Deviation, Finding, Outcome, Remedy, Severity, Verdict
from auditor.domain.identity import ObjectRef
from auditor.domain.pair import Pair
from auditor.domain.rules import IgnoreRule, Rules

OWN: Final = "auditor"
"""Stands for a cluster in findings about the auditor's own configuration; no cluster is called so."""
_REMEDY: Final = Remedy(
    kind="codify",
    details={"how": "remove the rule from rules.ignore, or give it another expiry"},
)


def rule_ref(rule: str) -> ObjectRef:
    """The reference under which a rule is judged."""
    return ObjectRef(OWN, "auditor", "IgnoreRule", "", rule)


def expiring(rules: Rules) -> Iterator[ObjectRef]:
    """All rules that expire some time."""
    return (rule_ref(rule.name) for rule in rules.ignore if rule.expires is not None)


def judge_rule(ref: ObjectRef, rules: Rules, *, at: datetime) -> Outcome:
    """Judge one rule at a moment; no ignore rule hides what is found."""
    rule = next((rule for rule in rules.ignore if rule.name == ref.name), None)
    expired = rule is not None and rule.expired(at)
    return Outcome(
        ref=ref,
        verdict=Verdict.DRIFTED if expired else Verdict.IN_SYNC,
        findings=(_finding(ref, rule, rules),) if rule and expired else (),
        look_again=None if rule is None or expired else rule.expires,
        declared=at,
        present=rule is not None,
        audited=False,
    )


def _finding(ref: ObjectRef, rule: IgnoreRule, rules: Rules) -> Finding:
    check = checks.EXPIRED_RULE
    message = f"the ignore rule of {rule.owner} has expired and hides nothing more: {rule.reason}"
    deviation = Deviation(check=check.id, category=check.category, message=message)
    return Finding(
        ref=ref,
        version="v1",
        check=check.id,
        category=check.category,
        severity=_severity(ref, deviation, rules),
        verdict=Verdict.DRIFTED,
        message=message,
        began=rule.expires,
        remedies=(_REMEDY,),
    )


def _severity(ref: ObjectRef, deviation: Deviation, rules: Rules) -> Severity:
    pair = Pair(ref=ref, desired=None, actual=None)
    chosen = (rule.severity for rule in rules.severity if rule.matches(deviation, pair))
    return next(chosen, checks.EXPIRED_RULE.severity)
