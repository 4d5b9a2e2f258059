"""Announcements on standard output: one CloudEvent a line (NDJSON), for pipes and for people with jq.

Delivery: at least once. A reader that is slow holds up this sink and nothing else; after a crash the last
batch may appear again, with the same ids. It refuses to buffer: what `publish` returned for is written.
"""

from __future__ import annotations

import asyncio
import os
import select
import sys
from collections.abc import Sequence

from auditor.config.sections import Section
from auditor.domain.finding import Announcement
from auditor.errors import SinkUnavailable
from auditor.ports.delivery import Resume, SinkContext
from auditor.wire.events import structured


class StdoutOptions(Section):
    """There is nothing to choose."""


class StdoutSink:
    """Writes lines."""

    Options = StdoutOptions
    durable = True

    def __init__(self, options: StdoutOptions, context: SinkContext) -> None:  # noqa: ARG002
        self._name = context.name

    async def open(self, resume: Resume) -> frozenset[str]:  # noqa: ARG002 - the port's
        """Nothing to connect to, and no way to read back what was written."""
        return frozenset()

    async def publish(self, batch: Sequence[Announcement]) -> str | None:
        """Write one line for each.

        Raises:
            SinkUnavailable: nobody reads any more.

        """
        lines = b"".join(structured(each.transition) + b"\n" for each in batch)
        try:
            sys.stdout.flush()
            await _write(sys.stdout.fileno(), lines)
        except (OSError, ValueError) as error:
            raise SinkUnavailable(f"sink {self._name}: standard output is gone: {error}") from error
        return None

    async def close(self) -> None:
        """Leave standard output open: others write to it."""


async def _write(descriptor: int, content: bytes) -> None:
    """Write all, waiting in the event loop for a slow reader.

    A pipe that polls as writable takes ``PIPE_BUF`` bytes without blocking (pipe(7)).
    """
    rest = memoryview(content)
    while rest:
        await _writable(descriptor)
        rest = rest[os.write(descriptor, rest[: select.PIPE_BUF]) :]


async def _writable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    try:
        loop.add_writer(descriptor, ready.set)
    except PermissionError:
        return  # a regular file cannot be polled and never blocks (epoll_ctl(2), EPERM)
    try:
        await ready.wait()
    finally:
        loop.remove_writer(descriptor)
