"""Where the auditor meets the outside: time, chance, clusters, repositories.

A run uses the real ones, a recording wraps them, a replay brings its own; everything else is the same
graph of parts. It refuses to know which of them it is.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from auditor.config.clusters import Cluster
from auditor.config.repositories import Repository as RepositoryChoice
from auditor.ports import ApiTransport, Clock, Repository

OpenCluster = Callable[[Cluster], AbstractAsyncContextManager[ApiTransport]]
OpenRepository = Callable[[RepositoryChoice], AbstractAsyncContextManager[Repository]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seams:
    """What is different between a run, a recorded run and a replay."""

    clock: Clock
    cluster: OpenCluster
    repository: OpenRepository
    jitter: random.Random = field(default_factory=random.Random)
