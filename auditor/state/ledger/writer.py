"""One thread that writes, and commits together whatever waits.

A commit costs a disk sync, whether it carries one finding or a hundred; so while one is under way, the
next ones gather. What waits is bounded by who waits: every caller awaits its own job. It refuses to know
what a job does.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from auditor.errors import StoreUnavailable
from auditor.state.ledger.tables import translated

T = TypeVar("T")
Job = Callable[[sqlite3.Connection], T]
"""Writes, in a transaction that somebody else begins and ends."""

_TOGETHER: Final = 64
"""Jobs in one transaction at most, so that the first does not wait for too many others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pending:
    job: Job[Any]
    then: Callable[[Any], None]
    done: asyncio.Future[Any]


class Writer:
    """Runs jobs in order, many in one transaction.

    ``settle`` is called in the event loop after every transaction, with whether it was committed; while
    a transaction runs nothing else touches what its jobs touch.
    """

    def __init__(
        self, connection: sqlite3.Connection, path: Path, settle: Callable[[bool], None]
    ) -> None:
        self._connection = connection
        self._path = path
        self._settle = settle
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger-writer")
        self._waiting: list[_Pending] = []
        self._running: asyncio.Future[list[Any]] | None = None
        self._closed = False

    async def submit(self, job: Job[T], then: Callable[[T], None]) -> T:
        """Run a job; on return it is on disk.

        ``then`` takes the result in the event loop, right after the commit, even if the caller was
        cancelled meanwhile.

        Raises:
            StoreUnavailable: nothing of the job was written.

        """
        return await self.post(job, then)

    def post(self, job: Job[T], then: Callable[[T], None]) -> asyncio.Future[T]:
        """Begin what `submit` waits for."""
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        if self._closed:
            done.set_exception(StoreUnavailable(f"{self._path}: the ledger is closed"))
            return done
        self._waiting.append(_Pending(job=job, then=then, done=done))
        if self._running is None:
            self._begin()
        return done

    async def close(self) -> None:
        """Finish what waits, then let go of the thread and the connection."""
        self._closed = True
        while self._running is not None:
            await asyncio.wait([self._running])
        self._thread.shutdown()
        self._connection.close()

    def _begin(self) -> None:
        batch, self._waiting = self._waiting[:_TOGETHER], self._waiting[_TOGETHER:]
        jobs = [pending.job for pending in batch]
        loop = asyncio.get_running_loop()
        self._running = loop.run_in_executor(self._thread, _commit, self._connection, jobs)
        self._running.add_done_callback(partial(self._finish, batch))

    def _finish(self, batch: Sequence[_Pending], running: asyncio.Future[list[Any]]) -> None:
        error = running.exception()
        self._settle(error is None)
        if error is None:
            _succeed(batch, running.result())
        else:
            _fail(batch, self._reason(error))
        self._running = None
        if self._waiting:
            self._begin()

    def _reason(self, error: BaseException) -> BaseException:
        if not isinstance(error, sqlite3.Error):
            return error
        reason = translated(error, self._path)
        reason.__cause__ = error
        return reason


def _succeed(batch: Sequence[_Pending], results: Sequence[Any]) -> None:
    for pending, result in zip(batch, results, strict=True):
        pending.then(result)
        if not pending.done.done():
            pending.done.set_result(result)


def _fail(batch: Sequence[_Pending], reason: BaseException) -> None:
    for pending in batch:
        if not pending.done.done():
            pending.done.set_exception(reason)


def _commit(connection: sqlite3.Connection, jobs: Sequence[Job[Any]]) -> list[Any]:
    _abandon(connection)  # a roll-back that was interrupted itself left the last transaction open
    connection.execute("BEGIN IMMEDIATE")
    try:
        results = [job(connection) for job in jobs]
        connection.execute("COMMIT")
    finally:
        _abandon(connection)
    return results


def _abandon(connection: sqlite3.Connection) -> None:
    """Undo what was begun and not committed."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")
