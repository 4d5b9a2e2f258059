"""One connection to the brokers that writes, from start to end.

aiokafka's idempotent producer retries for ever, so every wait here has a deadline, and a producer that
missed one is thrown away: it must not deliver later what has been sent anew. The order in a partition is
kept because only one batch of it is under way at a time
(https://aiokafka.readthedocs.io/en/stable/producer.html#idempotent-produce).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, RecordListTooLargeError
from aiokafka.structs import RecordMetadata

from sinks.kafka.options import KafkaOptions
from sinks.kafka.records import Record

_BATCH: Final = 256 * 1024
_BUFFER: Final = 16_384
"""Bytes of envelope that the largest record gets besides."""
_CHUNK: Final = 500
_PARTING: Final = 2.0
"""Seconds that an abandoned producer gets to end what it is doing."""

TOO_LARGE: Final = (MessageSizeTooLargeError, RecordListTooLargeError)
"""What a broker says to a record that it will never take."""


class Producer:
    """Sends records and waits until all in-sync replicas have them."""

    def __init__(self, options: KafkaOptions, client: str, limit: int) -> None:
        self._deadline = options.deadline.total_seconds()
        self._unanswered: set[asyncio.Future[RecordMetadata]] = set()
        self._kafka = AIOKafkaProducer(
            **options.connection(client),
            acks="all",
            enable_idempotence=True,
            linger_ms=round(options.linger.total_seconds() * 1000),
            compression_type=None if options.compression == "none" else options.compression,
            max_batch_size=min(_BATCH, limit),
            max_request_size=limit + _BUFFER,
        )

    async def start(self) -> None:
        """Connect.

        Raises:
            TimeoutError: not within the deadline.
            KafkaError: the brokers cannot be reached, or refuse.

        """
        async with asyncio.timeout(self._deadline):
            await self._kafka.start()

    async def send(self, records: Sequence[Record]) -> list[RecordMetadata]:
        """Send in order; return where each landed.

        Raises:
            TimeoutError: not all were acknowledged within the deadline.
            KafkaError: the first error among them.

        """
        async with asyncio.timeout(self._deadline):
            sent = [await self._enqueue(record) for record in records]
            if sent:
                await asyncio.wait(sent)
        return [future.result() for future in sent]

    async def send_all(self, records: Iterable[Record]) -> None:
        """Send any number of records, some at a time; raises as `send` does."""
        rest = iter(records)
        while some := list(islice(rest, _CHUNK)):
            await self.send(some)

    async def partitions(self, topic: str) -> set[int]:
        """The numbers of a topic's partitions.

        Raises:
            TimeoutError: not within the deadline.
            KafkaError: the brokers do not know the topic.

        """
        async with asyncio.timeout(self._deadline):
            numbers: set[int] = await self._kafka.partitions_for(topic)
        return numbers

    async def close(self) -> None:
        """End; what was not acknowledged is not delivered any more, as far as that can be known."""
        if self._unanswered:
            await self._abandon()
        else:
            await self._kafka.stop()

    async def _enqueue(self, record: Record) -> asyncio.Future[RecordMetadata]:
        future: asyncio.Future[RecordMetadata] = await self._kafka.send(
            record.topic, record.value, key=record.key, headers=list(record.headers)
        )
        self._unanswered.add(future)
        future.add_done_callback(self._answered)
        return future

    def _answered(self, future: asyncio.Future[Any]) -> None:
        self._unanswered.discard(future)
        if not future.cancelled():
            future.exception()  # seen, whether or not anybody waits for it any more

    async def _abandon(self) -> None:
        """Stop without the flush that `AIOKafkaProducer.stop` waits for, which may never come.

        There is no public way: issue aio-libs/aiokafka#659.
        """
        producer = self._kafka
        producer._closed = True  # noqa: SLF001
        with suppress(TimeoutError, KafkaError):
            async with asyncio.timeout(_PARTING):
                await producer._sender.close()  # noqa: SLF001
        await producer.client.close()
