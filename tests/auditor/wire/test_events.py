"""Transitions as CloudEvents."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.domain.finding import State, TrackedFinding, Transition, TransitionKind
from auditor.domain.identity import ObjectRef
from auditor.domain.manifest import Owner
from auditor.wire.events import (
    FindingEvent,
    attributes_of,
    binary,
    object_key,
    source_of,
    state_key,
    structured,
)
from auditor.wire.finding import decode, encode
from tests.doubles import START
from tests.outcomes import TRACKED, finding

GOLDEN = Path(__file__).parent / "golden"
RECORDED = START + timedelta(milliseconds=250)


def transition(
    kind: TransitionKind = TransitionKind.OPENED, state: State = State.OPEN, **rest: Any
) -> Transition:
    """A step of the image's story; ``rest`` replaces fields of the finding."""
    tracked = TrackedFinding(
        finding=finding(**rest),
        state=state,
        first_seen=RECORDED,
        last_seen=RECORDED,
        resolved_at=RECORDED if state is State.RESOLVED else None,
        openings=(RECORDED,),
    )
    return Transition(kind=kind, tracked=tracked, at=RECORDED)


def attributes(one: Transition) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(structured(one))
    return event


class TestStructured:
    @pytest.mark.parametrize(
        ("name", "one"),
        [
            ("opened", transition()),
            ("resolved", transition(TransitionKind.RESOLVED, State.RESOLVED)),
        ],
    )
    def test_events_stay_as_they_are(self, name: str, one: Transition) -> None:
        """These bytes were published; consumers rely on them."""
        assert structured(one).decode() == (GOLDEN / f"{name}.json").read_text().strip()

    @pytest.mark.parametrize("path", sorted(GOLDEN.iterdir()), ids=lambda path: path.stem)
    def test_what_was_published_is_read(self, path: Path) -> None:
        """Also what an auditor published before owners had a chain."""
        owner = FindingEvent.model_validate_json(path.read_text()).data.value().finding.owner

        assert owner == Owner(tool="argocd", name="shop")

    def test_the_envelope_tells_how_long_detection_took(self) -> None:
        """``time`` is the write, ``recordedtime`` the record."""
        event = attributes(transition())

        assert event["time"] == "2026-01-02T03:04:05Z"
        assert event["recordedtime"] == "2026-01-02T03:04:05.250000Z"

    @pytest.mark.parametrize(
        "one",
        [
            transition(began=None),
            transition(began=START + timedelta(hours=1)),
            transition(TransitionKind.RESOLVED, State.RESOLVED),
        ],
    )
    def test_where_the_write_is_unknown_it_is_the_record(self, one: Transition) -> None:
        """Nothing happened after it was recorded, and an end has no writer."""
        event = attributes(one)

        assert event["time"] == event["recordedtime"]

    @pytest.mark.parametrize("kind", list(TransitionKind))
    def test_the_type_names_the_transition(self, kind: TransitionKind) -> None:
        """One type for each."""
        assert attributes(transition(kind))["type"] == f"io.driftauditor.finding.{kind}.v1"

    @given(TRACKED, st.sampled_from(TransitionKind))
    def test_any_transition_is_a_finding_event(
        self, tracked: TrackedFinding, kind: TransitionKind
    ) -> None:
        """The model reads what is written, and the data is the finding."""
        one = Transition(kind=kind, tracked=tracked, at=START)
        event = FindingEvent.model_validate_json(structured(one))

        assert event.data.value() == tracked
        assert event.id == one.id
        assert event.time <= event.recordedtime
        assert event.partitionkey == object_key(tracked)

    @pytest.mark.parametrize(
        ("cluster", "source"),
        [
            ("prod", "/clusters/prod"),
            ("arn:aws:eks:eu:1:cluster/x", "/clusters/arn:aws:eks:eu:1:cluster%2Fx"),
            ("zwölf affen", "/clusters/zw%C3%B6lf%20affen"),
        ],
    )
    def test_the_source_is_a_uri_reference(self, cluster: str, source: str) -> None:
        """Cluster names may be anything."""
        assert source_of(cluster) == source


class TestBinary:
    def test_an_open_finding_is_the_value(self) -> None:
        """The state topic carries the bare finding, its attributes are headers."""
        one = transition()
        event = binary(one.tracked, attributes_of(one, key="any"), encode(one.tracked))
        headers = dict(event.headers)

        assert event.value is not None
        assert decode(event.value) == one.tracked
        assert headers["content-type"] == b"application/json"
        assert headers["ce_specversion"] == b"1.0"
        assert headers["ce_partitionkey"].decode() == state_key(one.tracked)

    @pytest.mark.parametrize("state", [State.RESOLVED, State.SUPPRESSED])
    def test_what_is_open_no_more_is_a_tombstone(self, state: State) -> None:
        """No value, so that compaction removes the key; the headers still say what happened."""
        one = transition(TransitionKind.RESOLVED, state)

        event = binary(one.tracked, attributes_of(one, key="any"), encode(one.tracked))

        assert event.value is None
        assert "content-type" not in dict(event.headers)
        assert dict(event.headers)["ce_type"] == b"io.driftauditor.finding.resolved.v1"


def test_keys_of_one_object_agree_and_of_two_differ() -> None:
    """Transitions of one object stay in order; two findings of it have two states."""
    one, other = transition().tracked, transition(check="K8S-008").tracked
    elsewhere = replace(one.finding, ref=ObjectRef("prod", "", "Service", "shop", "web"))

    assert object_key(one) == object_key(other) == "prod/apps/Deployment/shop/web"
    assert object_key(replace(one, finding=elsewhere)) == "prod//Service/shop/web"
    assert state_key(one) != state_key(other)
