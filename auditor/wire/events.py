"""Transitions as CloudEvents 1.0.

The log carries the *structured* form: one self-contained JSON value. The state topic carries the *binary*
one, because only there is a record without data the tombstone that compaction needs
(https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/kafka-protocol-binding.md, 3.2.2).
``time`` is when the drift was written, where that is known, and ``recordedtime`` when it was recorded, so
the envelope alone says how long detection took. It refuses to invent types: there is one per transition.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, Literal
from urllib.parse import quote

import orjson
from pydantic import BaseModel, ConfigDict, Field

from auditor.domain.finding import State, TrackedFinding, Transition, TransitionKind
from auditor.wire.finding import FindingDocument, encode
from auditor.wire.model import Time, in_utc, to_json

SCHEMAS: Final = "https://driftauditor.io/schemas"
STRUCTURED: Final = "application/cloudevents+json; charset=UTF-8"
"""The content type of a structured event."""
_PREFIX: Final = "io.driftauditor.finding"
_JSON: Final = "application/json"
_BEGINNINGS: Final = {TransitionKind.OPENED, TransitionKind.REOPENED}


class FindingEvent(BaseModel):
    """A transition of a finding; attribute names are those of CloudEvents."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: Literal["1.0"] = "1.0"
    id: Annotated[str, Field(description="The same step always has the same id.")]
    source: Annotated[str, Field(examples=["/clusters/prod"])]
    type: Annotated[str, Field(examples=[f"{_PREFIX}.opened.v1"])]
    subject: Annotated[str, Field(examples=["apps/Deployment/shop/web"])]
    time: Annotated[Time, Field(description="When the drift was written, if known.")]
    recordedtime: Annotated[Time, Field(description="When the transition was recorded.")]
    partitionkey: Annotated[str, Field(examples=["prod/apps/Deployment/shop/web"])]
    dataschema: str
    correlationid: Annotated[str, Field(description="The finding's id.")]
    datacontenttype: Literal["application/json"] = _JSON
    data: FindingDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class BinaryEvent:
    """Headers beside a value; the value is None where the finding is open no more."""

    headers: tuple[tuple[str, bytes], ...]
    value: bytes | None


def object_key(tracked: TrackedFinding) -> str:
    """What keeps the transitions of one object in order."""
    return tracked.finding.ref.key


def state_key(tracked: TrackedFinding) -> str:
    """What the state topic is compacted by: an object may have several findings."""
    return f"{tracked.finding.ref.cluster}/{tracked.fingerprint}"


def structured(transition: Transition) -> bytes:
    """Write a transition as one JSON value."""
    attributes = attributes_of(transition, key=object_key(transition.tracked))
    return structured_from(attributes, encode(transition.tracked))


def structured_from(attributes: dict[str, str], data: bytes) -> bytes:
    """Put attributes and a finding that is JSON already into one JSON value."""
    return to_json({**attributes, "datacontenttype": _JSON, "data": orjson.Fragment(data)})


def binary(tracked: TrackedFinding, attributes: dict[str, str], data: bytes) -> BinaryEvent:
    """Write the state of a finding, given what its transition is called and the finding as JSON."""
    value = data if tracked.state is State.OPEN else None
    return binary_from({**attributes, "partitionkey": state_key(tracked)}, value)


def binary_from(attributes: dict[str, str], value: bytes | None) -> BinaryEvent:
    """Put attributes into headers; without a value there is no content type either."""
    headers = [(f"ce_{name}", text.encode()) for name, text in attributes.items()]
    content_type = [("content-type", _JSON.encode())] if value is not None else []
    return BinaryEvent(headers=(*content_type, *headers), value=value)


def header_names() -> tuple[str, ...]:
    """The headers that every binary event has."""
    outside = {"data", "datacontenttype"}
    return tuple(f"ce_{name}" for name in FindingEvent.model_fields if name not in outside)


def source_of(cluster: str) -> str:
    """The CloudEvents source of one cluster's events; a URI reference."""
    return f"/clusters/{quote(cluster, safe=':@')}"


def attributes_of(transition: Transition, *, key: str) -> dict[str, str]:
    """The CloudEvents attributes of a transition, on a topic where its record has this key."""
    finding = transition.tracked.finding
    return {
        "specversion": "1.0",
        "id": transition.id,
        "source": source_of(finding.ref.cluster),
        "type": f"{_PREFIX}.{transition.kind}.v1",
        "subject": str(finding.ref),
        "time": _stamp(_when(transition)),
        "recordedtime": _stamp(transition.at),
        "partitionkey": key,
        "dataschema": f"{SCHEMAS}/{FindingDocument.SCHEMA}.json",
        "correlationid": transition.tracked.fingerprint,
    }


def _when(transition: Transition) -> datetime:
    began = transition.tracked.finding.began
    if began is None or transition.kind not in _BEGINNINGS:
        return transition.at
    return min(began, transition.at)


def _stamp(time: datetime) -> str:
    return in_utc(time).isoformat().replace("+00:00", "Z")
