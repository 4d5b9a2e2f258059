"""The worker on the recording that comes with it, in a view for people or as a stream for programs."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from rich.console import Console

from auditor.app.replay import NDJSON, Around, Showing, play
from auditor.app.seams import Running
from auditor.demo.board import Board, Moment
from auditor.demo.display import BoardSink, Display
from auditor.demo.story import recording, story, told
from auditor.recording.pace import Pace
from auditor.recording.player import Player
from auditor.recording.quiet import run_quietly
from auditor.telemetry.logs import configure_logging

_SHOWN: float = 25.0
"""Seconds that the session takes on a terminal, unless asked otherwise."""


def demo(*, listen: str = "127.0.0.1:0", speed: float | None = None) -> None:
    """Play the recorded session; ``speed`` in recorded seconds a second, 0 as fast as it goes.

    Raises:
        ConfigError: the address to listen on is taken.

    """
    configure_logging(sys.stderr, level="error")
    with recording() as path:
        player = Player(path)
        if sys.stdout.isatty():
            usual = player.index.length / _SHOWN
            _show(player, Pace(usual if speed is None else speed or None), listen)
        else:
            pace = Pace(speed or None)
            run_quietly(play(player, pace, Showing(around=_alone, sinks=(NDJSON,), listen=listen)))


@asynccontextmanager
async def _alone(_worker: Running) -> AsyncIterator[None]:
    yield


def _show(player: Player, pace: Pace, listen: str) -> None:
    board = Board()
    display = Display(board, Console())
    sinks = (("board", BoardSink(board)),)
    around = _beside(player, board, display)
    with display.shown():
        run_quietly(play(player, pace, Showing(around=around, more=sinks, listen=listen)))


def _beside(player: Player, board: Board, display: Display) -> Around:
    """Draw the board as long as the replay goes on, and once more in the end."""
    lines = story()

    @asynccontextmanager
    async def drawing(worker: Running) -> AsyncIterator[None]:
        def moment() -> Moment:
            return Moment(
                now=player.clock.now(),
                told=told(lines, player.clock.monotonic()),
                summary=worker.report().summary,
            )

        board.url = worker.url
        async with asyncio.TaskGroup() as group:
            pictures = group.create_task(display.keep(moment), name="display")
            yield
            pictures.cancel()
        display.draw(moment())

    return drawing
