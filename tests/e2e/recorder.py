"""``auditor record`` as a process, and ``auditor replay`` on what it wrote.

Both run as a user runs them. This module refuses to look into the worker: what it waits for, it reads in the
recording.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from auditor.recording.format import moments
from auditor.recording.frames import Frame, Piece
from tests.e2e.story import wait_until

_PROGRAM: Final = (sys.executable, "-m", "auditor")


class RecorderProcess:
    """A recorder at work, and its file."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "session.rec"
        self._config = folder / "recorded.yaml"
        self._process: subprocess.Popen[bytes] | None = None

    def begin(self, configuration: Mapping[str, Any]) -> None:
        """Start the recorder."""
        self._config.write_text(yaml.safe_dump({"apiVersion": "auditor/v1", **configuration}))
        self._process = subprocess.Popen(
            (*_PROGRAM, "record", "-c", str(self._config), str(self.file)), stderr=subprocess.PIPE
        )

    def wait_for(self, condition: Callable[[Frame], bool]) -> None:
        """Wait until a frame is recorded."""
        wait_until(lambda: any(map(condition, self.frames())), within=60)

    def wait_for_change(self, text: bytes) -> None:
        """Wait until a watch brought something with this text."""
        self.wait_for(lambda frame: isinstance(frame, Piece) and text in frame.body)

    def frames(self) -> list[Frame]:
        """Everything that is recorded so far."""
        return [frame for _, frame in moments(self.file)] if self.file.exists() else []

    def end(self, with_signal: int = signal.SIGINT) -> None:
        """Stop the recorder, in order or not."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(with_signal)
            self._process.communicate(timeout=30)


def replayed(file: Path, *, problems: bool = False) -> tuple[bytes, list[dict[str, Any]]]:
    """What a replay prints, as it is and decoded; ``problems`` says whether anything is unknown."""
    done = subprocess.run(
        (*_PROGRAM, "replay", str(file), "--events", "--exit-zero"),
        capture_output=True,
        check=False,
        timeout=120,
        env={"PATH": "/nowhere"},
    )
    assert done.returncode == (2 if problems else 0), done.stderr.decode()[-2000:]
    return done.stdout, [json.loads(line) for line in done.stdout.splitlines()]
