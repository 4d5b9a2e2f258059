"""Tasks that break come back; cancelling ends them all."""

from __future__ import annotations

import asyncio
import random

import pytest
from prometheus_client import CollectorRegistry

from auditor.errors import ConfigError
from auditor.pipeline.supervisor import Supervisor
from auditor.telemetry.pipeline import PipelineEvents
from tests.doubles import FakeClock


def supervisor(clock: FakeClock) -> Supervisor:
    return Supervisor(clock, PipelineEvents(CollectorRegistry()), random.Random(1))


async def test_a_broken_task_starts_again_after_a_growing_pause(clock: FakeClock) -> None:
    """One failing source must not end the worker."""
    starts = 0

    async def breaks_twice() -> None:
        nonlocal starts
        starts += 1
        if starts < 3:
            raise RuntimeError("lost")

    async with asyncio.TaskGroup() as group:
        group.create_task(supervisor(clock).run({"cluster/prod": breaks_twice}))
        for _ in range(2):
            await clock.asleep()
            clock.advance(5)

    assert starts == 3
    assert clock.naps[1] > clock.naps[0]


async def test_a_wrong_configuration_ends_everything(clock: FakeClock) -> None:
    """Trying again would not help."""

    async def wrong() -> None:
        raise ConfigError("no such context")

    with pytest.raises(ExceptionGroup) as caught:
        await supervisor(clock).run({"cluster/prod": wrong})

    assert caught.group_contains(ConfigError)


async def test_cancelling_cancels_every_task(clock: FakeClock) -> None:
    """Nobody is left behind."""
    ended = []

    async def waits() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await supervisor(clock).run({"a": waits, "b": waits})

    assert ended == [True, True]
