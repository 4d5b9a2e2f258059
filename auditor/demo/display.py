"""A sink that keeps a board up to date, and the terminal that shows it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.live import Live

from auditor.demo.board import Board, Moment
from auditor.domain.finding import Announcement
from auditor.ports.delivery import Resume

_REFRESH: Final = 0.1
"""Seconds between two pictures."""


class BoardSink:
    """Puts every transition on a board."""

    durable = False

    def __init__(self, board: Board) -> None:
        self._board = board

    async def open(self, resume: Resume) -> frozenset[str]:  # noqa: ARG002 - the port's
        """Begin with an empty board."""
        return frozenset()

    async def publish(self, batch: Sequence[Announcement]) -> str | None:
        """Put a batch on the board."""
        self._board.take(batch)
        return None

    async def close(self) -> None:
        """Leave the board as it is."""


class Display:
    """A board on a terminal."""

    def __init__(self, board: Board, console: Console) -> None:
        self._board = board
        self._console = console
        self._live = Live(console=console, auto_refresh=False, vertical_overflow="crop")

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show it; what is shown last stays, with a closing word."""
        with self._live:
            yield
        self._console.print(self._board.closing())

    async def keep(self, moment: Callable[[], Moment]) -> None:
        """Draw it again and again, until cancelled."""
        while True:
            self.draw(moment())
            await asyncio.sleep(_REFRESH)

    def draw(self, moment: Moment) -> None:
        """Draw it now."""
        picture = self._board.draw(moment, height=self._console.height)
        self._live.update(picture, refresh=True)
