"""Group commit."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from auditor.errors import ConfigError, StoreUnavailable
from auditor.state.ledger.writer import Writer


class World:
    """A writer on a table of numbers; `settled` tells how its transactions ended."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.connection.execute("CREATE TABLE numbers (number INTEGER UNIQUE)")
        self.settled: list[bool] = []
        self.told: list[int] = []
        self.writer = Writer(self.connection, path, self.settled.append)

    async def add(self, number: int) -> int:
        """Insert a number."""

        def insert(connection: sqlite3.Connection) -> int:
            connection.execute("INSERT INTO numbers VALUES (?)", (number,))
            return number

        return await self.writer.submit(insert, self.told.append)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path / "numbers.db")
    yield made
    await made.writer.close()


async def test_jobs_run_in_order(world: World) -> None:
    """One after the other, each with its own answer."""
    async with asyncio.TaskGroup() as group:
        calls = [group.create_task(world.add(number)) for number in range(300)]

    assert [call.result() for call in calls] == list(range(300))
    assert world.told == list(range(300))


async def test_what_waits_shares_a_transaction(world: World) -> None:
    """Three hundred jobs, a few syncs."""
    async with asyncio.TaskGroup() as group:
        for number in range(300):
            group.create_task(world.add(number))

    assert world.settled == [True] * len(world.settled)
    assert len(world.settled) < 10


async def test_a_failure_leaves_nothing(world: World) -> None:
    """Neither of the job nor of those that shared its transaction; later ones succeed."""
    await world.add(1)
    async with asyncio.TaskGroup() as group:
        calls = [group.create_task(failing(world, number)) for number in (5, 6, 1)]
    await world.add(7)

    told = {call.result() for call in calls}
    assert told <= {"5", "6", "cannot record now"}
    assert False in world.settled
    rows = world.connection.execute("SELECT number FROM numbers ORDER BY 1").fetchall()
    assert {number for (number,) in rows} == set(world.told)


async def failing(world: World, number: int) -> str:
    """Add a number, and tell how that went."""
    try:
        return str(await world.add(number))
    except StoreUnavailable:
        return "cannot record now"


async def test_a_bug_in_a_job_is_its_callers(world: World) -> None:
    """It is no trouble of the disk, and the writer goes on."""

    def broken(_: sqlite3.Connection) -> int:
        raise KeyError("a bug")

    with pytest.raises(KeyError):
        await world.writer.submit(broken, world.told.append)
    assert await world.add(1) == 1


async def test_a_damaged_file_is_no_passing_trouble(world: World) -> None:
    """Trying again would not help."""

    def damaged(_: sqlite3.Connection) -> int:
        error = sqlite3.DatabaseError("database disk image is malformed")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error

    with pytest.raises(ConfigError, match="the ledger is damaged"):
        await world.writer.submit(damaged, world.told.append)


async def test_closing_finishes_what_waits(world: World) -> None:
    """And nothing can be submitted any more."""
    async with asyncio.TaskGroup() as group:
        calls = [group.create_task(world.add(number)) for number in range(100)]
        await asyncio.sleep(0)
        await world.writer.close()

    assert all(call.result() == number for number, call in enumerate(calls))
    with pytest.raises(StoreUnavailable, match="the ledger is closed"):
        await world.add(100)
