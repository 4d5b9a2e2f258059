"""Rest is when nothing more happens by itself."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from auditor.recording.quiet import run_quietly, settled_by


def test_everything_that_can_happen_has_happened() -> None:
    """Tasks that wake each other count as one commotion."""
    log: list[int] = []

    async def relay(inbox: asyncio.Queue[int], outbox: asyncio.Queue[int]) -> None:
        while True:
            number = await inbox.get()
            await asyncio.sleep(0)
            log.append(number)
            if number:
                outbox.put_nowait(number - 1)

    async def main() -> None:
        ping: asyncio.Queue[int] = asyncio.Queue()
        pong: asyncio.Queue[int] = asyncio.Queue()
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(relay(ping, pong)), group.create_task(relay(pong, ping))]
            ping.put_nowait(50)
            await settled_by(lambda: False)()
            assert log == list(range(50, -1, -1))
            for task in tasks:
                task.cancel()

    run_quietly(main())


def test_a_thread_at_work_is_no_rest() -> None:
    """Its result, and what follows from it, belong to the commotion."""
    log: list[str] = []
    release = threading.Event()

    async def work(thread: ThreadPoolExecutor) -> None:
        await asyncio.get_running_loop().run_in_executor(thread, release.wait)
        log.append("worked")

    async def main() -> None:
        with ThreadPoolExecutor(1) as thread:
            await watch(thread)

    async def watch(thread: ThreadPoolExecutor) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(work(thread))
            await asyncio.sleep(0)
            asyncio.get_running_loop().call_later(0.01, release.set)
            await settled_by(lambda: False)()
            assert log == ["worked"]

    run_quietly(main())


def test_work_for_any_thread_is_done_in_turn() -> None:
    """Side by side it would end in another order every time."""
    log: list[int] = []

    async def work(number: int) -> None:
        await asyncio.to_thread(log.append, number)
        log.append(-number)

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(1, 4):
                group.create_task(work(number))

    run_quietly(main())

    assert log == [1, 2, 3, -1, -2, -3]


def test_work_that_fails_fails_for_whoever_waits() -> None:
    """As in a thread."""

    async def main() -> None:
        with pytest.raises(ZeroDivisionError):
            await asyncio.to_thread(lambda: 1 // 0)

    run_quietly(main())


def test_whoever_is_busy_is_waited_for() -> None:
    """Somebody may know of work that the loop cannot see."""
    busy = [True]

    async def main() -> None:
        asyncio.get_running_loop().call_later(0.01, busy.clear)
        await settled_by(lambda: bool(busy))()

    run_quietly(main())

    assert not busy


def test_a_far_timer_is_not_waited_for() -> None:
    """Sleeping for an hour is rest."""

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            sleeper = group.create_task(asyncio.sleep(3600))
            await settled_by(lambda: False)()
            sleeper.cancel()

    run_quietly(main())


async def test_another_loop_is_refused() -> None:
    """A loop that cannot tell must not be believed."""
    with pytest.raises(TypeError, match="start it with run_quietly"):
        await settled_by(lambda: False)()
