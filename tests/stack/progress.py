"""Tells a waiting person what is going on and for how long.

On a terminal one line is rewritten every second; in a pipe a line says when something
begins and ends, and one a minute says that it still goes on. Everything goes to standard
error, because standard output belongs to what `up` prints for `eval`. This module refuses
to guess how long something will take.
"""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_QUIET_INTERVAL = 60


def say(text: str) -> None:
    """Print one line for the person."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def step(text: str) -> Iterator[None]:
    """Show a step with the time it has taken, and how it ended."""
    start = time.monotonic()
    ended = threading.Event()
    ticker = threading.Thread(target=_tick, args=(text, start, ended), daemon=True)
    ticker.start()
    outcome = "failed"
    try:
        yield
        outcome = "done"
    finally:
        ended.set()
        ticker.join()
        clear = "\r\033[K" if sys.stderr.isatty() else ""
        say(f"{clear}{text}: {outcome} after {_elapsed(start)}")


def _tick(text: str, start: float, ended: threading.Event) -> None:
    if not sys.stderr.isatty():
        say(f"{text} ...")
        while not ended.wait(_QUIET_INTERVAL):
            say(f"{text} ... {_elapsed(start)}")
        return
    while True:
        print(f"\r\033[K{text} ... {_elapsed(start)}", end="", file=sys.stderr, flush=True)
        if ended.wait(1):
            return


def _elapsed(start: float) -> str:
    minutes, seconds = divmod(time.monotonic() - start, 60)
    return f"{int(minutes)}m{int(seconds):02d}s" if minutes else f"{seconds:.1f}s"
