"""Writes down how far the sinks have come.

With the next findings, or a moment later if there are none: a disk sync for each batch would cost more
than the batch. After a crash a sink sees that moment again. It refuses to read announcements.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Final

from auditor.errors import StoreUnavailable
from auditor.ports.delivery import Cursor
from auditor.state.ledger import rows
from auditor.state.ledger.readers import Readers
from auditor.state.ledger.rows import Progress, Swept
from auditor.state.ledger.writer import Writer

_LATER: Final = 0.1
"""Seconds after which cursors are written although there are no new findings."""


class Bookmarks:
    """The sinks' cursors, on their way to the disk.

    ``newest`` tells the newest sequence of all; ``swept`` takes what a written cursor let go of.
    """

    def __init__(
        self, writer: Writer, newest: Callable[[], int], swept: Callable[[Swept], None]
    ) -> None:
        self._writer = writer
        self._newest = newest
        self._swept = swept
        self._readers: Readers | None = None
        self._reminder: asyncio.TimerHandle | None = None

    async def subscribe(
        self, *, durable: Sequence[str], passing: Sequence[str]
    ) -> Mapping[str, Cursor]:
        """Name all sinks; see the port."""
        known = await self._writer.submit(partial(rows.keep_only, sinks=durable), _ignore)
        present = Cursor(sequence=self._newest())
        self._readers = Readers(durable=known, passing=dict.fromkeys(passing, present))
        self._remind()
        return {**dict.fromkeys(passing, present), **known}

    async def move(self, sink: str, cursor: Cursor) -> None:
        """Note how far a sink has come; it is on disk a moment later.

        A sink's first position is on disk on return: without any, a crash would leave it nothing to
        read back from.
        """
        if self._readers is None:
            return
        self._readers.move(sink, cursor)
        if self._readers.begins(sink) and (progress := self.progress()):
            await self._writer.submit(*self._writing(progress))
        self._remind()

    def progress(self) -> Progress | None:
        """What is to be written, if anything; nothing until the sinks are named."""
        return self._readers.progress(self._newest()) if self._readers else None

    def advanced(self, progress: Progress, swept: Swept) -> None:
        """Take in that progress was written."""
        if self._readers:
            self._readers.noted(progress)
        self._swept(swept)

    async def close(self) -> None:
        """Write down what is not written yet."""
        if self._reminder:
            self._reminder.cancel()
        if progress := self.progress():
            with suppress(StoreUnavailable):
                await self._writer.submit(*self._writing(progress))

    def _remind(self) -> None:
        if self._reminder is None:
            loop = asyncio.get_running_loop()
            self._reminder = loop.call_later(_LATER, self._write)

    def _write(self) -> None:
        self._reminder = None
        if progress := self.progress():
            self._writer.post(*self._writing(progress)).add_done_callback(self._check)

    def _check(self, written: asyncio.Future[Swept]) -> None:
        if not written.cancelled() and written.exception():
            self._remind()

    def _writing(self, progress: Progress) -> tuple[Callable[..., Swept], Callable[[Swept], None]]:
        return partial(rows.advance, progress=progress), partial(self.advanced, progress)


def _ignore(_: object) -> None:
    """Nothing in memory follows from it."""
