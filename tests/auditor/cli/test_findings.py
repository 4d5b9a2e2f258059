"""What was found is printed alike, whether a worker or its ledger is asked."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from auditor.cli.frame import run
from auditor.domain.finding import Finding, Outcome, Severity, Verdict
from auditor.state.ledger.ledger import SqliteLedger
from tests.auditor.http.world import World
from tests.builders import ref
from tests.doubles import START
from tests.findings import HIDDEN, announcement, tracked

Captured = pytest.CaptureFixture[str]


def _finding(name: str, severity: Severity) -> Finding:
    return tracked(name, severity=severity).finding


async def _filled(path: Path) -> None:
    """A ledger with two open findings and one that was resolved."""
    names = {"web": Severity.LOW, "api": Severity.CRITICAL, "old": Severity.HIGH}
    drifted = [
        Outcome(ref=ref(name=name), verdict=Verdict.DRIFTED, findings=(_finding(name, severity),))
        for name, severity in names.items()
    ]
    async with SqliteLedger.open(path) as ledger:
        await ledger.record(drifted, at=START)
        clean = Outcome(ref=ref(name="old"), verdict=Verdict.IN_SYNC)
        await ledger.record([clean], at=START + timedelta(minutes=1))


@asynccontextmanager
async def _server(world: World) -> AsyncIterator[str]:
    async with world.serving():
        yield world.address


@pytest.fixture
async def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.db"
    await _filled(path)
    return path


async def _run(*arguments: str) -> int:
    """Commands have an event loop of their own."""
    return await asyncio.to_thread(run, ["findings", *arguments])


def _names(text: str) -> list[str]:
    return [finding["object"]["name"] for finding in json.loads(text)["findings"]]


async def test_a_ledger_is_listed_worst_first(ledger: Path, capsys: Captured) -> None:
    """Open findings are drift."""
    assert await _run("--ledger", str(ledger), "-o", "json") == 1
    assert _names(capsys.readouterr().out) == ["api", "web"]


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        (["--severity", "critical"], ["api"]),
        (["--severity", "critical", "--severity", "low"], ["api", "web"]),
        (["--name", "web", "--severity", "critical"], []),
        (["--state", "resolved"], ["old"]),
        (["--namespace", "elsewhere"], []),
        (["--check", "K8S-002", "--category", "changed", "--kind", "Deployment"], ["api", "web"]),
    ],
)
async def test_filters_narrow_the_list(
    filters: list[str], names: list[str], ledger: Path, capsys: Captured
) -> None:
    """Each must fit; one of its values is enough."""
    await _run("list", "--ledger", str(ledger), "-o", "json", *filters)

    assert _names(capsys.readouterr().out) == names


async def test_a_list_without_open_findings_is_no_drift(ledger: Path) -> None:
    """So that scripts can ask for the critical ones only."""
    assert await _run("--ledger", str(ledger), "--name", "nobody") == 0
    assert await _run("--ledger", str(ledger), "--exit-zero") == 0


async def test_the_ledger_of_the_configuration_is_the_default(
    folder: Path, capsys: Captured
) -> None:
    """Where neither a ledger nor a server is named."""
    await _filled(folder / "ledger.db")

    assert await _run("-o", "json") == 1
    assert _names(capsys.readouterr().out) == ["api", "web"]


async def test_one_finding_is_shown_with_its_history(ledger: Path, capsys: Captured) -> None:
    """The beginning of its id is enough."""
    fingerprint = tracked("old").fingerprint

    assert await _run("show", fingerprint[:10], "--ledger", str(ledger)) == 0
    text = capsys.readouterr().out
    assert f"id {fingerprint}" in text
    assert "2026-01-02 03:04:05Z  opened" in text
    assert "2026-01-02 03:05:05Z  resolved" in text


async def test_an_id_that_means_nothing_is_trouble(ledger: Path, capsys: Captured) -> None:
    """In the same words from a ledger and from a worker."""
    assert await _run("show", "nothing", "--ledger", str(ledger)) == 2
    from_ledger = capsys.readouterr().err
    async with _server(World()) as url:
        assert await _run("show", "nothing", "--server", url) == 2

    assert capsys.readouterr().err == from_ledger == "error: there is no finding of this id\n"


async def test_a_worker_is_asked_as_its_ledger_is(capsys: Captured) -> None:
    """With the same filters, and the verdicts' counts besides."""
    world = World()
    world.known.tracked = [
        tracked("web", severity=Severity.LOW),
        tracked("api", severity=Severity.CRITICAL),
    ]
    world.known.standings = [(ref(name="web"), Verdict.DRIFTED, None)]
    async with _server(world) as url:
        assert await _run("--server", url, "-o", "json") == 1
        everything = capsys.readouterr().out
        await _run("--server", url, "-o", "json", "--severity", "low")
        narrowed = capsys.readouterr().out

    assert _names(everything) == ["api", "web"]
    assert json.loads(everything)["summary"]["drifted"] == 1
    assert _names(narrowed) == ["web"]


async def test_what_rules_hide_is_listed(capsys: Captured) -> None:
    """With the filters that it can have; what is hidden is no drift."""
    world = World()
    world.known.hidden = [(ref(name="web"), HIDDEN), (ref(name="api"), HIDDEN)]
    listing = ("list", "--suppressed", "--name", "web")
    async with _server(world) as url:
        assert await _run(*listing, "--server", url) == 0
        told = capsys.readouterr().out
        assert await _run(*listing, "--server", url, "-o", "json") == 0
        document = json.loads(capsys.readouterr().out)

    assert "apps/Deployment/shop/web on prod" in told
    assert "apps/Deployment/shop/api" not in told
    (hidden,) = document["suppressed"]
    assert (hidden["rule"], hidden["reason"]) == ("hpa", "scaled by hand at night")
    assert hidden["difference"]["path"] == "spec.replicas"


async def test_a_worker_that_is_not_ready_is_trouble(capsys: Captured) -> None:
    """No findings would look like no drift."""
    world = World()
    world.known.waits_for = {"cluster/prod": "3 kinds not_synced"}
    async with _server(world) as url:
        assert await _run("--server", url) == 2

    assert "not audited: cluster/prod: 3 kinds not_synced" in capsys.readouterr().out


async def test_a_worker_shows_the_history_as_its_ledger_does(capsys: Captured) -> None:
    """Step by step."""
    world = World()
    world.known.tracked = [tracked("web")]
    async with _server(world) as url:
        fingerprint = world.known.tracked[0].fingerprint
        assert await _run("show", fingerprint, "--server", url, "-o", "json") == 0

    document = json.loads(capsys.readouterr().out)
    assert document["id"] == fingerprint
    assert document["history"] == [{"transition": "opened", "at": "2026-01-02T03:04:05+00:00"}]


async def test_a_server_that_is_no_auditor_is_named(capsys: Captured) -> None:
    """Somebody mixed up two ports."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert await _run("--server", f"http://127.0.0.1:{port}") == 2

    assert "answered 500; is an auditor there?" in capsys.readouterr().err


async def test_nobody_at_the_address_is_trouble(capsys: Captured) -> None:
    """The message says what to look at."""
    assert await _run("--server", "http://127.0.0.1:1") == 2
    assert "no auditor answers at http://127.0.0.1:1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--server", "http://x", "--ledger", "y"], "exclude each other"),
        (["watch", "--ledger", "y"], "only a running worker can be watched"),
        (["list", "--suppressed", "--ledger", "y"], "or --state suppressed for findings"),
        (["list", "--suppressed", "--server", "http://x", "-o", "sarif"], "as table, json"),
        (["--config", "nowhere.yaml"], "or name a worker with --server URL"),
    ],
)
async def test_what_cannot_be_meant_is_said(
    arguments: list[str], message: str, capsys: Captured
) -> None:
    """With the remedy."""
    assert await _run(*arguments) == 2
    assert message in capsys.readouterr().err


async def _until_heard(world: World) -> None:
    """Another process connects in its own time."""
    while not world.sample("auditor_event_streams"):  # noqa: ASYNC110
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("form", ["table", "json"])
async def test_transitions_are_watched_until_the_worker_ends(form: str) -> None:
    """Line by line, as they happen; each line is there at once."""
    world = World()
    async with _server(world) as url:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "auditor", "findings", "watch", "--server", url, "-o", form),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        async with asyncio.timeout(60):
            await _until_heard(world)
            await world.broadcast.publish([announcement(1)])
            line = await process.stdout.readline()
            await world.broadcast.close()
            _, complaint = await process.communicate()

    if form == "json":
        document = json.loads(line)
        assert document["transition"] == "opened"
        assert document["finding"]["object"]["name"] == "web"
    else:
        assert line.decode().startswith("2026-01-02 03:04:05Z  opened")
    assert process.returncode == 2
    assert b"has ended" in complaint
