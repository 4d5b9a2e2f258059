"""The ledger, beyond what every store keeps."""

from __future__ import annotations

import asyncio
import stat
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from auditor.domain.evidence import DryRun, Evidence
from auditor.domain.finding import Category, State, TransitionKind
from auditor.domain.lifecycle import Flapping
from auditor.state.ledger import LedgerReader, LedgerSettings, SqliteLedger
from tests.builders import ref
from tests.contracts.store_contract import StoreContract
from tests.doubles import START
from tests.outcomes import clean, drifted

FLAPPING = Flapping(openings=2, window=timedelta(minutes=5), quiet=timedelta(minutes=5))


def file_in(folder: Path) -> Path:
    """Where the tests keep their ledger."""
    return folder / "state" / "ledger.db"


class TestSqlite(StoreContract):
    """The contract, on a file."""

    def opened(self, folder: Path) -> AbstractAsyncContextManager[SqliteLedger]:
        return SqliteLedger.open(file_in(folder))


def later(seconds: float) -> dict[str, datetime]:
    """``record(outcomes, **later(5))``."""
    return {"at": START + timedelta(seconds=seconds)}


async def test_calls_that_wait_together_are_all_recorded(tmp_path: Path) -> None:
    """Group commit mixes nothing up: everyone gets his own transitions."""
    names = [f"web-{number}" for number in range(200)]
    async with SqliteLedger.open(file_in(tmp_path)) as ledger, asyncio.TaskGroup() as group:
        calls = [group.create_task(ledger.record([drifted(name)], at=START)) for name in names]
        answers = [await call for call in calls]

    assert [answer[0].tracked.finding.ref.name for answer in answers] == names


async def test_a_cancelled_caller_loses_nothing(tmp_path: Path) -> None:
    """What is on disk is in memory too, whoever still waits for it."""
    async with SqliteLedger.open(file_in(tmp_path)) as ledger:
        async with asyncio.TaskGroup() as group:
            call = group.create_task(ledger.record([drifted()], at=START))
            await asyncio.sleep(0)
            call.cancel()
        await ledger.record([drifted("api")], at=START)

        assert len(ledger.open_findings()) == 2
        assert ledger.outbox.backlog().depth == 2


async def test_it_says_when_a_contested_finding_will_be_calm(tmp_path: Path) -> None:
    """Time alone will end it, so the object has to be looked at again."""
    settings = LedgerSettings(flapping=FLAPPING)
    async with SqliteLedger.open(file_in(tmp_path), settings) as ledger:
        await ledger.record([drifted()], **later(0))
        await ledger.record([clean()], **later(1))
        assert ledger.look_again(ref()) is None

        (contested,) = await ledger.record([drifted()], **later(2))
        await ledger.record([clean()], **later(3))

        assert contested.tracked.finding.category is Category.CONTESTED
        assert ledger.look_again(ref()) == START + timedelta(seconds=303)
        (transition,) = await ledger.record([clean()], **later(303))
        assert transition.kind is TransitionKind.RESOLVED
        assert ledger.look_again(ref()) is None


async def test_history_tells_every_step(tmp_path: Path) -> None:
    """With the ids that were announced."""
    async with SqliteLedger.open(file_in(tmp_path)) as ledger:
        steps = [
            *await ledger.record([drifted()], **later(0)),
            *await ledger.record([drifted(actual="web:2.0")], **later(1)),
            *await ledger.record([clean()], **later(2)),
        ]

        history = await ledger.history(steps[0].tracked.fingerprint)

    assert [each.transition for each in history] == steps
    assert [each.transition.id for each in history] == [step.id for step in steps]


async def test_findings_are_found_by_the_beginning_of_their_id(tmp_path: Path) -> None:
    """Resolved ones too; too short a beginning finds several."""
    async with SqliteLedger.open(file_in(tmp_path)) as ledger:
        await ledger.record([drifted("web"), drifted("api")], at=START)
        (resolved,) = await ledger.record([clean("web")], **later(1))
        fingerprint = resolved.tracked.fingerprint

        assert await ledger.find(fingerprint[:8]) == [resolved.tracked]
        assert await ledger.find(fingerprint) == [resolved.tracked]
        assert len(await ledger.find("")) == 2
        assert await ledger.find("no-such") == []


async def test_others_read_while_the_worker_writes(tmp_path: Path) -> None:
    """``auditor findings`` needs no lock and sees what is committed."""
    async with SqliteLedger.open(file_in(tmp_path)) as ledger:
        await ledger.record([drifted("web")], at=START)
        with LedgerReader(file_in(tmp_path)) as reader:
            assert reader.findings() == ledger.open_findings()
            await ledger.record([drifted("api")], at=START)
            assert len(reader.findings()) == 2
            assert reader.findings(State.RESOLVED) == []
            assert len(reader.findings(None)) == 2


async def test_a_ledger_can_be_read_without_a_worker(tmp_path: Path) -> None:
    """After the fact, too."""
    async with SqliteLedger.open(file_in(tmp_path)) as ledger:
        await ledger.record([drifted()], at=START)

    with LedgerReader(file_in(tmp_path)) as reader:
        assert len(reader.findings()) == 1


async def test_a_sighting_is_written_now_and_then(tmp_path: Path) -> None:
    """A busy object costs no disk sync per heartbeat, and memory is always up to date."""
    async with SqliteLedger.open(file_in(tmp_path)) as ledger:
        with LedgerReader(file_in(tmp_path)) as reader:
            await ledger.record([drifted()], **later(0))
            await ledger.record([drifted()], **later(59))
            assert ledger.open_findings()[0].last_seen == START + timedelta(seconds=59)
            assert reader.findings()[0].last_seen == START

            await ledger.record([drifted()], **later(60))
            assert reader.findings()[0].last_seen == START + timedelta(seconds=60)


async def test_only_the_owner_can_read_the_file(tmp_path: Path) -> None:
    """Findings quote configuration."""
    async with SqliteLedger.open(file_in(tmp_path)):
        assert stat.S_IMODE(file_in(tmp_path).stat().st_mode) == 0o600


async def test_nothing_is_recorded_after_the_end(tmp_path: Path) -> None:
    """Whoever comes too late is told so."""
    async with SqliteLedger.open(file_in(tmp_path)) as ledger:
        pass

    with pytest.raises(Exception, match="the ledger is closed"):
        await ledger.record([drifted()], at=START)


async def test_evidence_is_on_disk_at_once_and_no_news(tmp_path: Path) -> None:
    """Whoever reads the file sees it, and nobody is told."""
    known = Evidence(dry_run=DryRun.CONFIRMED, at=START)
    async with SqliteLedger.open(file_in(tmp_path)) as ledger:
        await ledger.record([drifted()], at=START)

        announced = await ledger.record([drifted(evidence=known)], **later(1))

    async with SqliteLedger.open(file_in(tmp_path)) as ledger:
        (tracked,) = ledger.open_findings()
    assert (list(announced), tracked.finding.evidence) == ([], known)
