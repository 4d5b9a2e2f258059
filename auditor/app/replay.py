"""A session that is played again: the worker, on what another one received."""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from auditor.app.run import run
from auditor.app.seams import Running, Seams
from auditor.app.traceless import ANY_PORT, traceless
from auditor.config.clusters import Cluster
from auditor.config.document import Configuration
from auditor.config.loading import parse
from auditor.config.outputs import SinkChoice
from auditor.config.repositories import Repository as RepositoryChoice
from auditor.domain.report import Report
from auditor.ports import ApiTransport, Repository
from auditor.ports.delivery import Sink
from auditor.recording.pace import Pace
from auditor.recording.player import Player
from auditor.recording.quiet import run_quietly, settled_by

_NOWHERE: Final = "https://recording.invalid/"
"""Stands for the address of a recorded repository (RFC 6761, 6.4)."""
NDJSON: Final = SinkChoice(name="findings", type="stdout")
"""Every transition as a line on standard output."""

Around = Callable[[Running], AbstractAsyncContextManager[None]]
"""What happens beside a replay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """How a replay is seen: ``around`` is entered before the first frame and left after the last."""

    around: Around
    sinks: Sequence[SinkChoice] = ()
    more: Sequence[tuple[str, Sink]] = ()
    listen: str = ANY_PORT


def replay(file: Path, *, speed: float | None = None, events: bool = False) -> Report:
    """Run the worker on a recording, to its end, and report what is open then.

    ``speed`` is in recorded seconds a second, and ``None`` as fast as it goes. With ``events`` every
    transition is written to standard output when it happens.

    Raises:
        ConfigError: the file is no recording, or holds what this auditor cannot read.

    """
    reports: list[Report] = []

    @asynccontextmanager
    async def keeping_the_report(worker: Running) -> AsyncIterator[None]:
        yield
        reports.append(worker.report())

    showing = Showing(around=keeping_the_report, sinks=(NDJSON,) if events else ())
    run_quietly(play(Player(file), Pace(speed), showing))
    return reports[0] if reports else Report(problems=("the replay was ended before its time",))


async def play(player: Player, pace: Pace, showing: Showing) -> None:
    """Run the worker on a recording; only inside `run_quietly`.

    Raises:
        ConfigError: the recording holds what this auditor cannot read.

    """
    with tempfile.TemporaryDirectory(prefix="auditor-replay-") as folder:
        apart = traceless(
            configuration_of(player), Path(folder), sinks=showing.sinks, listen=showing.listen
        )
        await run(apart, replay_seams(player, pace, showing.around), showing.more)


def configuration_of(player: Player) -> Configuration:
    """The configuration that a recording was made with, as far as findings depend on it.

    Raises:
        ConfigError: this auditor cannot read it.

    """
    document = json.loads(json.dumps(player.index.header.configuration))
    for repository in document.get("repositories", ()):
        repository["url"] = _NOWHERE + repository["name"]
    document["charts"] = {"allow": []}
    return parse(json.dumps(document), name="the recording's configuration", folder=Path())


def replay_seams(player: Player, pace: Pace, around: Around) -> Seams:
    """Seams that lead into a recording."""

    @asynccontextmanager
    async def cluster(choice: Cluster) -> AsyncIterator[ApiTransport]:
        yield player.transport(choice.name)

    @asynccontextmanager
    async def repository(choice: RepositoryChoice) -> AsyncIterator[Repository]:
        yield player.repository(choice.name)

    async def conduct(worker: Running) -> None:
        async with around(worker):
            await player.play(settled_by(worker.is_busy), pace)

    return Seams(
        clock=player.clock,
        cluster=cluster,
        repository=repository,
        renderer=player.renderer,
        jitter=random.Random(player.index.header.seed),  # noqa: S311 - jitter
        conduct=conduct,
    )
