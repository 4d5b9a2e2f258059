"""Where the auditor meets the outside: time, chance, clusters, repositories.

A run uses the real ones, a recording wraps them, a replay brings its own; everything else is the same
graph of parts. It refuses to know which of them it is.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from auditor.config.clusters import Cluster
from auditor.config.repositories import Repository as RepositoryChoice
from auditor.domain.report import Report
from auditor.ports import ApiTransport, Clock, Renderer, Repository

OpenCluster = Callable[[Cluster], AbstractAsyncContextManager[ApiTransport]]
OpenRepository = Callable[[RepositoryChoice], AbstractAsyncContextManager[Repository]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What is known of a worker that runs: where it listens, whether it has work, what it knows."""

    url: str
    is_busy: Callable[[], bool]
    report: Callable[[], Report]


Conduct = Callable[[Running], Awaitable[None]]
"""Goes on beside the worker, which ends when this returns."""


async def endlessly(_worker: Running) -> None:
    """Let the worker run until it is told to stop."""
    await asyncio.Event().wait()


def _nothing() -> None:
    """Take no note."""


def _itself(renderer: Renderer) -> Renderer:
    return renderer


@dataclass(frozen=True, slots=True, kw_only=True)
class Seams:
    """What is different between a run, a recorded run and a replay.

    ``beat`` is for how long changes gather that come in a row, in seconds. ``settled`` is called when most of
    what a worker holds is there: all parts, and then all objects.
    """

    clock: Clock
    cluster: OpenCluster
    repository: OpenRepository
    jitter: random.Random = field(default_factory=random.Random)
    conduct: Conduct = endlessly
    beat: float = 0.0
    settled: Callable[[], None] = _nothing
    renderer: Callable[[Renderer], Renderer] = _itself
