"""The contract of a sink, kept with Kafka."""

from __future__ import annotations

from collections.abc import Sequence

from aiokafka.structs import RecordMetadata

from auditor.domain.finding import Announcement
from auditor.errors import DeliveryRejected, SinkUnavailable
from auditor.ports.delivery import Resume, SinkContext
from auditor.wire.events import source_of
from sinks.kafka.clients import administering, reading
from sinks.kafka.failures import translated
from sinks.kafka.options import KafkaOptions
from sinks.kafka.producer import TOO_LARGE, Producer
from sinks.kafka.readback import Position, Span, ends, read_back
from sinks.kafka.records import Record, dead_letter, records_of, state_from_log, state_of
from sinks.kafka.topics import prepare


class KafkaSink:
    """Publishes to the log topic and to the state topic."""

    Options = KafkaOptions
    durable = True

    def __init__(self, options: KafkaOptions, context: SinkContext) -> None:
        self._options = options
        self._client = f"drift-auditor-{context.name}"
        self._sources = frozenset(source_of(cluster) for cluster in context.clusters)
        self._producer: Producer | None = None
        self._offsets: dict[int, int] = {}
        self._limit = options.max_record

    async def open(self, resume: Resume) -> frozenset[str]:
        """Connect, see that the topics are there, and read back what they have already."""
        await self.close()
        async with translated("connecting", self._options):
            async with administering(self._options, self._client) as admin:
                self._limit = await prepare(admin, self._options)
            self._producer = Producer(self._options, self._client, self._limit)
            await self._producer.start()
        async with translated("reading back the log", self._options):
            return await self._catch_up(self._producer, resume)

    async def publish(self, batch: Sequence[Announcement]) -> str | None:
        """Send to both topics, and return where the log ends as far as this sink wrote it."""
        if self._producer is None:
            raise SinkUnavailable(f"Kafka ({self._options.servers}): not connected")
        pairs = [records_of(each, self._options.topics, self._limit) for each in batch]
        async with translated("publishing", self._options):
            try:
                landed = await self._producer.send([record for pair in pairs for record in pair])
            except TOO_LARGE as error:
                raise _refusal(batch, pairs) from error
        self._note(landed)
        return str(Position(topic=self._options.topics.findings, offsets=self._offsets))

    async def bury(self, announcement: Announcement, reason: str) -> None:
        """Put a refused announcement onto the dead-letter topic."""
        if self._producer is None:
            raise SinkUnavailable(f"Kafka ({self._options.servers}): not connected")
        async with translated("writing a dead letter", self._options):
            letter = dead_letter(announcement, reason, self._options.topics)
            await self._producer.send([letter])

    async def close(self) -> None:
        """Let go of the brokers."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.close()

    def _note(self, landed: Sequence[RecordMetadata]) -> None:
        for record in landed:
            if record.topic == self._options.topics.findings:
                known = self._offsets.get(record.partition, 0)
                self._offsets[record.partition] = max(known, record.offset + 1)

    async def _catch_up(self, producer: Producer, resume: Resume) -> frozenset[str]:
        """Learn what the log has, and repeat its state: a crash may have come between the two."""
        topics = self._options.topics
        start = Position.parse(resume.position, topics.findings)
        numbers = await producer.partitions(topics.findings)
        async with reading(self._options, self._client) as consumer:
            end = await ends(consumer, topics.findings, numbers)
            self._offsets = dict(end.offsets)
            if start is None:
                await producer.send_all(state_of(each, topics, self._limit) for each in resume.open)
                return frozenset()
            patience = self._options.deadline.total_seconds()
            found = await read_back(consumer, Span(start, end), self._sources, patience)
        await producer.send_all(state_from_log(each.value, topics) for each in found)
        return frozenset(each.id for each in found)


def _refusal(
    batch: Sequence[Announcement], pairs: Sequence[tuple[Record, Record]]
) -> DeliveryRejected:
    """Blame the largest: the broker says only that one of them was too large for it."""
    sizes = [max(record.size for record in pair) for pair in pairs]
    size = max(sizes)
    blamed = batch[sizes.index(size)]
    reason = (
        f"the broker does not take a record of {size} bytes; raise the topic's max.message.bytes"
    )
    return DeliveryRejected(reason, announcement_id=blamed.transition.id)
