"""A Kustomization that takes no turn says that all is well; its source knows better."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.domain import checks
from auditor.domain.finding import Deviation, Outcome, Verdict
from auditor.domain.gitops.flux_progress import Backlog, backlog_of, lapse_of
from auditor.domain.judge import judge
from auditor.domain.lateness import holds_back
from auditor.domain.pair import Doubt, Head, Neighbour, Pair, Superseded
from auditor.domain.rules import Rules
from comparators.presence import presence
from comparators.reconciliation import reconciliation
from comparators.structural import structural
from tests.builders import config_map, live, manifest, obj
from tests.neighbours import alive
from tests.outcomes import JSON_VALUES

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
"""When the source got its present artifact."""
GROUP, SOURCES = "kustomize.toolkit.fluxcd.io", "source.toolkit.fluxcd.io"
OLD, NEW = "main@sha1:old", "main@sha1:new"
RULES = Rules(lagging_after=timedelta(minutes=10))
Body = dict[str, Any]


def stamp(minutes: float) -> str:
    return (NOON + timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")


def source(revision: str | None = NEW, *, updated: str = stamp(0), **spec: Any) -> Body:
    """A GitRepository with an artifact."""
    artifact = {"revision": revision, "lastUpdateTime": updated}
    status = {"artifact": artifact} if revision else {}
    spec = {"interval": "1m"} | spec
    return obj(f"{SOURCES}/v1", "GitRepository", "platform", "ops", spec=spec, status=status)


def kustomization(**rest: Any) -> Body:
    """One that applied the old revision and says that all is well; ``rest`` is more of its status."""
    reference = {"kind": "GitRepository", "name": "platform"}
    spec = {"interval": "10m", "sourceRef": reference} | rest.pop("spec", {})
    ready = {"type": "Ready", "status": "True", "reason": "ReconciliationSucceeded"}
    known = {"lastAppliedRevision": OLD, "lastAttemptedRevision": OLD, "conditions": [ready]}
    return obj(f"{GROUP}/v1", "Kustomization", "apps", "ops", spec=spec, status=known | rest)


def paired(owner: Body, *around: Body) -> Pair:
    """An owner that lives as declared, and what it refers to."""
    spec = {name: value for name, value in owner.items() if name != "status"}
    return Pair(
        ref=manifest(spec).ref,
        desired=manifest(spec),
        actual=live(owner),
        neighbours=alive(*around),
    )


def backlog(owner: Body, *around: Body) -> Backlog | None:
    pair = paired(owner, *around)
    assert pair.actual
    return backlog_of(pair.actual, pair)


def told(owner: Body, *around: Body, **metadata: Any) -> list[str]:
    """What is said of an owner."""
    pair = replace(paired(owner, *around), actual=live(owner, **metadata))
    return [one.check for one in reconciliation(pair)]


class TestBehind:
    def test_is_since_the_source_moved(self) -> None:
        """And what Git moved before it may have been applied already."""
        found = backlog(kustomization(), source())

        assert found is not None
        assert (found.applied, found.available, found.since) == (OLD, NEW, NOON)
        assert found.reaches == NOON - timedelta(minutes=1)

    def test_is_since_the_turn_that_was_missed(self) -> None:
        """A source that moves all the time would else begin it anew."""
        history = [
            {"lastReconciledStatus": "ReconciliationSucceeded", "lastReconciled": stamp(-60)}
        ]
        found = backlog(kustomization(history=history), source())

        assert found is not None
        assert found.since == NOON - timedelta(minutes=50)
        assert found.reaches == NOON - timedelta(minutes=61)

    def test_reaches_back_to_what_was_applied(self) -> None:
        """Its source may have been late as well."""
        pair = paired(kustomization(), source())
        seen = (Head(commit="old", since=NOON - timedelta(hours=2)), Head(commit="new", since=NOON))
        known = tuple(replace(one, heads=seen) for one in pair.neighbours)
        assert pair.actual
        found = backlog_of(pair.actual, replace(pair, neighbours=known))

        assert found is not None
        assert (found.since, found.reaches) == (NOON, NOON - timedelta(hours=2))

    def test_is_one_finding_after_its_turn(self) -> None:
        """With the time that its objects would have."""
        pair = paired(kustomization(), source())
        due = NOON + timedelta(minutes=20)

        young = judge(pair, reconciliation, RULES, at=due - timedelta(seconds=1))
        (finding,) = judge(pair, reconciliation, RULES, at=due).findings

        assert (young.verdict, young.look_again) == (Verdict.PENDING, due)
        assert (finding.check, finding.began) == (checks.BEHIND_SOURCE.id, NOON)
        assert finding.message.endswith(f"applied {OLD}, and GitRepository ops/platform has {NEW}")
        assert (
            finding.remedies[0]
            .details["how"]
            .endswith("reconcile kustomization apps --with-source")
        )

    @pytest.mark.parametrize(
        ("owner", "around"),
        [
            pytest.param(kustomization(), source(OLD), id="it applied that"),
            pytest.param(kustomization(), source("refs/heads/main@sha1:old"), id="named otherwise"),
            pytest.param(kustomization(), source("main/old"), id="written as before Flux 2"),
            pytest.param(kustomization(), source(None), id="nothing was ever fetched"),
            pytest.param(kustomization(), source(updated="soon"), id="nobody knows since when"),
            pytest.param(
                kustomization(lastAppliedRevision="", lastAttemptedRevision=""),
                source(),
                id="it never applied any",
            ),
            pytest.param(kustomization(spec={"sourceRef": {}}), source(), id="it names none"),
            pytest.param(
                kustomization(spec={"sourceRef": {"kind": "GitRepository", "name": "other"}}),
                source(),
                id="it is of another source",
            ),
        ],
    )
    def test_is_not(self, owner: Body, around: Body) -> None:
        """Who looks the same."""
        assert backlog(owner, around) is None
        assert told(owner, around) == []

    @pytest.mark.parametrize(
        ("owner", "check"),
        [
            (kustomization(lastAttemptedRevision=NEW), "FLUX-005"),
            (kustomization(spec={"suspend": True}), "FLUX-003"),
            (
                kustomization(
                    conditions=[{"type": "Ready", "status": "False", "reason": "ArtifactFailed"}]
                ),
                "FLUX-001",
            ),
            (kustomization(conditions=[{"type": "Stalled", "status": "True"}]), "FLUX-002"),
        ],
    )
    def test_is_not_what_says_itself_what_is_wrong(self, owner: Body, check: str) -> None:
        """One cause, one finding."""
        assert backlog(owner, source()) is None
        assert told(owner, source()) == [check]

    def test_is_said_in_place_of_not_being_heard(self) -> None:
        """Who takes no turn sees no new generation either."""
        owner = kustomization(observedGeneration=1)

        assert told(owner, source(OLD), generation=2) == ["FLUX-012"]
        assert told(owner, source(), generation=2) == ["FLUX-004"]

    def test_is_not_known_while_the_source_is_not(self) -> None:
        """It may be an old one."""
        pair = paired(kustomization(), source())
        doubtful = tuple(replace(one, doubt=Doubt.STALE) for one in pair.neighbours)

        assert list(reconciliation(replace(pair, neighbours=doubtful))) == []

    @given(st.one_of(JSON_VALUES), st.one_of(JSON_VALUES))
    def test_any_fields_are_taken(self, one: Any, other: Any) -> None:
        """Whatever controllers write, nothing breaks."""
        backlog(kustomization(history=one, lastAppliedRevision=other), source())
        backlog(kustomization(), source() | {"status": {"artifact": one}, "spec": other})


class TestLapse:
    """A source that was fetched at noon, and Git at commits since some minutes after noon."""

    def heads(self, **commits: float) -> tuple[Head, ...]:
        return tuple(
            Head(commit=name, since=NOON + timedelta(minutes=at)) for name, at in commits.items()
        )

    def found(self, body: Body, heads: tuple[Head, ...]) -> list[Deviation]:
        """What is said of the source."""
        pair = replace(paired(body), heads=heads)
        return list(reconciliation(pair))

    def test_is_since_git_moved_first(self) -> None:
        """However often it moves."""
        (one,) = self.found(source(OLD), self.heads(old=-9, newer=5, newest=60))

        assert (one.check, one.since) == (checks.BEHIND_GIT.id, NOON + timedelta(minutes=5))
        assert one.patience == timedelta(minutes=1)
        assert one.message.endswith("has old, and Git is at newest")

    def test_can_be_ended(self) -> None:
        """By asking for it."""
        pair = replace(paired(source(OLD)), heads=self.heads(newest=5))
        (finding,) = judge(pair, reconciliation, RULES, at=NOON + timedelta(hours=1)).findings

        assert finding.remedies[0].details["how"] == (
            "flux --namespace ops reconcile source git platform"
        )

    @pytest.mark.parametrize(
        ("body", "heads"),
        [
            pytest.param(source(OLD), {"old": 5}, id="it has that"),
            pytest.param(source(OLD), {}, id="the repository is not followed"),
            pytest.param(source(NEW), {"old": -5}, id="it saw more than we have"),
            pytest.param(source(OLD), {"newer": 5, "old": 6}, id="Git moved back"),
            pytest.param(source(None), {"old": 5}, id="it never fetched"),
        ],
    )
    def test_is_not(self, body: Body, heads: dict[str, float]) -> None:
        """Who looks the same."""
        assert self.found(body, self.heads(**heads)) == []

    @pytest.mark.parametrize(
        ("spec", "status", "check"),
        [
            ({"suspend": True}, {}, "FLUX-003"),
            ({}, {"conditions": [{"type": "Ready", "status": "False"}]}, "FLUX-001"),
        ],
    )
    def test_is_not_what_says_itself_what_is_wrong(
        self, spec: Body, status: Body, check: str
    ) -> None:
        """One cause, one finding."""
        body = source(OLD, **spec)
        body["status"] |= status

        (one,) = self.found(body, self.heads(newest=5))

        assert one.check == check

    @pytest.mark.parametrize(("moved", "expected"), [(5, Verdict.PENDING), (-5, Verdict.DRIFTED)])
    def test_is_told_in_place_of_what_waits(self, moved: float, expected: Verdict) -> None:
        """What Git moved before the source was fetched last is not explained by it."""
        owner = kustomization(lastAppliedRevision=OLD)
        fetched = Neighbour(
            ref=manifest(source()).ref, actual=live(source(OLD)), heads=self.heads(newest=5)
        )

        outcome = waiting(owner, fetched, moved=moved, at=300)

        assert outcome.verdict is expected

    @given(st.one_of(JSON_VALUES), st.one_of(JSON_VALUES))
    def test_any_fields_are_taken(self, one: Any, other: Any) -> None:
        """Whatever controllers write, nothing breaks."""
        body = source() | {"status": {"artifact": one}, "spec": other}
        lapse_of(live(body), self.heads(newest=5))


def waiting(owner: Body, fetched: Neighbour, *, moved: float, at: float) -> Outcome:
    """The outcome of settings that an owner applies; Git moved them some minutes after noon."""
    applier = manifest(owner).ref
    living = live(config_map())
    before = Superseded(manifest=manifest(config_map()), until=NOON + timedelta(minutes=moved))
    pair = Pair(
        ref=living.ref,
        desired=manifest(config_map(data={"mode": "wild"})),
        actual=living,
        earlier=(before,),
        neighbours=(Neighbour(ref=applier, actual=live(owner)), fetched),
        appliers=(applier,),
    )
    return judge(pair, structural, RULES, at=NOON + timedelta(minutes=at))


class TestWhatWaits:
    """Settings that Git changed, which a Kustomization applies."""

    def outcome(self, owner: Body, *, moved: float, at: float = 300) -> Outcome:
        """The settings' outcome; Git moved them some minutes after noon."""
        (fetched,) = alive(source())
        return waiting(owner, fetched, moved=moved, at=at)

    def test_is_told_by_its_owner(self) -> None:
        """However long that takes: the owner's finding is open."""
        outcome = self.outcome(kustomization(), moved=-0.5)

        assert (outcome.verdict, outcome.findings, outcome.look_again) == (
            Verdict.PENDING,
            (),
            None,
        )

    def test_lags_where_its_owner_may_have_applied_it(self) -> None:
        """Git moved it before: something else is wrong."""
        (finding,) = self.outcome(kustomization(), moved=-5).findings

        assert finding.check == checks.LAGGING.id

    @pytest.mark.parametrize(
        "owner",
        [
            kustomization(lastAppliedRevision=NEW, lastAttemptedRevision=NEW),
            kustomization(lastAttemptedRevision=NEW),
            kustomization(spec={"suspend": True}),
        ],
    )
    def test_lags_where_its_owner_is_not_behind(self, owner: Body) -> None:
        """It applied that, or says itself why it does not."""
        (finding,) = self.outcome(owner, moved=-0.5).findings

        assert finding.check == checks.LAGGING.id

    def test_is_an_orphan_no_sooner(self) -> None:
        """What is declared no more is taken away by the same turn."""
        owner = kustomization()
        applier, living = manifest(owner).ref, live(config_map())
        pair = Pair(
            ref=living.ref,
            desired=None,
            actual=living,
            earlier=(Superseded(manifest=manifest(config_map()), until=NOON),),
            neighbours=(Neighbour(ref=applier, actual=live(owner)), *alive(source())),
            appliers=(applier,),
        )

        outcome = judge(pair, presence, RULES, at=NOON + timedelta(days=1))

        assert (outcome.verdict, outcome.findings) == (Verdict.PENDING, ())
        assert holds_back(pair, since=NOON) == applier
