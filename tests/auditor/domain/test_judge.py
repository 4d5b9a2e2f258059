"""Which side moved, and what that makes of a difference."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from auditor.domain import checks
from auditor.domain.difference import Difference, Op, Writer
from auditor.domain.fieldpath import FieldPath
from auditor.domain.finding import Category, Deviation, Severity, Verdict
from auditor.domain.gitops.sync_windows import windows_of
from auditor.domain.judge import Comparison, judge
from auditor.domain.manifest import Manifest, Owner
from auditor.domain.pair import Doubt, Pair, Superseded
from auditor.domain.pathpattern import parse_pattern
from auditor.domain.rules import IgnoreRule, ObjectMatch, Rules, SeverityRule
from tests.builders import deployment, live, manifest, obj, ref
from tests.doubles import START

RULES = Rules(lagging_after=timedelta(minutes=10))
WROTE = Writer(manager="kubectl-edit", operation="Update", time=START - timedelta(hours=1))


def compare_spec(pair: Pair) -> Iterable[Deviation]:
    """Compare the fields directly under spec, and presence: enough of a comparator to judge by."""
    if pair.desired and not pair.actual:
        yield Deviation(check=checks.MISSING.id, category=Category.MISSING, message="missing")
    if not pair.desired or not pair.actual:
        return
    want, have = _fields(pair.desired), _fields(pair.actual)
    differences = tuple(
        Difference(
            path=FieldPath(("spec", name)),
            pointer=f"/spec/{name}",
            op=Op.CHANGED,
            desired=want.get(name),
            actual=have.get(name),
            writer=WROTE,
        )
        for name in sorted(want.keys() | have.keys())
        if want.get(name) != have.get(name)
    )
    if differences:
        yield Deviation(
            check=checks.CHANGED.id,
            category=Category.CHANGED,
            message="differs",
            differences=differences,
        )


def _fields(side: Manifest) -> dict[str, Any]:
    return dict(side.body["spec"])


def pair(desired: dict[str, Any] | None, actual: dict[str, Any] | None, **rest: Any) -> Pair:
    return Pair(
        ref=ref(),
        desired=manifest(desired) if desired else None,
        actual=live(actual) if actual else None,
        **rest,
    )


def before(body: dict[str, Any] | None, *, until: datetime = START) -> Superseded:
    return Superseded(manifest=manifest(body) if body else None, until=until)


def test_equal_sides_are_in_sync() -> None:
    """Nothing differs, nothing is found."""
    outcome = judge(pair(deployment(), deployment()), compare_spec, RULES, at=START)

    assert (outcome.verdict, outcome.findings) == (Verdict.IN_SYNC, ())


def test_a_difference_that_was_always_there_is_drift() -> None:
    """Without an earlier declaration the cluster must have moved."""
    outcome = judge(pair(deployment(), deployment(replicas=5)), compare_spec, RULES, at=START)

    assert outcome.verdict is Verdict.DRIFTED
    assert [f.check for f in outcome.findings] == ["K8S-002"]
    assert outcome.findings[0].began == WROTE.time


def test_what_a_rule_hides_is_looked_at_when_the_rule_expires() -> None:
    """By then nothing else may happen to the object."""
    ends = START + timedelta(days=1)
    rule = IgnoreRule(name="night", reason="scaled by hand", owner="team-shop", expires=ends)
    rules = Rules(ignore=(rule,))
    drifting = pair(deployment(), deployment(replicas=5))

    before_it, after_it = (judge(drifting, compare_spec, rules, at=at) for at in (START, ends))

    assert (before_it.verdict, before_it.look_again) == (Verdict.IN_SYNC, ends)
    (hidden,) = before_it.suppressed
    assert (hidden.rule, hidden.reason, hidden.owner) == ("night", rule.reason, rule.owner)
    assert (after_it.verdict, after_it.look_again) == (Verdict.DRIFTED, None)


def test_what_the_owner_wants_ignored_is_asked_for_deviating_objects_only() -> None:
    """Most objects do not deviate, and pay nothing."""
    asked: list[Pair] = []

    def of_owner(one: Pair) -> tuple[IgnoreRule, ...]:
        asked.append(one)
        path = parse_pattern("spec.replicas")
        return (IgnoreRule(name="argocd/shop#1", reason="so", owner="argocd", path=path),)

    rules = replace(RULES, of_owner=of_owner)
    judge(pair(deployment(), deployment()), compare_spec, rules, at=START)
    outcome = judge(pair(deployment(), deployment(replicas=5)), compare_spec, rules, at=START)

    assert len(asked) == 1
    assert [hidden.rule for hidden in outcome.suppressed] == ["argocd/shop#1"]


def test_doubt_is_unknown_and_never_a_finding() -> None:
    """What could not be looked at is not missing."""
    doubtful = pair(deployment(), None, doubt=Doubt.FORBIDDEN)

    outcome = judge(doubtful, compare_spec, RULES, at=START)

    assert (outcome.verdict, outcome.doubt) == (Verdict.UNKNOWN, Doubt.FORBIDDEN)
    assert outcome.findings == ()


class TestGitMoved:
    """The cluster still is as it was declared before."""

    moved = pair(deployment(replicas=5), deployment(), earlier=(before(deployment()),))

    def test_is_pending_within_its_time(self) -> None:
        """The GitOps tool may still come; the object is looked at again when its time is over."""
        outcome = judge(self.moved, compare_spec, RULES, at=START + timedelta(minutes=9))

        assert (outcome.verdict, outcome.findings) == (Verdict.PENDING, ())
        assert outcome.look_again == START + timedelta(minutes=10)

    def test_is_lagging_after_its_time(self) -> None:
        """One finding says since when."""
        outcome = judge(self.moved, compare_spec, RULES, at=START + timedelta(minutes=10))

        assert [f.category for f in outcome.findings] == [Category.LAGGING]
        assert outcome.findings[0].began == START
        assert outcome.findings[0].differences[0].desired == 5

    @pytest.mark.parametrize(
        ("interval", "minutes"),
        [(1, 10), (5, 10), (10, 20), (60, 70), (10**12, 365 * 24 * 60 + 10)],
    )
    def test_has_at_least_the_time_of_the_tool_that_applies_it(
        self, interval: int, minutes: int
    ) -> None:
        """One that looks every hour has its turn within the hour, and then its time to apply."""
        patient = replace(self.moved, patience=timedelta(minutes=interval))

        outcome = judge(patient, compare_spec, RULES, at=START)

        assert outcome.look_again == START + timedelta(minutes=minutes)

    def test_counts_from_the_first_commit_not_followed(self) -> None:
        """A second commit does not give the tool its time again."""
        first, second = START - timedelta(minutes=9), START
        earlier = (before(deployment(replicas=4), until=second), before(deployment(), until=first))

        outcome = judge(
            pair(deployment(replicas=5), deployment(), earlier=earlier),
            compare_spec,
            RULES,
            at=START + timedelta(minutes=1),
        )

        assert [f.category for f in outcome.findings] == [Category.LAGGING]

    def test_a_new_object_is_pending_not_missing(self) -> None:
        """What was declared a moment ago need not be there yet."""
        outcome = judge(
            pair(deployment(), None, earlier=(before(None),)), compare_spec, RULES, at=START
        )

        assert outcome.verdict is Verdict.PENDING

    def test_an_object_that_was_missing_before_stays_missing(self) -> None:
        """A commit does not excuse what was gone already."""
        gone = pair(deployment(replicas=5), None, earlier=(before(deployment()),))

        outcome = judge(gone, compare_spec, RULES, at=START)

        assert [f.check for f in outcome.findings] == ["K8S-001"]


class TestDeletionUnderWay:
    """The object is declared, and being deleted."""

    deleted = pair(deployment(), deployment())

    @staticmethod
    def terminating(_pair: Pair) -> Iterable[Deviation]:
        since = Difference(
            path=FieldPath(("metadata", "deletionTimestamp")),
            pointer="/metadata/deletionTimestamp",
            op=Op.ADDED,
            actual=START.strftime("%Y-%m-%dT%H:%M:%SZ"),
        )
        yield Deviation(
            check=checks.TERMINATING.id,
            category=Category.UNRECONCILED,
            message="deleted",
            differences=(since,),
            since=START,
        )

    def test_is_given_its_time(self) -> None:
        """Finalizers run; the object is looked at again when they should be done."""
        outcome = judge(self.deleted, self.terminating, RULES, at=START)

        assert (outcome.verdict, outcome.findings) == (Verdict.PENDING, ())
        assert outcome.look_again == START + RULES.terminating_after

    def test_is_stuck_after_it(self) -> None:
        """Then somebody must look."""
        at = START + RULES.terminating_after

        outcome = judge(self.deleted, self.terminating, RULES, at=at)

        assert [f.check for f in outcome.findings] == ["K8S-009"]
        assert outcome.findings[0].began == START


class TestUnhealthyReconciliation:
    """Something is wrong that nobody declared, and that may pass."""

    owner = pair(deployment(), deployment())

    @staticmethod
    def failing(since: datetime | None, patience: timedelta | None = None) -> Comparison:
        """A comparator that says that Flux fails."""
        check = checks.NOT_READY
        one = Deviation(
            check=check.id,
            category=check.category,
            message="BuildFailed",
            since=since,
            patience=patience,
        )
        return lambda _pair: (one,)

    def test_is_a_finding_at_once_where_it_need_not_last(self) -> None:
        """What is stalled is stalled."""
        outcome = judge(self.owner, self.failing(None), RULES, at=START)

        assert [f.check for f in outcome.findings] == ["FLUX-001"]

    @pytest.mark.parametrize(
        ("patience", "minutes"),
        [(None, 10), (timedelta(minutes=3), 10), (timedelta(minutes=30), 30)],
    )
    def test_has_to_last_for_the_longer_of_two_times(
        self, patience: timedelta | None, minutes: int
    ) -> None:
        """The configured one, and the one that the owner's interval asks for."""
        failing, ripe = self.failing(START, patience), START + timedelta(minutes=minutes)

        young = judge(self.owner, failing, RULES, at=ripe - timedelta(seconds=1))
        old = judge(self.owner, failing, RULES, at=ripe)

        assert (young.findings, young.look_again) == ((), ripe)
        assert (young.verdict, young.ripening) == (Verdict.PENDING, frozenset({"FLUX-001"}))
        assert [f.began for f in old.findings] == [START]
        assert old.ripening == set()

    def test_was_not_moved_by_git(self) -> None:
        """Although it was not there before the object was declared, because then nobody looked."""
        new = pair(deployment(), deployment(), earlier=(before(None),))
        failing = self.failing(None)

        outcome = judge(new, lambda p: failing(p) if p.desired else (), RULES, at=START)

        assert [f.check for f in outcome.findings] == ["FLUX-001"]


def test_time_runs_only_while_the_tool_may_sync() -> None:
    """What is denied by a sync window is late by nobody's fault."""
    night = {"kind": "deny", "schedule": "0 3 * * *", "duration": "1h", "applications": ["*"]}
    project = manifest(obj("v1", "AppProject", "team", spec={"syncWindows": [night]}))
    windows = windows_of(project, manifest(deployment()))

    outcome = judge(replace(TestGitMoved.moved, windows=windows), compare_spec, RULES, at=START)

    assert outcome.look_again == START.replace(hour=4, minute=10, second=0)


class TestBothMoved:
    """Git changed one field while somebody changed another."""

    both = pair(
        deployment(replicas=5, paused=False),
        deployment(replicas=2, paused=True),
        earlier=(before(deployment(replicas=2, paused=False)),),
    )

    def test_only_the_clusters_own_field_is_drift(self) -> None:
        """The field that Git moved is left to the GitOps tool."""
        outcome = judge(self.both, compare_spec, RULES, at=START)

        assert [str(d.path) for d in outcome.findings[0].differences] == ["spec.paused"]
        assert outcome.look_again == START + timedelta(minutes=10)

    def test_after_its_time_both_are_found(self) -> None:
        """Drift and lag are two findings of one object."""
        outcome = judge(self.both, compare_spec, RULES, at=START + timedelta(hours=1))

        assert {f.category for f in outcome.findings} == {Category.CHANGED, Category.LAGGING}


def test_a_mistake_in_git_waits_for_nobody() -> None:
    """Applying does not mend it, so it is no lag, however new it is."""

    def compare(one: Pair) -> Iterable[Deviation]:
        if one.desired and "typo" in one.desired.body["spec"]:
            yield Deviation(check=checks.INVALID.id, category=Category.INVALID, message="typo")

    typo = pair(deployment(typo=1), deployment(), earlier=(before(deployment()),))

    outcome = judge(typo, compare, RULES, at=START + timedelta(minutes=1))

    assert [finding.check for finding in outcome.findings] == [checks.INVALID.id]


class TestRules:
    """What users accept is hidden and counted."""

    drifted = pair(deployment(), deployment(replicas=5, paused=True))

    def ignoring(self, **rest: Any) -> Rules:
        rule = IgnoreRule(name="hpa", reason="scaled by hand", owner="shop", **rest)
        return replace(RULES, ignore=(rule,))

    def test_an_ignored_path_is_suppressed(self) -> None:
        """The other differences stay."""
        rules = self.ignoring(path=parse_pattern("spec.replicas"))

        outcome = judge(self.drifted, compare_spec, rules, at=START)

        assert [str(d.path) for d in outcome.findings[0].differences] == ["spec.paused"]
        assert [s.rule for s in outcome.suppressed] == ["hpa"]

    def test_an_expired_rule_hides_nothing(self) -> None:
        """Its time is over."""
        rules = self.ignoring(path=parse_pattern("spec"), expires=START)

        outcome = judge(self.drifted, compare_spec, rules, at=START)

        assert len(outcome.findings[0].differences) == 2

    def test_a_rule_for_other_objects_hides_nothing(self) -> None:
        """Globs are over the object's identity."""
        rules = self.ignoring(objects=ObjectMatch(name="api-*"))

        outcome = judge(self.drifted, compare_spec, rules, at=START)

        assert outcome.verdict is Verdict.DRIFTED

    def test_a_rule_by_writer_hides_only_that_writers_fields(self) -> None:
        """Who wrote it is part of what is accepted."""
        outcome = judge(self.drifted, compare_spec, self.ignoring(writer="kubectl-*"), at=START)

        assert outcome.verdict is Verdict.IN_SYNC

    @pytest.mark.parametrize(
        ("path", "severity"),
        [("spec.replicas", Severity.LOW), ("spec.strategy", Severity.HIGH)],
    )
    def test_severity_rules_win_over_the_catalogue(self, path: str, severity: Severity) -> None:
        """The first rule that matches one of the differences sets the severity."""
        rule = SeverityRule(severity=Severity.LOW, path=parse_pattern(path))

        outcome = judge(self.drifted, compare_spec, replace(RULES, severity=(rule,)), at=START)

        assert outcome.findings[0].severity is severity


class TestOwnerOfWhatIsDeclaredNoMore:
    """The mark of a living object names its owner, and not what stands above that."""

    known = Owner(tool="flux", name="flux-system/apps", chain=("a", "b"), environment="staging")

    def owner_of(self, mark: str) -> Owner | None:
        """Whose an orphan is that carries a mark."""
        group = "kustomize.toolkit.fluxcd.io"
        body = deployment()
        body["metadata"]["labels"] = {f"{group}/name": mark, f"{group}/namespace": "flux-system"}
        declared = replace(manifest(deployment()), owner=self.known)
        orphan = pair(
            None,
            body if mark else deployment(),
            earlier=(Superseded(manifest=declared, until=START),),
        )

        def compare(one: Pair) -> Iterable[Deviation]:
            if one.desired is None:
                yield Deviation(
                    check=checks.ORPHANED.id, category=Category.UNMANAGED, message="left"
                )

        outcome = judge(orphan, compare, RULES, at=START + timedelta(days=1))
        return outcome.findings[0].owner

    @pytest.mark.parametrize("mark", ["apps", ""])
    def test_is_the_one_that_declared_it_last(self, mark: str) -> None:
        """With all that was known of it then."""
        assert self.owner_of(mark) == self.known

    def test_is_another_where_the_mark_names_another(self) -> None:
        """Somebody took it over."""
        assert self.owner_of("other") == Owner(tool="flux", name="flux-system/other")
