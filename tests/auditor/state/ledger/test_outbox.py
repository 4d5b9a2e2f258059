"""The outbox, beyond what every store keeps."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from auditor.ports.delivery import Cursor
from auditor.state.ledger import LedgerReader, LedgerSettings, SqliteLedger
from tests.doubles import START
from tests.outcomes import clean, drifted


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


async def flip(ledger: SqliteLedger, times: int, name: str = "web") -> None:
    """Open and resolve one finding, over and over, far apart."""
    for number in range(times):
        at = START + timedelta(hours=number)
        await ledger.record([clean(name) if number % 2 else drifted(name)], at=at)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what happens a moment later."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - nothing signals it
            await asyncio.sleep(0.01)


async def test_a_crowded_outbox_keeps_the_last_of_each(path: Path) -> None:
    """Steps are skipped and counted; the stream still ends in the right state."""
    async with SqliteLedger.open(path, LedgerSettings(max_outbox=10)) as ledger:
        await ledger.record([drifted("api")], at=START)
        await flip(ledger, 10)

        waiting = await ledger.outbox.after(0, limit=100)
        assert ledger.outbox.backlog().depth == 2
        assert ledger.outbox.backlog().coalesced == 9
        with LedgerReader(path) as reader:
            left = reader.announcements(0, 100)
    assert [each.sequence for each in left] == [1, 11]
    assert waiting[-1] == left[-1]


async def test_history_keeps_what_the_outbox_skips(path: Path) -> None:
    """Only the announcement is left out."""
    async with SqliteLedger.open(path, LedgerSettings(max_outbox=5)) as ledger:
        await flip(ledger, 10)
        (fingerprint,) = {each.fingerprint for each in await ledger.find("")}

        assert len(await ledger.history(fingerprint)) == 10


async def test_many_different_findings_may_exceed_the_bound(path: Path) -> None:
    """Nothing is dropped for good, and the search for what could be is not repeated in vain."""
    async with SqliteLedger.open(path, LedgerSettings(max_outbox=5)) as ledger:
        for number in range(20):
            await ledger.record([drifted(f"web-{number}")], at=START)

        assert ledger.outbox.backlog().depth == 20


async def test_who_fell_behind_reads_from_the_file(path: Path) -> None:
    """Further back than memory reaches, without a gap."""
    async with SqliteLedger.open(path) as ledger:
        await ledger.record([drifted(f"web-{number}") for number in range(1500)], at=START)
        await ledger.record([drifted(f"api-{number}") for number in range(1500)], at=START)

        sequences, last = [], 0
        while some := await ledger.outbox.after(last, limit=400):
            sequences += [each.sequence for each in some]
            last = sequences[-1]
    assert sequences == list(range(1, 3001))


async def test_file_and_memory_tell_the_same(path: Path) -> None:
    """An announcement does not depend on where it is read."""
    async with SqliteLedger.open(path) as ledger:
        await flip(ledger, 5)
        from_memory = await ledger.outbox.after(0, limit=10)
        with LedgerReader(path) as reader:
            assert reader.announcements(0, 10) == from_memory


async def test_cursors_are_written_a_moment_later(path: Path) -> None:
    """Without new findings to ride along with."""
    async with SqliteLedger.open(path) as ledger:
        await ledger.outbox.subscribe(durable=["kafka"], passing=[])
        await ledger.record([drifted()], at=START)
        await ledger.outbox.acknowledge("kafka", Cursor(sequence=1, position="p"))

        await until(lambda: ledger.outbox.backlog().depth == 0)
        assert ledger.outbox.backlog().oldest is None


async def test_cursors_ride_along_with_new_findings(path: Path) -> None:
    """One transaction for both."""
    async with SqliteLedger.open(path) as ledger:
        await ledger.outbox.subscribe(durable=["kafka"], passing=[])
        await ledger.record([drifted("web")], at=START)
        await ledger.outbox.acknowledge("kafka", Cursor(sequence=1))
        await ledger.record([drifted("api")], at=START)

        assert ledger.outbox.backlog().depth == 1


async def test_refused_announcements_are_kept(path: Path) -> None:
    """With the sink, the reason, and the finding."""
    async with SqliteLedger.open(path) as ledger:
        await ledger.record([drifted()], at=START)
        (announcement,) = await ledger.outbox.after(0, limit=1)
        await ledger.outbox.bury("kafka", announcement, "too large")

    with LedgerReader(path) as reader:
        (letter,) = reader.dead_letters()
    assert (letter.sink, letter.reason) == ("kafka", "too large")
    assert letter.transition_id == announcement.transition.id
    assert letter.tracked == announcement.transition.tracked
