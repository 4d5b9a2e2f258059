"""Announcements as Kafka records."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given

from auditor.domain.finding import (
    Announcement,
    State,
    TrackedFinding,
    Transition,
    TransitionKind,
)
from auditor.errors import DeliveryRejected
from auditor.wire.events import structured
from auditor.wire.finding import decode
from sinks.kafka.options import Topics
from sinks.kafka.records import Record, dead_letter, records_of, state_from_log, state_of
from tests.doubles import START
from tests.findings import tracked
from tests.outcomes import TRACKED, finding, image

TOPICS = Topics(findings="log", state="state", dead_letters="dlq")
LIMIT = 1_000_000


def announce(
    one: TrackedFinding, kind: TransitionKind = TransitionKind.OPENED, sequence: int = 7
) -> Announcement:
    """An announcement of a finding as it is."""
    return Announcement(sequence=sequence, transition=Transition(kind=kind, tracked=one, at=START))


def huge(size: int) -> TrackedFinding:
    """A finding with so many characters of an actual value."""
    return replace(tracked(), finding=finding(differences=(image("x" * size),)))


def test_the_log_carries_the_structured_event() -> None:
    """Keyed by the object, with enough in the headers to choose without decoding."""
    log, _ = records_of(announce(tracked()), TOPICS, LIMIT)

    assert (log.topic, log.key) == ("log", b"prod/apps/Deployment/shop/web")
    assert log.value == structured(announce(tracked()).transition)
    assert dict(log.headers) == {
        "content-type": b"application/cloudevents+json; charset=UTF-8",
        "ce_id": announce(tracked()).transition.id.encode(),
        "ce_source": b"/clusters/prod",
        "ce_type": b"io.driftauditor.finding.opened.v1",
    }


def test_the_state_topic_carries_the_finding() -> None:
    """Keyed by the finding, because an object may have several."""
    _, state = records_of(announce(tracked()), TOPICS, LIMIT)

    assert state.topic == "state"
    assert state.key.decode() == f"prod/{tracked().fingerprint}"
    assert state.value is not None
    assert decode(state.value) == tracked()


@pytest.mark.parametrize("kind", [TransitionKind.RESOLVED, TransitionKind.SUPPRESSED])
def test_the_end_of_a_finding_is_a_tombstone(kind: TransitionKind) -> None:
    """So that compaction forgets it."""
    ended = tracked(state=State(kind.value))

    log, state = records_of(announce(ended, kind), TOPICS, LIMIT)

    assert log.value is not None
    assert state.value is None
    assert state.key.decode() == f"prod/{ended.fingerprint}"


@given(TRACKED)
def test_the_state_can_be_made_again_from_the_log(one: TrackedFinding) -> None:
    """What a crash kept from the state topic is written after it, byte for byte."""
    log, state = records_of(announce(one), TOPICS, LIMIT)

    assert log.value is not None
    assert state_from_log(log.value, TOPICS) == state


def test_a_finding_without_a_transition_at_hand_has_a_state_too() -> None:
    """For a topic that begins in the middle of a ledger's life."""
    record = state_of(replace(tracked(), generation=5), TOPICS, LIMIT)

    assert dict(record.headers)["ce_type"] == b"io.driftauditor.finding.updated.v1"
    assert record.value is not None


def test_what_is_too_large_loses_its_long_values() -> None:
    """The finding arrives all the same."""
    log, state = records_of(announce(huge(2_000_000)), TOPICS, LIMIT)

    assert log.size < 3_000
    assert state.size < 3_000
    assert b"2000002 bytes are left out here" in (log.value or b"")


def test_what_is_still_too_large_is_refused() -> None:
    """With the sizes, and the id of the announcement."""
    one = announce(tracked())

    with pytest.raises(DeliveryRejected, match=r"\d+ bytes are more than the 500") as caught:
        records_of(one, TOPICS, 500)
    assert caught.value.announcement_id == one.transition.id


def test_a_dead_letter_says_which_finding_and_why() -> None:
    """Small enough for any topic, and with the original key."""
    letter = dead_letter(announce(huge(2_000_000)), "too large", TOPICS)

    assert (letter.topic, letter.key) == ("dlq", b"prod/apps/Deployment/shop/web")
    assert letter.size < 3_000
    headers = dict(letter.headers)
    assert headers["dlq_reason"] == b"too large"
    assert headers["dlq_topic"] == b"log"
    assert headers["dlq_sequence"] == b"7"
    assert json.loads(letter.value or b"")["data"]["id"] == tracked().fingerprint


def test_the_size_is_an_upper_bound() -> None:
    """Of key, value and headers together."""
    record = Record(topic="t", key=b"k" * 10, value=b"v" * 100, headers=(("h", b"x" * 20),))

    assert record.size >= 10 + 100 + 21
