"""One running server: its process, its log, its end.

What every server of the stack has in common. A server counts as ready when it answers
what it is for, never because some seconds went by; one that ends before that is reported
with the end of its log. This module refuses to know any particular server.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.stack.errors import PortTakenError, StackError

_POLL_INTERVAL = 0.05
_READY_TIMEOUT = 120.0
_LOG_TAIL = 3000
# Servers lie one folder deep; what lies deeper is theirs.
PID_FILES = "*/*.pid"


class Server:
    """A process of the stack."""

    def __init__(self, name: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
        """Take over a process that was just started."""
        self.name = name
        self.log = log
        self._process = process
        self._pid_file = log.with_suffix(".pid")
        self._pid_file.write_text(str(process.pid))

    @property
    def pid(self) -> int:
        """The process, for a test that measures it."""
        return self._process.pid

    def is_running(self) -> bool:
        """Tell whether the process has not ended."""
        return self._process.poll() is None

    def freeze(self) -> None:
        """Stop it from answering while its connections stay open, as a lost network does."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def stop(self, *, patience: float = 20.0) -> None:
        """Ask it to end, and end it if it does not."""
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(patience)
        self.kill()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()
        self._pid_file.unlink(missing_ok=True)

    def wait_until(self, is_ready: Callable[[], bool]) -> None:
        """Poll until the server does what it is for.

        Raises:
            PortTakenError: it ended because another process listens on its port.
            StackError: it ended for another reason, or took too long.

        """
        deadline = time.monotonic() + _READY_TIMEOUT
        while not is_ready():
            if not self.is_running():
                raise self._ended()
            if time.monotonic() > deadline:
                message = f"{self.name} is not ready after {_READY_TIMEOUT:.0f} s\n{self._tail()}"
                raise StackError(message)
            time.sleep(_POLL_INTERVAL)

    def _ended(self) -> StackError:
        tail = self._tail()
        message = f"{self.name} ended with {self._process.returncode}\n{tail}"
        if "address already in use" in tail.lower():
            return PortTakenError(message)
        return StackError(message)

    def _tail(self) -> str:
        return self.log.read_text(errors="replace")[-_LOG_TAIL:]


def is_alive(pid: int, *, folder: Path) -> bool:
    """Tell whether this process runs and works in this folder.

    The number alone proves nothing: after a crash or a reboot it may be somebody else's.
    Every server of the stack is started with a path into its folder.
    """
    return str(folder) in _command_line(pid)


def kill_recorded(folder: Path) -> None:
    """End the servers that an earlier process started in this folder."""
    for file in sorted(folder.glob(PID_FILES)):
        pid = int(file.read_text() or 0)
        if is_alive(pid, folder=folder):
            os.kill(pid, signal.SIGKILL)
            _wait_for_end(pid, folder)


def _wait_for_end(pid: int, folder: Path) -> None:
    deadline = time.monotonic() + _READY_TIMEOUT
    while is_alive(pid, folder=folder):
        if time.monotonic() > deadline:
            message = f"process {pid} does not end"
            raise StackError(message)
        time.sleep(_POLL_INTERVAL)


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return ""
    # Not Linux.
    argv = ("ps", "-ww", "-o", "args=", "-p", str(pid))
    return subprocess.run(argv, capture_output=True, text=True, check=False).stdout
