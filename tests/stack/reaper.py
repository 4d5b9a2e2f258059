"""Ends a stack whose owner died, and removes its folder.

A test run that is killed outright runs no `finally`. The kernel can deliver a signal when
a parent dies (PR_SET_PDEATHSIG), but on Linux only, and it means the parent *thread*: a
server started from a pool thread would die in the middle of a test. So each workspace has
one of these processes instead. It leads the process group that its servers are put into,
and holds the reading end of a pipe whose writing end only the owner has; when the owner
is gone, however it went, the pipe ends. This module refuses to import anything of the
package, because it must start at once and depend on nothing.
"""

import os
import shutil
import signal
import sys
import time
from pathlib import Path

_TRIES = 100
_PAUSE = 0.1


def main() -> None:
    """Wait for the owner's end, then end everything in this process group."""
    folder = sys.argv[1]
    sys.stdin.buffer.read()
    group = os.getpgrp()
    if os.fork():
        # The leader waits to be killed with its group: while it lives, the group's number
        # cannot be given to somebody else.
        signal.pause()
    os.setpgid(0, 0)
    os.killpg(group, signal.SIGKILL)
    for _ in range(_TRIES):
        # A server that is just being killed may still write a file into a folder that is
        # just being removed.
        shutil.rmtree(folder, ignore_errors=True)
        if not Path(folder).exists():
            return
        time.sleep(_PAUSE)


if __name__ == "__main__":
    main()
