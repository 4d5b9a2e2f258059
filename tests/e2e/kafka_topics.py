"""Topics of one test on the shared broker, and what kcat reads from them.

A consumer of another make, in another language: what it understands, others will.
"""

from __future__ import annotations

import json
import subprocess
import uuid
from dataclasses import dataclass
from typing import Any

from sinks.kafka import KafkaOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One record as kcat saw it."""

    key: str
    headers: dict[str, str]
    value: str | None

    @property
    def event(self) -> dict[str, Any]:
        """The value as JSON."""
        decoded: dict[str, Any] = json.loads(self.value or "null")
        return decoded


def own_topics(bootstrap: str, **more: Any) -> KafkaOptions:
    """Options with topics that nobody else uses, and a deadline that a test can wait for."""
    mark = uuid.uuid4().hex[:8]
    topics = {
        "findings": f"log-{mark}",
        "state": f"state-{mark}",
        "deadLetters": f"dlq-{mark}",
        **more.pop("topics", {}),
    }
    given = {"bootstrap": [bootstrap], "topics": topics, "deadline": "5s"}
    return KafkaOptions.model_validate(given | more)


def read(bootstrap: str, topic: str) -> list[Read]:
    """Every record of a topic, each partition in its order."""
    command = ["kcat", "-b", bootstrap, "-C", "-t", topic, "-o", "beginning", "-e", "-q", "-J"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return [_read(json.loads(line)) for line in lines.stdout.splitlines()]


def state(bootstrap: str, topic: str) -> dict[str, Read]:
    """What the state topic comes to: the last record of each key, tombstones taken out."""
    last = {record.key: record for record in read(bootstrap, topic)}
    return {key: record for key, record in last.items() if record.value is not None}


def _read(record: dict[str, Any]) -> Read:
    flat = record.get("headers", [])
    headers = dict(zip(flat[::2], flat[1::2], strict=True))
    return Read(key=record["key"], headers=headers, value=record["payload"])
