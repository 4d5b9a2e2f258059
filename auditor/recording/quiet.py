"""Knows when everything in a process has come to rest.

An event loop that is about to wait for the network or for a timer has nothing left to do; if nothing runs
in threads either, and whoever was asked says so too, nothing more happens by itself. Work that any thread
may do is done by the loop, one thing after the other: so what is begun side by side ends in the same order
every time. This is the one place that looks into the machinery of asyncio, through the selector that a
loop is given by its caller. It refuses to wait for other processes.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
Busy = Callable[[], bool]
"""Whether somebody knows of work that is still under way."""


class _Selector(selectors.DefaultSelector):  # type: ignore[misc, unused-ignore] # platform's own
    """Notices when the loop is about to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.busy: Busy = bool
        self.waiter: asyncio.Future[None] | None = None

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for the network, unless somebody waits for rest and this is it."""
        about_to_wait = timeout is None or timeout > 0
        if self.waiter is None or self.waiter.done() or not about_to_wait:
            return super().select(timeout)
        if ready := super().select(0):
            return ready
        if self.busy():
            return super().select(timeout)
        self.waiter.set_result(None)
        return []


class QuietLoop(asyncio.SelectorEventLoop):
    """An event loop that can be asked whether it is at rest."""

    def __init__(self) -> None:
        self._own_selector = _Selector()
        self._threads: set[asyncio.Future[Any]] = set()
        super().__init__(self._own_selector)

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """Run a function in the thread that it needs, and remember until its result is here; else in turn."""
        if executor is None:
            return self.create_task(_in_turn(func, *args))
        future = super().run_in_executor(executor, func, *args)
        self._threads.add(future)
        future.add_done_callback(self._threads.discard)
        return future

    async def rest(self, busy: Busy) -> None:
        """Wait until nothing is left to do, here, in threads and as far as ``busy`` knows."""
        self._own_selector.busy = lambda: bool(self._threads) or busy()
        self._own_selector.waiter = self.create_future()
        try:
            await self._own_selector.waiter
        finally:
            self._own_selector.waiter = None  # who was cancelled does not wait any more


async def _in_turn(func: Callable[[*Ts], T], *args: *Ts) -> T:
    return func(*args)


def settled_by(busy: Busy) -> Callable[[], Awaitable[None]]:
    """Make what a player waits for between frames; only for code that `run_quietly` runs."""

    async def settled() -> None:
        loop = asyncio.get_running_loop()
        if not isinstance(loop, QuietLoop):
            raise TypeError("a replay runs on a loop of its own: start it with run_quietly")
        await loop.rest(busy)

    return settled


def run_quietly(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, as `asyncio.run` does, on a loop that knows when it is at rest."""
    with asyncio.Runner(loop_factory=QuietLoop) as runner:
        return runner.run(main)
