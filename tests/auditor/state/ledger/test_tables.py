"""What can be wrong with the ledger's file, and what the user is told."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
from pathlib import Path

import pytest

from auditor.errors import ConfigError, StoreUnavailable
from auditor.state.ledger import LedgerReader, LedgerSettings, SqliteLedger
from auditor.state.ledger.tables import MIGRATIONS
from tests.doubles import START
from tests.outcomes import clean, drifted


def fill(path: Path, content: bytes) -> None:
    """Put something else where the ledger should be."""
    path.write_bytes(content)


async def opening(path: Path) -> None:
    """Open and close."""
    async with SqliteLedger.open(path):
        pass


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


async def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    """The message names file and remedy."""
    fill(path, b"these are not the bytes you are looking for" * 200)

    with pytest.raises(ConfigError, match=r"ledger\.db: the ledger is damaged .*move it away"):
        await opening(path)


async def test_a_damaged_ledger_is_refused(path: Path) -> None:
    """Half of it overwritten: noticed when it is opened, not when it is needed."""
    async with SqliteLedger.open(path) as ledger:
        await ledger.record([drifted(f"web-{number}") for number in range(200)], at=START)
    with path.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xa5" * 200_000)

    with pytest.raises(ConfigError, match=r"the ledger is damaged"):
        await opening(path)


async def test_another_programs_database_is_left_alone(path: Path) -> None:
    """Whatever it is, it is not ours to change."""
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE bookmarks (url TEXT)")
    other.close()

    with pytest.raises(
        ConfigError, match=r"another program's database; choose another store\.path"
    ):
        await opening(path)
    with pytest.raises(ConfigError, match="another program's database"):
        LedgerReader(path)


async def test_a_newer_auditors_ledger_is_left_alone(path: Path) -> None:
    """Going back to an older version must not destroy anything."""
    await opening(path)
    with sqlite3.connect(path) as newer:
        newer.execute(f"PRAGMA user_version={len(MIGRATIONS) + 1}")
    newer.close()

    with pytest.raises(ConfigError, match="a newer auditor wrote this ledger"):
        await opening(path)


async def test_a_folder_without_permission_is_named(tmp_path: Path) -> None:
    """As is what to do about it."""
    blocked = tmp_path / "file"
    fill(blocked, b"in the way")

    with pytest.raises(ConfigError, match=r"cannot write the ledger here .*set store\.path"):
        await opening(blocked / "ledger.db")


async def test_a_folder_in_place_of_the_file_is_named(tmp_path: Path) -> None:
    """A mistaken mount is a usual cause."""
    with pytest.raises(ConfigError, match=r"cannot write the ledger here"):
        await opening(tmp_path)


def test_reading_what_is_not_there_says_so(path: Path) -> None:
    """And makes nothing."""
    with pytest.raises(ConfigError, match="there is no ledger yet"):
        LedgerReader(path)
    assert not path.exists()


async def test_one_worker_holds_a_ledger(path: Path) -> None:
    """The second is told which process is the first."""
    async with SqliteLedger.open(path):
        with pytest.raises(ConfigError, match=rf"another auditor \(process {os.getpid()}\)"):
            await opening(path)
    await opening(path)


async def test_a_killed_worker_holds_nothing(path: Path) -> None:
    """The kernel lets go of its lock."""
    script = (
        "import asyncio, os, pathlib, signal, sys\n"
        "from auditor.state.ledger import SqliteLedger\n"
        "async def main():\n"
        "    async with SqliteLedger.open(pathlib.Path(sys.argv[1])):\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "asyncio.run(main())\n"
    )
    killed = await asyncio.create_subprocess_exec(sys.executable, "-c", script, str(path))

    assert await killed.wait() < 0
    await opening(path)


async def test_a_full_disk_loses_nothing(path: Path) -> None:
    """What was recorded stays, what was not can be recorded once there is room."""
    recorded = 0
    async with SqliteLedger.open(path, LedgerSettings(max_bytes=200_000)) as ledger:
        with pytest.raises(StoreUnavailable, match="no room to record"):  # noqa: PT012
            while True:
                await ledger.record([drifted(f"web-{recorded}")], at=START)
                recorded += 1
        assert len(ledger.open_findings()) == recorded
        assert ledger.outbox.backlog().depth == recorded

    async with SqliteLedger.open(path) as ledger:
        assert len(ledger.open_findings()) == recorded
        again = [drifted(f"web-{number}") for number in range(recorded + 1)]
        assert len(await ledger.record(again, at=START)) == 1


async def test_a_full_disk_still_answers(path: Path) -> None:
    """The index is in memory: looking at clean objects goes on."""
    async with SqliteLedger.open(path, LedgerSettings(max_bytes=200_000)) as ledger:
        with pytest.raises(StoreUnavailable):
            await ledger.record([drifted(f"web-{number}") for number in range(500)], at=START)

        assert ledger.open_findings() == []
        assert await ledger.record([clean()], at=START) == []
