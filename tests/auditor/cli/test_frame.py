"""Whatever goes wrong is one clear line on standard error, and exit code 2."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from auditor import __version__
from auditor.cli.frame import run


def _auditor(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # type: ignore[call-overload,no-any-return]  # options of all sorts
        (sys.executable, "-m", "auditor", *arguments),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        **options,
    )


def test_the_program_runs_as_a_module() -> None:
    """And tells its version."""
    done = _auditor("--version")

    assert (done.returncode, done.stdout.strip()) == (0, __version__)


@pytest.mark.parametrize("name", ["auditor", "kubectl-drift"])
def test_the_program_is_installed_under_both_names(name: str) -> None:
    """So that `kubectl drift` works; help speaks of what was typed."""
    program = Path(sys.executable).with_name(name)
    done = subprocess.run((program, "--help"), capture_output=True, text=True, check=True)

    assert done.stdout.startswith(f"Usage: {name.replace('-', ' ', 1)} ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["scna"], "there is no command 'scna'; did you mean scan?"),
        (["scan", "--exit-zer"], "No such option"),
        (["scan", "-c", "nowhere.yaml"], "nowhere.yaml: No such file or directory"),
        (["scan", "-o", "xml"], "'xml' is not one of"),
        (["diff"], "Missing argument"),
        (["diff", "nowhere"], "nowhere: there is no such file or folder"),
        (["findings", "--ledger", "nowhere.db"], "there is no ledger yet"),
        (["findings", "--severity", "hgh"], "'hgh' is not one of"),
    ],
)
def test_wrong_usage_is_said_on_standard_error(
    arguments: list[str], message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With exit code 2: 1 would mean drift."""
    assert run(arguments) == 2
    said = capsys.readouterr()
    assert message in said.err
    assert said.out == ""


def test_every_mistake_of_a_configuration_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each on its own line, without a traceback."""
    (folder / "auditor.yaml").write_text("apiVersion: auditor/v1\nclusters: []\ndesird: []\n")

    assert run(["scan"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert all(line.startswith("error: auditor.yaml:") for line in lines)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--debug", "scan", "-c", "nowhere.yaml"],
        ["scan", "--debug", "-c", "nowhere.yaml"],
        ["scan", "--log-level=error", "-c", "nowhere.yaml", "--log-form", "json", "--debug"],
    ],
)
def test_the_programs_own_options_stand_anywhere(
    arguments: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before the command or behind it, as people know it from kubectl."""
    assert run(arguments) == 2
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert "nowhere.yaml" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["scan", "--log-level"], "'--log-level' requires an argument"),
        (["scan", "--log-level", "loud"], "'loud' is not one of 'debug', 'info'"),
        (["diff", "--", "--debug"], "--debug"),
    ],
)
def test_mistakes_in_them_are_told(
    arguments: list[str], message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As before the command; what follows two dashes is no option."""
    assert run(arguments) == 2
    said = capsys.readouterr().err
    assert message in said
    assert "Traceback" not in said


def test_a_closed_pipe_ends_quietly() -> None:
    """As in `auditor schema config | head -1`."""
    program = f"{sys.executable} -m auditor schema config"
    done = subprocess.run(
        ("bash", "-o", "pipefail", "-c", f"{program} | head -c 1"),
        capture_output=True,
        text=True,
        check=False,
    )

    assert "Error" not in done.stderr
    assert "Traceback" not in done.stderr


async def test_an_interrupt_ends_with_130(folder: Path) -> None:
    """As shells expect; here while it waits for a worker that never says anything."""
    asked = asyncio.Event()

    async def be_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read()
        writer.close()

    async with await asyncio.start_server(be_silent, "127.0.0.1", 0) as silent:
        port = silent.sockets[0].getsockname()[1]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "auditor", "findings", "watch"),
            *("--server", f"http://127.0.0.1:{port}"),
        )
        async with asyncio.timeout(30):
            await asked.wait()
            process.send_signal(signal.SIGINT)
            code = await process.wait()

    assert code == 130


def test_no_colour_is_in_a_pipe(folder: Path) -> None:
    """Nor where NO_COLOR is set."""
    done = _auditor("scan", env={**os.environ, "NO_COLOR": "1"})

    assert "\x1b" not in done.stdout + done.stderr


def test_every_command_has_help_with_examples(capsys: pytest.CaptureFixture[str]) -> None:
    """Which is what people read."""
    run(["--help"])
    commands = [
        line.split()[0]
        for line in capsys.readouterr().out.split("Commands:")[1].split("Examples:")[0].splitlines()
        if line.strip()
    ]
    for command in commands:
        assert run([command, "--help"]) == 0
        assert f"auditor {command}" in capsys.readouterr().out.split("Examples:")[1]
    assert len(commands) >= 14
