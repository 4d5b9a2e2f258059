"""One worker per ledger.

Two workers on one file would announce everything twice. The lock belongs to the process, so the kernel
lets go of it however the process ends. It refuses to wait.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from auditor.errors import ConfigError
from auditor.state.ledger.tables import unwritable


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the ledger's lock file (``<path>.lock``), and make its folder if need be.

    Raises:
        ConfigError: another process holds it, or there is no writing here.

    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise unwritable(error, path) from error
    try:
        _seize(descriptor, path)
        yield
    finally:
        os.close(descriptor)


def _seize(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
        raise ConfigError(
            f"{path}: another auditor (process {holder}) is using this ledger; "
            "stop it, or set store.path to another file"
        ) from error
    os.truncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
