"""Where built servers are kept, and who may write there.

Building kube-apiserver takes minutes, so the result outlives the checkout: it lies in
the user's cache folder, one folder for each name and version, and every checkout shares
it. A folder that exists is whole, because it is renamed into place. This module refuses
to build anything and to delete what is whole.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def folder() -> Path:
    """Return the folder that holds everything the stack keeps between runs."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "drift-auditor" / "stack"


@contextmanager
def locked(name: str, *, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold a lock between processes; call `waiting` once if somebody else has it.

    The kernel lets go of the lock when its holder dies, however it dies, so a lock file
    that is left over means nothing.
    """
    path = folder() / f"{name}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
