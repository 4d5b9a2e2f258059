"""What the log topic has already, from a position on.

A position is the next offset of every partition of the log topic, as JSON. Only records from the given
sources count: others may write to the same topic. It refuses to commit anything: it is no consumer group.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

_POLL_MS: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """The next offset of each partition; a partition that is not named begins at 0."""

    topic: str
    offsets: Mapping[int, int]

    def __str__(self) -> str:
        """Print it as it is stored."""
        offsets = {str(partition): offset for partition, offset in self.offsets.items()}
        return orjson.dumps({"topic": self.topic, "offsets": offsets}).decode()

    @classmethod
    def parse(cls, text: str | None, topic: str) -> Position | None:
        """Read a stored position; None if there is none, or if it is about another topic."""
        stored: dict[str, Any] = orjson.loads(text) if text else {}
        if stored.get("topic") != topic:
            return None
        offsets = {int(partition): offset for partition, offset in stored["offsets"].items()}
        return cls(topic=topic, offsets=offsets)


@dataclass(frozen=True, slots=True)
class Span:
    """From one position to another."""

    start: Position
    end: Position


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A transition that the log has."""

    id: str
    value: bytes


async def ends(consumer: AIOKafkaConsumer, topic: str, numbers: Iterable[int]) -> Position:
    """Where the given partitions of the log end now."""
    partitions = [TopicPartition(topic, number) for number in sorted(numbers)]
    offsets = await consumer.end_offsets(partitions)
    return Position(
        topic=topic, offsets={partition.partition: end for partition, end in offsets.items()}
    )


async def read_back(
    consumer: AIOKafkaConsumer, span: Span, sources: Collection[str], patience: float
) -> list[Found]:
    """Read what lies in a span, in the order of each partition, however long it takes.

    Raises:
        TimeoutError: nothing came for so many seconds.

    """
    loop, found = asyncio.get_running_loop(), list[Found]()
    wanted = _begin(consumer, span)
    async with asyncio.timeout(patience) as deadline:
        while wanted:
            if records := await _poll(consumer, wanted):
                deadline.reschedule(loop.time() + patience)
                found += [_found(record) for record in records if _source(record) in sources]
            wanted = await _unfinished(consumer, wanted)
    return found


def _begin(consumer: AIOKafkaConsumer, span: Span) -> dict[TopicPartition, int]:
    start, end = span.start.offsets, span.end
    wanted = {
        TopicPartition(end.topic, number): offset
        for number, offset in end.offsets.items()
        if start.get(number, 0) < offset
    }
    consumer.assign(list(wanted))
    for partition in wanted:
        consumer.seek(partition, start.get(partition.partition, 0))
    return wanted


def _source(record: Any) -> str:
    value: bytes = dict(record.headers).get("ce_source", b"")
    return value.decode(errors="replace")


def _found(record: Any) -> Found:
    return Found(id=dict(record.headers)["ce_id"].decode(), value=record.value)


async def _poll(consumer: AIOKafkaConsumer, wanted: Mapping[TopicPartition, int]) -> list[Any]:
    polled = await consumer.getmany(*wanted, timeout_ms=_POLL_MS)
    return [
        record
        for partition, records in polled.items()
        for record in records
        if record.offset < wanted[partition]
    ]


async def _unfinished(
    consumer: AIOKafkaConsumer, wanted: Mapping[TopicPartition, int]
) -> dict[TopicPartition, int]:
    return {
        partition: end
        for partition, end in wanted.items()
        if await consumer.position(partition) < end
    }
