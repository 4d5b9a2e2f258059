"""The topics of the stream: names, keys, and the settings they are created with.

Why these settings: the log keeps two weeks, long enough for a consumer that was away over a holiday; the
state topic keeps tombstones for a week, so that a reader starting from its beginning has that long to see
them, and is compacted at least daily. It refuses to know a broker.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

_HOUR: Final = 3_600_000
_DAY: Final = 24 * _HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic. ``key`` says in words what its records are keyed by; ``settings`` are Kafka's own."""

    name: str
    title: str
    key: str
    partitions: int
    settings: Mapping[str, str] = field(default_factory=dict)


LOG: Final = Topic(
    name="drift.findings.v1",
    title="Every transition of every finding; CloudEvents 1.0, structured JSON.",
    key="cluster/group/Kind/namespace/name",
    partitions=6,
    settings={"cleanup.policy": "delete", "retention.ms": str(14 * _DAY)},
)
STATE: Final = Topic(
    name="drift.findings.state.v1",
    title="The open findings; CloudEvents 1.0, binary. No value: the finding is open no more.",
    key="cluster/fingerprint",
    partitions=6,
    settings={
        "cleanup.policy": "compact",
        "delete.retention.ms": str(7 * _DAY),
        "min.compaction.lag.ms": "60000",
        "max.compaction.lag.ms": str(_DAY),
        "segment.ms": str(_HOUR),
    },
)
DEAD_LETTERS: Final = Topic(
    name="drift.dlq.v1",
    title="What could not be published, with the reason in the headers.",
    key="the original key",
    partitions=1,
    settings={"cleanup.policy": "delete", "retention.ms": str(30 * _DAY)},
)
