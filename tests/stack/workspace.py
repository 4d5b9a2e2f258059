"""The folder of one stack, and the lifetime of the servers that work in it.

A stack lives either as long as the process that started it (tests) or until it is told to
end (`stack-up`). The difference is here and nowhere else. This module refuses to know
which servers there are.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.stack import reaper
from tests.stack.errors import StackError
from tests.stack.server import Server

_PREFIX = "drift-stack-"


class Workspace:
    """A temporary folder and the servers started in it."""

    def __init__(self, folder: Path, reaper_process: "subprocess.Popen[bytes] | None") -> None:
        """Use `temporary` or `lasting` instead."""
        self.folder = folder
        self._reaper = reaper_process
        self._servers: list[Server] = []
        self._is_closed = False
        # Servers are started from several threads, and one of them may be told to end
        # while another is still starting.
        self._lock = threading.Lock()

    @classmethod
    def temporary(cls) -> Self:
        """Make a workspace that ends with this process, even if that is killed."""
        folder = _make_folder()
        process = subprocess.Popen(
            (sys.executable, "-I", "-S", reaper.__file__, str(folder)),
            stdin=subprocess.PIPE,
            process_group=0,
        )
        return cls(folder, process)

    @classmethod
    def lasting(cls) -> Self:
        """Make a workspace whose servers go on after this process."""
        return cls(_make_folder(), None)

    def __enter__(self) -> Self:
        """Do nothing: the workspace is open from its making."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def make_folder(self, name: str) -> Path:
        """Make a folder of its own for one server, or for a few that belong together."""
        folder = self.folder / name
        folder.mkdir(mode=0o700)
        return folder

    def start(
        self, argv: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None
    ) -> Server:
        """Start a server that writes its log here."""
        with self._lock, log.open("ab") as output:
            if self._is_closed:
                message = "the workspace is closed"
                raise StackError(message)
            process = subprocess.Popen(
                argv,
                cwd=log.parent,
                env=os.environ | (environment or {}),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Out of the terminal's reach: Ctrl-C is for us, and we end the servers.
                process_group=self._reaper.pid if self._reaper else None,
                start_new_session=self._reaper is None,
            )
            server = Server(log.stem, process, log)
            self._servers.append(server)
            return server

    def close(self) -> None:
        """End every server, the youngest first, and remove the folder.

        With SIGKILL: an API server that is asked to end after its etcd is gone waits for
        ever, and nothing here is worth keeping.
        """
        with self._lock:
            self._is_closed = True
            for server in reversed(self._servers):
                server.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._reaper:
            self._reaper.communicate()


def _make_folder() -> Path:
    # Real path: the servers' command lines name it, and are searched for it later.
    return Path(tempfile.mkdtemp(prefix=_PREFIX)).resolve()
