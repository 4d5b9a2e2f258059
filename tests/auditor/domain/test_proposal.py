"""What a revision would do to an object."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.app.graph import load_comparison
from auditor.domain import checks
from auditor.domain.difference import REDACTED, Op
from auditor.domain.finding import Deviation, Finding, Verdict
from auditor.domain.manifest import Manifest
from auditor.domain.pair import Pair
from auditor.domain.proposal import Change, proposed, proposed_alive
from auditor.state.schemas import Schemas
from tests.builders import deployment, live, manifest, obj, secret

compare = load_comparison()


def change(before: Any, after: Any) -> Change:
    sides = [None if body is None else manifest(body) for body in (before, after)]
    known = next(side for side in sides if side)
    return Change(
        ref=known.ref,
        before=sides[0],
        after=sides[1],
        schema=Schemas().schema_for(known.gvk),
    )


def told(findings: tuple[Finding, ...]) -> list[tuple[str, list[str]]]:
    return [(one.check, [f"{d.path} {d.op}" for d in one.differences]) for one in findings]


def living(of: Change, body: Any) -> Pair:
    actual: Manifest | None = None if body is None else live(body)
    return Pair(ref=of.ref, desired=of.after, actual=actual, schema=of.schema)


def test_what_is_new_would_be_created() -> None:
    """It is named with its place; there is nothing to compare."""
    (finding,) = proposed(change(None, deployment()), compare)

    assert (finding.check, finding.verdict) == (checks.WOULD_CREATE.id, Verdict.PENDING)
    assert finding.message == "apps/Deployment/shop/web would be created"
    assert finding.origin is not None
    assert finding.differences == ()


def test_what_is_declared_no_more_would_be_deleted() -> None:
    """Its place is where it was declared."""
    (finding,) = proposed(change(deployment(), None), compare)

    assert finding.check == checks.WOULD_DELETE.id
    assert finding.origin is not None


def test_a_field_that_changes_has_both_values() -> None:
    """Desired is after, actual before."""
    (finding,) = proposed(change(deployment(replicas=1), deployment(replicas=3)), compare)

    (difference,) = finding.differences
    assert (difference.op, difference.actual, difference.desired) == (Op.CHANGED, 1, 3)
    assert finding.message == "apps/Deployment/shop/web would change: spec.replicas"


def test_fields_that_come_and_go() -> None:
    """What would be removed is what only the first commit has."""
    findings = proposed(change(deployment(paused=True), deployment(minReadySeconds=5)), compare)

    assert told(findings) == [("REV-002", ["spec.minReadySeconds removed", "spec.paused added"])]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (deployment(), deployment(revisionHistoryLimit=10)),
        (deployment(revisionHistoryLimit=10), deployment()),
        (
            obj("v1", "ConfigMap", "c", data={"a": "1"}),
            obj("v1", "ConfigMap", "c", data={"a": "1"}, x=None),
        ),
        (
            secret(data={"a": "MQ=="}),
            obj("v1", "Secret", "login", stringData={"a": "1"}, type="Opaque"),
        ),
        (
            obj("v1", "Secret", "login", stringData={"a": "1"}),
            obj("v1", "Secret", "login", data={"a": "MQ=="}),
        ),
    ],
)
def test_what_means_the_same_changes_nothing(before: Any, after: Any) -> None:
    """Defaults, nulls, other spellings."""
    assert proposed(change(before, after), compare) == ()


def test_a_secret_value_is_not_told() -> None:
    """Only that it would change."""
    (finding,) = proposed(change(secret(data={"a": "MQ=="}), secret(data={"a": "Mg=="})), compare)

    assert [(one.desired, one.actual) for one in finding.differences] == [(REDACTED, REDACTED)]
    assert "MQ==" not in repr(finding)


def test_another_api_version_is_a_change() -> None:
    """Though the object stays the same one."""
    before = obj("example.com/v1", "Policy", "p", spec={"a": 1})
    after = obj("example.com/v2", "Policy", "p", spec={"a": 1})

    (finding,) = proposed(change(before, after), compare)

    assert [(d.actual, d.desired) for d in finding.differences] == [
        ("example.com/v1", "example.com/v2")
    ]


def test_a_new_mistake_is_told_besides() -> None:
    """A field that the API server would not keep; an old mistake is nobody's news."""
    typo = deployment(replicaz=3)

    assert told(proposed(change(deployment(), typo), compare)) == [
        ("K8S-008", ["spec.replicaz removed"])
    ]
    assert told(proposed(change(None, typo), compare)) == [
        ("REV-001", []),
        ("K8S-008", ["spec.replicaz removed"]),
    ]
    assert told(proposed(change(typo, deployment(replicaz=3, replicas=9)), compare)) == [
        ("REV-002", ["spec.replicas changed"])
    ]


def test_what_others_than_the_fields_say_is_no_forecast() -> None:
    """A declaration has no status to judge."""

    def grumble(_pair: Pair) -> Iterator[Deviation]:
        yield Deviation(check="X-1", category=checks.TERMINATING.category, message="stuck")

    assert proposed(change(deployment(), deployment(replicas=9)), grumble) == ()


class TestAlive:
    """Compared with what lives."""

    def test_the_living_value_is_what_would_change(self) -> None:
        """Whatever was declared before."""
        one = change(deployment(replicas=1), deployment(replicas=3))

        (finding,) = proposed_alive(one, living(one, deployment(replicas=2)), compare)

        assert [(d.actual, d.desired) for d in finding.differences] == [(2, 3)]

    def test_what_lives_so_already_would_not_change(self) -> None:
        """Somebody was faster."""
        one = change(deployment(replicas=1), deployment(replicas=3))

        assert proposed_alive(one, living(one, deployment(replicas=3)), compare) == ()

    def test_what_is_not_there_would_be_created(self) -> None:
        """Although it was declared before."""
        one = change(deployment(replicas=1), deployment(replicas=3))

        assert told(proposed_alive(one, living(one, None), compare)) == [("REV-001", [])]

    def test_what_is_gone_already_would_not_be_deleted(self) -> None:
        """There is nothing to do."""
        one = change(deployment(), None)

        assert proposed_alive(one, living(one, None), compare) == ()
        assert told(proposed_alive(one, living(one, deployment()), compare)) == [("REV-003", [])]

    def test_applying_takes_away_only_what_was_declared(self) -> None:
        """What was added by hand stays; that is drift, and another command."""
        one = change(deployment(paused=True), deployment())
        alive = deployment(paused=True, minReadySeconds=5)

        assert told(proposed_alive(one, living(one, alive), compare)) == [
            ("REV-002", ["spec.paused added"])
        ]


_BODIES = st.fixed_dictionaries(
    {},
    optional={
        "replicas": st.integers(0, 3),
        "paused": st.booleans(),
        "minReadySeconds": st.integers(0, 2),
        "strategy": st.sampled_from([{"type": "Recreate"}, {"type": "RollingUpdate"}, None]),
    },
)


@given(spec=_BODIES)
def test_nothing_changes_nothing(spec: dict[str, Any]) -> None:
    """Whatever is declared: the same again is no proposal."""
    body = deployment(**spec)
    one = change(body, copy.deepcopy(body))

    assert one.is_none
    assert proposed(one, compare) == ()


@given(before=_BODIES, after=_BODIES)
def test_it_differs_both_ways_or_neither(before: dict[str, Any], after: dict[str, Any]) -> None:
    """Reverting a change is a change of the same fields."""
    there = proposed(change(deployment(**before), deployment(**after)), compare)
    back = proposed(change(deployment(**after), deployment(**before)), compare)

    assert {str(d.path) for one in there for d in one.differences} == {
        str(d.path) for one in back for d in one.differences
    }
