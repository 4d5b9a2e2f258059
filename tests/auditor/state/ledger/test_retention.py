"""What the ledger forgets."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from auditor.domain.finding import State
from auditor.ports.delivery import Cursor
from auditor.state.ledger import LedgerReader, LedgerSettings, Retention, SqliteLedger
from tests.doubles import START
from tests.outcomes import clean, drifted

DAY = timedelta(days=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


async def live_through(ledger: SqliteLedger, name: str, at: datetime) -> None:
    """Let a finding open and resolve."""
    await ledger.record([drifted(name)], at=at)
    await ledger.record([clean(name)], at=at)


def names(path: Path, state: State) -> set[str]:
    """The objects whose findings are remembered."""
    with LedgerReader(path) as reader:
        return {tracked.finding.ref.name for tracked in reader.findings(state)}


async def test_old_resolved_findings_are_forgotten(path: Path) -> None:
    """With their history; younger ones stay."""
    settings = LedgerSettings(retention=Retention(resolved=30 * DAY))
    async with SqliteLedger.open(path, settings) as ledger:
        await ledger.outbox.subscribe(durable=[], passing=[])
        await live_through(ledger, "old", START)
        await live_through(ledger, "young", START + 20 * DAY)
        await ledger.record([clean()], at=START + 31 * DAY)
        await ledger.record([clean()], at=START + 32 * DAY)

        history = await ledger.history((await ledger.find(""))[0].fingerprint)
    assert names(path, State.RESOLVED) == {"young"}
    assert len(history) == 2


async def test_open_findings_are_never_forgotten(path: Path) -> None:
    """However old."""
    async with SqliteLedger.open(path) as ledger:
        await ledger.record([drifted()], at=START)
        await ledger.record([clean("other")], at=START + 1000 * DAY)

        assert len(ledger.open_findings()) == 1
    assert names(path, State.OPEN) == {"web"}


async def test_resolved_findings_are_bounded_in_number(path: Path) -> None:
    """The latest stay."""
    settings = LedgerSettings(retention=Retention(max_resolved=3))
    async with SqliteLedger.open(path, settings) as ledger:
        for number in range(6):
            await live_through(ledger, f"web-{number}", START + timedelta(hours=number))
        await ledger.record([clean()], at=START + DAY)

    assert names(path, State.RESOLVED) == {"web-3", "web-4", "web-5"}


async def test_what_is_not_announced_yet_is_not_forgotten(path: Path) -> None:
    """A sink that was down for longer than the retention still gets everything."""
    settings = LedgerSettings(retention=Retention(resolved=DAY))
    async with SqliteLedger.open(path, settings) as ledger:
        await ledger.outbox.subscribe(durable=["kafka"], passing=[])
        await live_through(ledger, "web", START)
        await ledger.record([clean()], at=START + 10 * DAY)
        with LedgerReader(path) as reader:
            assert len(reader.announcements(0, 10)) == 2

        await ledger.outbox.acknowledge("kafka", Cursor(sequence=2))
        await ledger.record([drifted("api")], at=START + 20 * DAY)
        await ledger.record([clean()], at=START + 30 * DAY)
        (history,) = [await ledger.history(each.fingerprint) for each in await ledger.find("")]

    assert [each.transition.tracked.finding.ref.name for each in history] == ["api"]
