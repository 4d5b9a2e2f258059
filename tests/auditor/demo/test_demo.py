"""The demo that comes with the package finds what was done in it, and the same every time.

These run the program as a user does, without any server.
"""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from auditor.demo.story import recording, story
from auditor.recording.format import moments, read_header

PROGRAM = (sys.executable, "-m", "auditor")


def run(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run the program with its output in a pipe."""
    return subprocess.run((*PROGRAM, *arguments), capture_output=True, check=False, timeout=100)


@pytest.fixture(scope="module")
def output() -> bytes:
    """What ``auditor demo`` prints into a pipe."""
    done = run("demo")
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout


@pytest.fixture(scope="module")
def events(output: bytes) -> list[dict[str, Any]]:
    """The same, decoded."""
    return [json.loads(line) for line in output.splitlines()]


def opening(events: list[dict[str, Any]], subject: str) -> dict[str, Any]:
    """The finding with which the first trouble of one object began."""
    data: dict[str, Any] = next(e["data"] for e in events if e["subject"] == subject)
    return data


@pytest.mark.parametrize(
    ("subject", "path", "manager"),
    [
        ("apps/Deployment/shop/api", "spec.replicas", "kubectl"),
        (
            "apps/Deployment/shop/worker",
            "spec.template.spec.containers[name=worker].image",
            "kubectl-set",
        ),
        (
            "apps/Deployment/shop/web",
            "spec.template.spec.containers[name=mesh-proxy]",
            "mesh-installer",
        ),
        ("rbac.authorization.k8s.io/Role/shop/shop-operator", "rules[2]", "kubectl-edit"),
        ("Secret/shop/orders-db", "data.password", "rotate-job"),
        ("Service/shop/api", "metadata.labels.tier", "kubectl-label"),
    ],
)
def test_every_deed_is_found_with_field_and_writer(
    events: list[dict[str, Any]], subject: str, path: str, manager: str
) -> None:
    """What somebody wrote is named, and the tool with which it was written."""
    (difference,) = opening(events, subject)["differences"]

    assert (difference["path"], difference["writer"]["manager"]) == (path, manager)


@pytest.mark.parametrize(
    ("subject", "category"),
    [
        ("ConfigMap/shop/worker-config", "missing"),
        ("apps/Deployment/shop/debug-shell", "unmanaged"),
        ("ConfigMap/shop/api-config", "lagging"),
    ],
)
def test_what_is_wrong_with_a_whole_object_has_its_category(
    events: list[dict[str, Any]], subject: str, category: str
) -> None:
    """Deleted, undeclared, or never deployed."""
    assert opening(events, subject)["category"] == category


def test_everything_is_resolved_in_the_end(events: list[dict[str, Any]]) -> None:
    """Each finding opens once and is resolved once."""
    subjects = {event["subject"] for event in events}

    assert len(subjects) == 9
    for subject in subjects:
        kinds = [e["type"].split(".")[3] for e in events if e["subject"] == subject]
        assert kinds == ["opened", "resolved"], subject


def test_findings_end_as_they_were_ended(events: list[dict[str, Any]]) -> None:
    """By reverting, by declaring what lives, or by deploying at last."""
    ends = {e["subject"]: e["data"]["resolution"] for e in events if ".resolved." in e["type"]}

    assert ends["apps/Deployment/shop/api"] == "reverted"
    assert ends["Service/shop/api"] == "codified"
    assert ends["ConfigMap/shop/api-config"] == "applied"
    assert ends["apps/Deployment/shop/debug-shell"] == "gone"


@pytest.mark.parametrize("name", ["HorizontalPodAutoscaler/shop/web", "data-orders-db-0"])
def test_what_is_no_drift_is_silent(events: list[dict[str, Any]], name: str) -> None:
    """A commit that is deployed, an autoscaler that works, volumes that a controller makes."""
    assert not [event for event in events if event["subject"].endswith(name)]


def test_every_run_prints_the_same(output: bytes) -> None:
    """Byte for byte, in a view or as a replay."""
    with recording() as path:
        again = run("replay", str(path), "--events", "--exit-zero")

    assert again.stdout == output


def test_no_secret_is_in_the_recording() -> None:
    """What the story wrote into the Secret is nowhere in it, plain or encoded."""
    with recording() as path:
        text = b"".join(repr(frame).encode() for _, frame in moments(path))

    for part in (b"not-a-real-password", b"another-unreal", b"bm90LWEtcmVhbC", b"YW5vdGhlci11bnJ"):
        assert part not in text


def test_the_recording_is_small_and_names_no_machine() -> None:
    """It comes with every installation."""
    with recording() as path:
        assert path.stat().st_size < 300_000
        assert read_header(path).configuration["repositories"] == [
            {"name": "platform", "poll": "1s", "ref": "main"}
        ]


def test_the_story_fits_the_recording() -> None:
    """In order, and not beyond its end."""
    times = [line.at for line in story()]
    with recording() as path:
        end = max(at for at, _ in moments(path)) / 1000

    assert times == sorted(times)
    assert times[-1] < end


class Terminal:
    """The program on a terminal of its own."""

    def __init__(self, *arguments: str) -> None:
        self._ours, theirs = pty.openpty()
        environment = {**os.environ, "TERM": "xterm", "COLUMNS": "140", "LINES": "40"}
        self.process = subprocess.Popen(
            (*PROGRAM, *arguments), stdin=theirs, stdout=theirs, stderr=theirs, env=environment
        )
        os.close(theirs)
        self.shown = b""
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                part = os.read(self._ours, 65536)
            except OSError:
                return
            with self._changed:
                self.shown += part
                self._changed.notify_all()

    def wait_for(self, text: bytes) -> None:
        """Wait until something is shown."""
        with self._changed:
            assert self._changed.wait_for(lambda: text in self.shown, timeout=60), self.shown[
                -2000:
            ]

    def close(self) -> None:
        """End whatever still runs."""
        self.process.kill()
        self.process.wait()
        self._reader.join(timeout=10)
        os.close(self._ours)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    """The demo on a terminal, slowly."""
    opened = Terminal("demo", "--speed", "10")
    yield opened
    opened.close()


def test_a_terminal_shows_findings_as_they_open(terminal: Terminal) -> None:
    """With who did it, the field, and both sides; metrics and findings can be read meanwhile."""
    terminal.wait_for(b"kubectl-set")

    assert b"Carol" in terminal.shown
    (url,) = set(re.findall(rb"http://[0-9.:]+/metrics", terminal.shown))
    with urllib.request.urlopen(url.decode(), timeout=10) as answer:  # noqa: S310 - own URL
        assert b"auditor_findings_open" in answer.read()


def test_ctrl_c_ends_the_demo_cleanly(terminal: Terminal) -> None:
    """Without a traceback, with the terminal as it was."""
    terminal.wait_for(b"kubectl-set")

    terminal.process.send_signal(signal.SIGINT)

    assert terminal.process.wait(timeout=20) == 0
    terminal.wait_for(b"still open")
    assert b"Traceback" not in terminal.shown


def test_the_package_holds_what_the_demo_needs() -> None:
    """Data files are easily forgotten in a wheel."""
    folder = Path(__file__).parents[3] / "auditor" / "demo"

    assert {"shop.recording", "story.json"} <= {file.name for file in folder.iterdir()}
