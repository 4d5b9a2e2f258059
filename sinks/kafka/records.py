"""Announcements as records. Pure: the same announcement, the same bytes.

The log's headers repeat id, source and type beside the structured event, as the Kafka binding allows, so
that a reader can choose without decoding the value
(https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/kafka-protocol-binding.md, 3.3.3).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from pydantic_core import from_json

from auditor.domain.finding import Announcement, State, TrackedFinding, Transition, TransitionKind
from auditor.errors import DeliveryRejected
from auditor.wire.abridged import abridge
from auditor.wire.events import (
    STRUCTURED,
    BinaryEvent,
    attributes_of,
    binary,
    binary_from,
    object_key,
    state_key,
    structured_from,
)
from auditor.wire.finding import encode
from auditor.wire.model import to_json
from sinks.kafka.options import Topics

Attributes = dict[str, str]
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
    if (size := _largest(records)) <= limit:
        return records
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
    event: dict[str, Any] = from_json(value)
    data = event.pop("data")
    event.pop("datacontenttype")
    key = f"{data['cluster']}/{data['id']}"
    state = to_json(data) if data["state"] == State.OPEN else None
    return _state_record(key, binary_from({**event, "partitionkey": key}, state), topics)


def dead_letter(announcement: Announcement, reason: str, topics: Topics) -> Record:
    """What is left of a refused announcement: which finding, without its differences, and why."""
    transition = announcement.transition
    bare = replace(abridge(transition.tracked).finding, differences=(), remedies=())
    attributes = attributes_of(transition, key=object_key(transition.tracked))
    data = encode(replace(transition.tracked, finding=bare))
    event = _log_record(attributes, data, topics)
    why = (
        ("dlq_reason", reason[:_REASON].encode()),
        ("dlq_topic", topics.findings.encode()),
        ("dlq_sequence", str(announcement.sequence).encode()),
    )
    return replace(event, topic=topics.dead_letters, headers=(*event.headers, *why))


def _records(transition: Transition, topics: Topics) -> tuple[Record, Record]:
    tracked, data = transition.tracked, encode(transition.tracked)
    attributes = attributes_of(transition, key=object_key(tracked))
    state = binary(tracked, attributes, data)
    return _log_record(attributes, data, topics), _state_record(state_key(tracked), state, topics)


def _log_record(attributes: Attributes, data: bytes, topics: Topics) -> Record:
    repeated = tuple((f"ce_{name}", attributes[name].encode()) for name in _REPEATED)
    return Record(
        topic=topics.findings,
        key=attributes["partitionkey"].encode(),
        value=structured_from(attributes, data),
        headers=(("content-type", STRUCTURED.encode()), *repeated),
    )


def _state_record(key: str, event: BinaryEvent, topics: Topics) -> Record:
    return Record(topic=topics.state, key=key.encode(), value=event.value, headers=event.headers)


def _largest(records: tuple[Record, Record]) -> int:
    return max(record.size for record in records)


def _abridged(transition: Transition) -> Transition:
    return Transition(kind=transition.kind, tracked=abridge(transition.tracked), at=transition.at)
