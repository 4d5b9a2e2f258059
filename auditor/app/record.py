"""A session that is recorded: the worker, with a recorder listening at its sources."""

from __future__ import annotations

import random
import secrets
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from prometheus_client import CollectorRegistry

from auditor.app.outside import real_seams
from auditor.app.run import run
from auditor.app.seams import Conduct, Running, Seams, endlessly
from auditor.app.traceless import traceless
from auditor.config.clusters import Cluster
from auditor.config.document import Configuration
from auditor.config.repositories import Repository as RepositoryChoice
from auditor.ports import ApiTransport, Clock, Repository
from auditor.recording.format import Header, RecordingFile
from auditor.recording.recorder import Recorder
from auditor.recording.recording_repository import RecordingRepository
from auditor.recording.recording_transport import RecordingTransport
from auditor.recording.renderings import RecordingRenderer
from auditor.state.atlas import plain_url
from auditor.telemetry.recording import RecordingEvents

_JUDGING: Final = {"api_version", "clusters", "repositories", "desired", "rules"}
"""The sections that findings depend on."""
_ADDRESSES: Final = {
    "clusters": {"kubeconfig", "context", "inCluster"},
    "repositories": {"url", "credentials", "webhook"},
}
"""Fields that are not recorded, because a replay connects to nothing."""


async def record(
    configuration: Configuration, path: Path, *, duration: timedelta | None = None
) -> None:
    """Run the worker until SIGTERM or SIGINT, or for a time, and write down what its sources receive.

    It runs apart from any other worker, with a ledger of its own, and publishes nothing: a recording
    begins from nothing, as its replay does.

    Raises:
        ConfigError: the file is there already, or something cannot be used as it is configured.

    """
    seed = secrets.randbits(32)
    with tempfile.TemporaryDirectory(prefix="auditor-record-") as folder:
        apart = traceless(configuration, Path(folder))
        seams = real_seams(apart)
        header = Header(
            created=seams.clock.now(), configuration=judged_by(configuration), seed=seed
        )
        events = RecordingEvents(CollectorRegistry())
        with Recorder(RecordingFile.create(path, header), seams.clock, events) as recorder:
            recorded = recording_seams(seams, recorder, seed)
            await run(apart, replace(recorded, conduct=_for(duration, seams.clock)))


def _for(duration: timedelta | None, clock: Clock) -> Conduct:
    async def conduct(_worker: Running) -> None:
        if duration is not None:
            await clock.sleep(duration.total_seconds())

    return endlessly if duration is None else conduct


def judged_by(configuration: Configuration) -> dict[str, Any]:
    """The part of a configuration that findings depend on, as a document again.

    Where owners are followed, that is also what they call repositories: their addresses, without users.
    """
    document: dict[str, Any] = configuration.model_dump(
        mode="json", by_alias=True, exclude_defaults=True, include=_JUDGING
    )
    for section, addresses in _ADDRESSES.items():
        for item in document.get(section, ()):
            for field in addresses & item.keys():
                del item[field]
    if any(root.discover for root in configuration.desired):
        for item, repository in zip(
            document.get("repositories", ()), configuration.repositories, strict=True
        ):
            item["aliases"] = [*repository.aliases, *_named(repository.url)]
    return document


def _named(url: str) -> Iterator[str]:
    """An address as owners may write it; a folder of this machine is named by nobody."""
    plain = plain_url(url)
    if not plain.startswith("/"):
        yield f"https://{plain}"


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

    return replace(
        seams,
        cluster=cluster,
        repository=repository,
        renderer=partial(RecordingRenderer, recorder=recorder),
        jitter=random.Random(seed),  # noqa: S311 - jitter
    )
