"""Connections to the brokers that only ask: they live as long as the question."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient

from sinks.kafka.options import KafkaOptions


@asynccontextmanager
async def administering(options: KafkaOptions, client: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """Ask about topics and create them, all within the deadline."""
    admin = AIOKafkaAdminClient(**options.connection(client))
    try:
        async with asyncio.timeout(options.deadline.total_seconds()):
            await admin.start()
            yield admin
    finally:
        await admin.close()


@asynccontextmanager
async def reading(options: KafkaOptions, client: str) -> AsyncIterator[AIOKafkaConsumer]:
    """Read records outside of any consumer group."""
    consumer = AIOKafkaConsumer(
        **options.connection(client), enable_auto_commit=False, auto_offset_reset="earliest"
    )
    try:
        async with asyncio.timeout(options.deadline.total_seconds()):
            await consumer.start()
        yield consumer
    finally:
        await consumer.stop()
