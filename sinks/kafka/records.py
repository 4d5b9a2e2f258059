"""Announcements as records. Pure: the same announcement, the same bytes.

The log's headers repeat id, source and type beside the structured event, as the Kafka binding allows, so
that a reader can choose without decoding the value
(https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/kafka-protocol-binding.md, 3.3.3).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import orjson

from auditor.domain.finding import Announcement, State, TrackedFinding, Transition, TransitionKind
from auditor.errors import DeliveryRejected
from auditor.wire.abridged import abridge
from auditor.wire.events import (
    STRUCTURED,
    BinaryEvent,
    binary,
    binary_from,
    object_key,
    show_event,
    state_key,
)
from auditor.wire.model import to_json
from sinks.kafka.options import Topics

Headers = tuple[tuple[str, bytes], ...]
_OVERHEAD = 128
"""Bytes of a record batch around one record; generous."""
_REASON = 1_000
"""Characters of a reason that go into a header."""
_REPEATED = ("id", "source", "type")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One Kafka record. No value makes it a tombstone."""

    topic: str
    key: bytes
    value: bytes | None
    headers: Headers

    @property
    def size(self) -> int:
        """Bytes on the wire, roughly and from above."""
        headers = sum(len(name) + len(value) + 8 for name, value in self.headers)
        return len(self.key) + len(self.value or b"") + headers + _OVERHEAD


def records_of(announcement: Announcement, topics: Topics, limit: int) -> tuple[Record, Record]:
    """The record for the log and the one for the state topic, each within the limit in bytes.

    Raises:
        DeliveryRejected: it is too large even with its long values left out.

    """
    transition = announcement.transition
    records = _records(transition, topics)
    if _largest(records) > limit:
        records = _records(_abridged(transition), topics)
    if (size := _largest(records)) > limit:
        reason = f"{size} bytes are more than the {limit} that a record may have"
        raise DeliveryRejected(reason, announcement_id=transition.id)
    return records


def state_of(tracked: TrackedFinding, topics: Topics, limit: int) -> Record:
    """The state record of a finding whose last transition is not at hand."""
    kind = TransitionKind.OPENED if tracked.generation == 1 else TransitionKind.UPDATED
    transition = Transition(kind=kind, tracked=tracked, at=tracked.last_seen)
    return records_of(Announcement(sequence=0, transition=transition), topics, limit)[1]


def state_from_log(value: bytes, topics: Topics) -> Record:
    """The state record that belongs to a record read back from the log."""
    event: dict[str, Any] = orjson.loads(value)
    data = event.pop("data")
    event.pop("datacontenttype")
    key = f"{data['cluster']}/{data['id']}"
    is_open = data["state"] == State.OPEN
    state = binary_from({**event, "partitionkey": key}, to_json(data) if is_open else None)
    return _state_record(key, state, topics)


def dead_letter(announcement: Announcement, reason: str, topics: Topics) -> Record:
    """What is left of a refused announcement: which finding, without its differences, and why."""
    transition = announcement.transition
    bare = replace(abridge(transition.tracked).finding, differences=(), remedies=())
    event = _on_log(_with(transition, replace(transition.tracked, finding=bare)), topics)
    why = (
        ("dlq_reason", reason[:_REASON].encode()),
        ("dlq_topic", topics.findings.encode()),
        ("dlq_sequence", str(announcement.sequence).encode()),
    )
    return replace(event, topic=topics.dead_letters, headers=(*event.headers, *why))


def _records(transition: Transition, topics: Topics) -> tuple[Record, Record]:
    state = _state_record(state_key(transition.tracked), binary(transition), topics)
    return _on_log(transition, topics), state


def _on_log(transition: Transition, topics: Topics) -> Record:
    event = show_event(transition)
    repeated = tuple((f"ce_{name}", str(event[name]).encode()) for name in _REPEATED)
    return Record(
        topic=topics.findings,
        key=object_key(transition.tracked).encode(),
        value=to_json(event),
        headers=(("content-type", STRUCTURED.encode()), *repeated),
    )


def _state_record(key: str, event: BinaryEvent, topics: Topics) -> Record:
    return Record(topic=topics.state, key=key.encode(), value=event.value, headers=event.headers)


def _largest(records: tuple[Record, Record]) -> int:
    return max(record.size for record in records)


def _abridged(transition: Transition) -> Transition:
    return _with(transition, abridge(transition.tracked))


def _with(transition: Transition, tracked: TrackedFinding) -> Transition:
    return Transition(kind=transition.kind, tracked=tracked, at=transition.at)
