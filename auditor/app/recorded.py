"""A session that is recorded, and one that is played again: the same graph with other seams.

Both leave no trace: their ledger and cache are temporary, and nothing is published but what the caller
asks for. So a recording begins from nothing, as its replay does.
"""

from __future__ import annotations

import json
import random
import secrets
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from prometheus_client import CollectorRegistry

from auditor.app.outside import real_seams
from auditor.app.run import run
from auditor.app.seams import Conduct, Running, Seams
from auditor.config.clusters import Cluster
from auditor.config.document import Configuration
from auditor.config.loading import parse
from auditor.config.outputs import Http, SinkChoice, Store
from auditor.config.repositories import Repository as RepositoryChoice
from auditor.ports import ApiTransport, Repository, Sink
from auditor.recording.format import Header, RecordingFile
from auditor.recording.pace import Pace
from auditor.recording.player import Player
from auditor.recording.quiet import settled_by
from auditor.recording.recorder import Recorder
from auditor.recording.recording_repository import RecordingRepository
from auditor.recording.recording_transport import RecordingTransport
from auditor.telemetry.recording import RecordingEvents

_JUDGING: Final = {"api_version", "clusters", "repositories", "desired", "rules"}
"""The sections that findings depend on."""
_ADDRESSES: Final = {
    "clusters": {"kubeconfig", "context", "inCluster"},
    "repositories": {"url", "credentials", "webhook"},
}
"""Fields that are not recorded, because a replay connects to nothing."""
_NOWHERE: Final = "https://recording.invalid/"
"""Stands for the address of a recorded repository (RFC 6761, 6.4)."""
NDJSON: Final = SinkChoice(name="findings", type="stdout")
"""Every transition as a line on standard output."""


async def record(configuration: Configuration, path: Path) -> None:
    """Run the worker until SIGTERM or SIGINT, and write down what its sources receive.

    Raises:
        ConfigError: the file is there already, or something cannot be used as it is configured.

    """
    seed = secrets.randbits(32)
    with tempfile.TemporaryDirectory(prefix="auditor-record-") as folder:
        traceless = _traceless(configuration, Path(folder), sinks=())
        seams = real_seams(traceless.store.cache)
        header = Header(
            created=seams.clock.now(), configuration=judged_by(configuration), seed=seed
        )
        events = RecordingEvents(CollectorRegistry())
        with Recorder(RecordingFile.create(path, header), seams.clock, events) as recorder:
            await run(traceless, recording_seams(seams, recorder, seed))


async def replay(
    player: Player,
    *,
    pace: Pace,
    sinks: Sequence[SinkChoice] = (NDJSON,),
    more: Sequence[tuple[str, Sink]] = (),
    beside: Conduct | None = None,
) -> None:
    """Run the worker on a recording, to its end; only inside `auditor.recording.quiet.run_quietly`.

    ``beside`` is told of the worker before the first frame.

    Raises:
        ConfigError: the recording does not hold what a worker needs.

    """
    with tempfile.TemporaryDirectory(prefix="auditor-replay-") as folder:
        recorded = configuration_of(player)
        traceless = _traceless(recorded, Path(folder), sinks=tuple(sinks))
        await run(traceless, replay_seams(player, pace, beside), more)


def judged_by(configuration: Configuration) -> dict[str, Any]:
    """The part of a configuration that findings depend on, as a document again."""
    document: dict[str, Any] = configuration.model_dump(
        mode="json", by_alias=True, exclude_defaults=True, include=_JUDGING
    )
    for section, addresses in _ADDRESSES.items():
        for item in document.get(section, ()):
            for field in addresses & item.keys():
                del item[field]
    return document


def configuration_of(player: Player) -> Configuration:
    """The configuration that a recording was made with, as far as findings depend on it.

    Raises:
        ConfigError: this auditor cannot read it.

    """
    document = json.loads(json.dumps(player.index.header.configuration))
    for repository in document.get("repositories", ()):
        repository["url"] = _NOWHERE + repository["name"]
    return parse(json.dumps(document), name="the recording's configuration", folder=Path())


def recording_seams(seams: Seams, recorder: Recorder, seed: int) -> Seams:
    """The same seams with a recorder listening."""

    @asynccontextmanager
    async def cluster(choice: Cluster) -> AsyncIterator[ApiTransport]:
        async with seams.cluster(choice) as inner:
            yield RecordingTransport(inner, recorder, cluster=choice.name)

    @asynccontextmanager
    async def repository(choice: RepositoryChoice) -> AsyncIterator[Repository]:
        async with seams.repository(choice) as inner:
            yield RecordingRepository(inner, recorder)

    return replace(seams, cluster=cluster, repository=repository, jitter=random.Random(seed))  # noqa: S311 - jitter


def replay_seams(player: Player, pace: Pace, beside: Conduct | None) -> Seams:
    """Seams that lead into a recording."""

    @asynccontextmanager
    async def cluster(choice: Cluster) -> AsyncIterator[ApiTransport]:
        yield player.transport(choice.name)

    @asynccontextmanager
    async def repository(choice: RepositoryChoice) -> AsyncIterator[Repository]:
        yield player.repository(choice.name)

    async def conduct(worker: Running) -> None:
        if beside is not None:
            await beside(worker)
        await player.play(settled_by(worker.is_busy), pace)

    return Seams(
        clock=player.clock,
        cluster=cluster,
        repository=repository,
        jitter=random.Random(player.index.header.seed),  # noqa: S311 - jitter
        conduct=conduct,
    )


def _traceless(
    configuration: Configuration, folder: Path, *, sinks: tuple[SinkChoice, ...]
) -> Configuration:
    store = Store(path=folder / "ledger.db", cache=folder / "cache")
    http = Http(listen="127.0.0.1:0")
    return configuration.model_copy(update={"store": store, "sinks": sinks, "http": http})
