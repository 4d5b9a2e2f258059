"""What a story on real servers is told with: a Git repository, a worker process, a Kafka topic.

The worker runs as a user would run it, as a process of its own with a configuration file, so that it can
be killed. This module refuses to reach into the worker: what a test learns, it learns from outside.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml

from tests.stack.ports import free_port

T = TypeVar("T")
PATIENCE = 30.0


def wait_until(condition: Callable[[], T | None], *, within: float = PATIENCE, what: str = "") -> T:
    """Poll until a condition holds and return what it gave; an AssertionError says what never was."""
    deadline = time.monotonic() + within
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"never happened within {within:g} s: {what or condition}")
        time.sleep(0.02)


class GitFolder:
    """A Git repository in a folder, with one author."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.run("init", "--quiet", "--initial-branch=main")

    def write(self, path: str, content: str | Sequence[Mapping[str, Any]]) -> None:
        """Write a file: text, or objects as one YAML stream."""
        text = content if isinstance(content, str) else yaml.safe_dump_all(content, sort_keys=False)
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def commit(self, message: str = "Change the platform") -> str:
        """Commit everything, and return the commit id."""
        self.run("add", "--all")
        self.run("commit", "--quiet", "--allow-empty", "--message", message)
        return self.run("rev-parse", "HEAD").strip()

    def run(self, *arguments: str) -> str:
        """Run git there, and return what it prints."""
        identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
        return subprocess.run(
            ("git", *identity, *arguments),
            cwd=self.folder,
            check=True,
            capture_output=True,
            text=True,
        ).stdout


class WorkerProcess:
    """``auditor run`` as a process, with its configuration, ledger and log in one folder."""

    def __init__(self, folder: Path, configuration: Mapping[str, Any]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.file = folder / "auditor.yaml"
        store = {"path": str(folder / "ledger.db"), "cache": str(folder / "cache")}
        whole = {
            "apiVersion": "auditor/v1",
            "store": store,
            "http": {"listen": f"127.0.0.1:{self.port}"},
        }
        self.file.write_text(yaml.safe_dump(whole | dict(configuration)))
        self._log = (folder / "worker.log").open("ab")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *, ready: bool = True) -> None:
        """Start it, and wait until it says that it is ready."""
        self._process = subprocess.Popen(
            (sys.executable, "-m", "auditor", "run", "-c", str(self.file)),
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        if ready:
            try:
                wait_until(self.is_ready, within=60, what="ready")
            except AssertionError as error:
                error.add_note(f"/readyz: {self.get('/readyz')}; log: {self.log()[-3000:]}")
                raise

    @property
    def pid(self) -> int:
        """The process id; 0 before the start."""
        return self._process.pid if self._process else 0

    def is_ready(self) -> bool:
        """Ask /readyz; a worker that ended fails the test with its log."""
        if self._process and self._process.poll() is not None:
            raise AssertionError(f"the worker ended: {self.log()[-4000:]}")
        return self.get("/readyz")[0] == 200

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of a page; 0 where nobody answers."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as answer:  # noqa: S310 - own URL
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def metric(self, name: str, **labels: str) -> float:
        """Sum the samples of a metric that carry these labels."""
        wanted = [f'{label}="{value}"' for label, value in labels.items()]
        total = 0.0
        for line in self.get("/metrics")[1].splitlines():
            series, _, value = line.rpartition(" ")
            if series.partition("{")[0] == name and all(label in series for label in wanted):
                total += float(value)
        return total

    def findings(self) -> list[dict[str, Any]]:
        """Open findings, as the API gives them."""
        status, body = self.get("/api/v1/findings?state=open&limit=1000")
        return json.loads(body)["findings"] if status == 200 else []

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def stop(self) -> int:
        """Ask it to end; returns its exit code, and fails if that takes more than ten seconds."""
        if not self._process:
            return 0
        self._process.terminate()
        return self._process.wait(timeout=10)

    def log(self) -> str:
        """Everything that it said so far."""
        return (self.folder / "worker.log").read_text(errors="replace")

    def close(self) -> None:
        """Leave nothing running."""
        if self._process and self._process.poll() is None:
            self.kill()
        self._log.close()


@contextlib.contextmanager
def worker(folder: Path, configuration: Mapping[str, Any]) -> Iterator[WorkerProcess]:
    """A worker that is gone when the test is over."""
    process = WorkerProcess(folder, configuration)
    try:
        yield process
    finally:
        process.close()


class Topic:
    """A Kafka topic, read from its beginning with kcat."""

    def __init__(self, bootstrap: str, name: str) -> None:
        self._command = (
            "kcat",
            "-b",
            bootstrap,
            "-t",
            name,
            "-C",
            "-o",
            "beginning",
            "-e",
            "-q",
            "-J",
        )

    def records(self) -> list[dict[str, Any]]:
        """Every record: ``key``, ``payload`` (decoded JSON, or None) and ``headers``."""
        done = subprocess.run(
            self._command, capture_output=True, text=True, check=False, timeout=30
        )
        if done.returncode:
            return []
        records = [json.loads(line) for line in done.stdout.splitlines() if line]
        for record in records:
            record["payload"] = json.loads(record["payload"]) if record.get("payload") else None
        return records

    def transitions(self, name: str = "") -> list[dict[str, Any]]:
        """The CloudEvents on the topic, of one object if its name is given."""
        events = [record["payload"] for record in self.records() if record["payload"]]
        return [e for e in events if not name or e["data"]["object"]["name"] == name]

    def open_keys(self) -> set[str]:
        """Fold the topic as a compacted table: the keys that have a value now."""
        table: dict[str, Any] = {}
        for record in self.records():
            table[record["key"]] = record["payload"]
        return {key for key, value in table.items() if value is not None}


def kind_of(event: Mapping[str, Any]) -> str:
    """The transition that a CloudEvent is about: ``opened`` or ``resolved``."""
    return str(event["type"]).removeprefix("io.driftauditor.finding.").removesuffix(".v1")
