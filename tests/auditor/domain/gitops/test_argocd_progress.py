"""An Application that nobody compares says what was found last; Git knows better."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given

from auditor.domain import checks
from auditor.domain.finding import Deviation, Outcome, Verdict
from auditor.domain.gitops.argocd_progress import oversight_of
from auditor.domain.judge import judge
from auditor.domain.lateness import holds_back
from auditor.domain.pair import Head, Neighbour, Pair, Superseded
from auditor.domain.rules import Rules
from comparators.reconciliation import reconciliation
from comparators.structural import structural
from tests.builders import config_map, live, manifest, obj
from tests.outcomes import JSON_VALUES

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
"""When the Application was compared last."""
RULES = Rules(lagging_after=timedelta(minutes=10))
SOURCE = {"repoURL": "https://git.example.com/platform", "targetRevision": "main"}
Body = dict[str, Any]


def application(*conditions: str, annotations: Body | None = None, **status: Any) -> Body:
    """One that was compared with the old commit."""
    listed = [{"type": kind, "message": "so"} for kind in conditions]
    sync = {"status": "Synced", "revision": "old", "comparedTo": {"source": SOURCE}}
    known = {"sync": sync, "reconciledAt": "2026-01-02T12:00:00Z", "conditions": listed}
    body = obj(
        "argoproj.io/v1alpha1",
        "Application",
        "shop",
        "argocd",
        spec={"source": SOURCE},
        status=known | status,
    )
    body["metadata"]["annotations"] = annotations or {}
    return body


def heads(**commits: float) -> tuple[Head, ...]:
    """Commits since some minutes after noon."""
    return tuple(
        Head(commit=name, since=NOON + timedelta(minutes=at)) for name, at in commits.items()
    )


def paired(body: Body, seen: tuple[Head, ...], looks: timedelta | None = None) -> Pair:
    declared = manifest({name: value for name, value in body.items() if name != "status"})
    return Pair(ref=declared.ref, desired=declared, actual=live(body), heads=seen, looks=looks)


def found(body: Body, seen: tuple[Head, ...]) -> list[Deviation]:
    """What is said of an Application."""
    return list(reconciliation(paired(body, seen)))


def test_it_is_told_since_git_moved_first() -> None:
    """However often it moves."""
    (one,) = found(application(), heads(old=-9, newer=5, newest=60))

    assert (one.check, one.since) == (checks.NOT_COMPARED.id, NOON + timedelta(minutes=5))
    assert one.message.endswith("was compared with old, and Git is at newest")


@pytest.mark.parametrize(("looks", "minutes"), [(None, 10), (timedelta(hours=1), 70)])
def test_it_has_its_turn_first(looks: timedelta | None, minutes: int) -> None:
    """As long as Argo CD takes where it is told to look more rarely."""
    pair = paired(application(), heads(newest=0.5), looks)
    due = NOON + timedelta(minutes=minutes + 0.5)

    young = judge(pair, reconciliation, RULES, at=due - timedelta(seconds=1))
    (finding,) = judge(pair, reconciliation, RULES, at=due).findings

    assert young.look_again == due
    assert finding.remedies[0].details["how"] == "argocd app sync shop --app-namespace argocd"


@pytest.mark.parametrize(
    ("body", "seen"),
    [
        pytest.param(application(), {"old": 5}, id="it was compared with that"),
        pytest.param(application(), {}, id="the repository is not followed"),
        pytest.param(application(), {"newest": -5}, id="it was compared since"),
        pytest.param(application(), {"newer": 5, "old": 6}, id="Git moved back"),
        pytest.param(application(reconciledAt=None), {"newest": 5}, id="nobody knows when"),
        pytest.param(
            application(annotations={"argocd.argoproj.io/manifest-generate-paths": "."}),
            {"newest": 5},
            id="it need not look",
        ),
    ],
)
def test_what_looks_alike_is_silent(body: Body, seen: dict[str, float]) -> None:
    """Nothing was overlooked there."""
    assert found(body, heads(**seen)) == []


@pytest.mark.parametrize(
    ("body", "check"),
    [
        (application("ComparisonError"), "ARGO-005"),
        (application(annotations={"argocd.argoproj.io/skip-reconcile": "true"}), "ARGO-009"),
        (
            application(sync={"revision": "old", "comparedTo": {"source": {"path": "x"}}}),
            "ARGO-012",
        ),
    ],
)
def test_one_cause_is_said_once(body: Body, check: str) -> None:
    """Why it is not compared may be known."""
    assert [one.check for one in found(body, heads(newest=5))] == [check]


def waiting(*, moved: float, seen: tuple[Head, ...]) -> Outcome:
    """The outcome of settings that Git moved some minutes after noon, long ago."""
    owner = live(application())
    living = live(config_map())
    until = NOON + timedelta(minutes=moved)
    pair = Pair(
        ref=living.ref,
        desired=manifest(config_map(data={"mode": "wild"})),
        actual=living,
        earlier=(Superseded(manifest=manifest(config_map()), until=until),),
        neighbours=(Neighbour(ref=owner.ref, actual=owner, heads=seen),),
        appliers=(owner.ref,),
    )
    assert (holds_back(pair, since=until) is not None) == (moved >= 0 and bool(seen))
    return judge(pair, structural, RULES, at=NOON + timedelta(hours=9))


def test_it_is_told_in_place_of_what_waits() -> None:
    """What it was compared with lags by itself."""
    assert waiting(moved=5, seen=heads(newest=5)).verdict is Verdict.PENDING
    assert waiting(moved=-5, seen=heads(newest=5)).verdict is Verdict.DRIFTED
    assert waiting(moved=5, seen=()).verdict is Verdict.DRIFTED


@given(JSON_VALUES, JSON_VALUES)
def test_any_fields_are_taken(one: Any, other: Any) -> None:
    """Whatever Argo CD writes, nothing breaks."""
    oversight_of(live(application(sync=one, reconciledAt=other)), heads(newest=5))
    pair = paired(application(), heads(newest=5))
    assert pair.actual
    body = {**pair.actual.body, "status": one, "spec": other}
    list(reconciliation(replace(pair, actual=replace(pair.actual, body=body))))
