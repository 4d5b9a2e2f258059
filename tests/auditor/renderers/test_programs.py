"""Programs run within bounds, and see nothing of the machine that they run on."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from pathlib import Path

import pytest

from auditor.errors import ManifestError
from auditor.renderers.programs import (
    HELM,
    KUSTOMIZE,
    Answer,
    Bounds,
    Command,
    Program,
    ProgramRunner,
)

MIB = 2**20


async def run(code: str, home: Path, *, is_online: bool = False, **bounds: float) -> Answer:
    """Run Python code as if it were a rendering program."""
    command = Command(
        program=Path(sys.executable),
        arguments=("-I", "-c", code),
        folder=home,
        home=home,
        is_online=is_online,
    )
    return await ProgramRunner(Bounds(**bounds)).run(command)  # type: ignore[arg-type]  # int or float


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; a killed one that nobody waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


class TestAnswers:
    async def test_brings_output_status_and_complaint(self, tmp_path: Path) -> None:
        """What the program says comes back, apart."""
        answer = await run(
            "import sys; print('yes'); print('but', file=sys.stderr); sys.exit(3)", tmp_path
        )

        assert answer == Answer(status=3, output=b"yes\n", complaint="but\n")

    async def test_reads_what_it_is_given(self, tmp_path: Path) -> None:
        """What is to be read is all there, however much it is, and then ends."""
        content = b"x" * 5 * MIB
        command = Command(
            program=Path(sys.executable),
            arguments=("-I", "-c", "import sys; print(len(sys.stdin.read()))"),
            folder=tmp_path,
            home=tmp_path,
            content=content,
        )

        answer = await ProgramRunner().run(command)

        assert answer.output == f"{len(content)}\n".encode()

    async def test_asks_for_a_version_once(self, rendering_programs: None) -> None:
        """The version is part of what decides a rendering."""
        runner = ProgramRunner()

        versions = [await runner.version(each) for each in (HELM, KUSTOMIZE)]

        assert all(version.startswith("v") for version in versions)

    async def test_says_how_to_get_a_missing_program(self) -> None:
        """A program that is not on PATH is named, with the page that has it."""
        program = Program(name="no-such", website="https://example.com", version_arguments=())

        with pytest.raises(ManifestError, match=r"no-such .* Install it \(https://example.com\)"):
            program.locate()

    async def test_says_when_a_program_does_not_start(self, tmp_path: Path) -> None:
        """A file that is no program is an error of its own."""
        (tmp_path / "broken").write_text("")
        command = Command(program=tmp_path / "broken", arguments=(), folder=tmp_path, home=tmp_path)

        with pytest.raises(ManifestError, match="does not start: Permission denied"):
            await ProgramRunner().run(command)


class TestEnvironment:
    async def test_is_made_from_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """No variable of the auditor reaches the program, and all folders are its own."""
        monkeypatch.setenv("GIT_TOKEN", "hunter2")
        monkeypatch.setenv("KUBECONFIG", "/etc/kubeconfig")

        answer = await run("import json, os; print(json.dumps(dict(os.environ)))", tmp_path)

        seen = json.loads(answer.output)
        assert "GIT_TOKEN" not in seen
        assert seen["KUBECONFIG"] == ""
        assert all(
            seen[name].startswith(str(tmp_path))
            for name in ("HOME", "PATH", "TMPDIR", "XDG_CACHE_HOME", "HELM_PLUGINS")
        )

    async def test_reaches_no_network(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The proxy is dead, whatever the auditor's own is."""
        monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com")

        answer = await run("import os; print(os.environ['HTTPS_PROXY'])", tmp_path)

        assert answer.output == b"http://127.0.0.1:9\n"

    async def test_lets_a_download_use_the_proxy(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What is meant to fetch gets the auditor's way out."""
        monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com")

        answer = await run("import os; print(os.environ['HTTPS_PROXY'])", tmp_path, is_online=True)

        assert answer.output == b"http://proxy.example.com\n"


class TestBounds:
    async def test_ends_what_takes_too_long(self, tmp_path: Path) -> None:
        """An endless program is ended after its time."""
        began = time.monotonic()

        with pytest.raises(ManifestError, match=r"was ended after 0\.3 s"):
            await run("while True: pass", tmp_path, seconds=0.3)

        assert time.monotonic() - began < 5

    async def test_ends_what_says_too_much(self, tmp_path: Path) -> None:
        """Output is bounded, and with it the memory that it takes here."""
        with pytest.raises(ManifestError, match="put out more than 1 MiB"):
            await run("while True: print('x' * 10000)", tmp_path, output=MIB)

    async def test_keeps_the_beginning_of_a_long_complaint(self, tmp_path: Path) -> None:
        """A flood on standard error is read to its end, and its beginning kept."""
        code = "import sys; sys.stderr.write('first ' + 'x' * 1000000)"

        answer = await run(code, tmp_path, complaint=1000)

        assert answer.complaint.startswith("first ")
        assert len(answer.complaint) == 1000

    @pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="no prlimit on this platform")
    async def test_bounds_memory(self, tmp_path: Path) -> None:
        """A program that asks for more memory than it may have gets none."""
        code = f"x = [bytearray(10 * {MIB}) for _ in range(100)]; print(len(x))"

        answer = await run(code, tmp_path, memory=200 * MIB)

        assert "MemoryError" in answer.complaint

    @pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="no prlimit on this platform")
    async def test_bounds_files(self, tmp_path: Path) -> None:
        """A program cannot fill the disk with one file."""
        code = f"open('big', 'wb').write(bytes(5 * {MIB}))"

        with pytest.raises(ManifestError):
            await run(
                f"import signal; signal.signal(25, signal.SIG_DFL); {code}", tmp_path, file=MIB
            )

        assert (tmp_path / "big").stat().st_size <= MIB

    async def test_ends_with_whoever_asked(self, tmp_path: Path) -> None:
        """A cancelled render leaves no program behind, nor what the program started."""
        code = (
            "import os, pathlib, subprocess, sys\n"
            "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
            "pathlib.Path('new').write_text(f'{os.getpid()} {child.pid}')\n"
            "os.rename('new', 'pids')\n"
            "child.wait()\n"
        )
        pids = tmp_path / "pids"
        async with asyncio.TaskGroup() as group:
            task = group.create_task(run(code, tmp_path))
            async with asyncio.timeout(60):
                while not pids.exists():  # noqa: ASYNC110  another process makes it
                    await asyncio.sleep(0.01)
            task.cancel()

        # A process that was killed ends when the machine next has a moment for it.
        async with asyncio.timeout(30):
            while any(is_alive(int(pid)) for pid in pids.read_text().split()):  # noqa: ASYNC110  the kernel ends it
                await asyncio.sleep(0.01)

    async def test_runs_so_many_at_a_time(self, tmp_path: Path) -> None:
        """Commands wait for their turn."""
        runner = ProgramRunner(parallel=1)
        code = "import os, time\nos.mkdir('busy'); time.sleep(0.05); os.rmdir('busy')\n"
        command = Command(
            program=Path(sys.executable),
            arguments=("-I", "-c", code),
            folder=tmp_path,
            home=tmp_path,
        )

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(runner.run(command)) for _ in range(3)]

        assert [task.result().status for task in tasks] == [0, 0, 0]
        assert not (tmp_path / "busy").exists()
