"""What the reflectors of one cluster share: the connection, time, and what was learned of the server.

Whether the cluster can be heard at all is known only over all reflectors: one kind that fails says nothing
about the cluster, and all of them failing says everything.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from auditor.ports import Clock
from auditor.sources.kubernetes.watchdog import Watchdog
from auditor.telemetry.cluster import ClusterEvents
from auditor.telemetry.sources import SourceEvents

JSON: Final = "application/json"
METADATA_ONLY: Final = (
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"
)
"""https://kubernetes.io/docs/reference/using-api/api-concepts/#alternate-representations-of-resources"""
LISTS_AT_ONCE: Final = 3


class Health:
    """Who of those that talk to a cluster cannot, and for how long that is borne.

    ``stale_after`` is how long something may not be known for certain before it is doubted.
    """

    def __init__(
        self, cluster: str, clock: Clock, events: SourceEvents, stale_after: timedelta
    ) -> None:
        self.stale_after = stale_after.total_seconds()
        self._source = f"cluster/{cluster}"
        self._clock = clock
        self._events = events
        self._well: dict[str, bool] = {}

    def heard(self, who: str) -> None:
        """Something came from the cluster."""
        self._events.source_heard(self._source, self._clock.now())
        if not self._well.get(who):
            self._well[who] = True
            self._events.source_up(self._source)

    def failed(self, who: str, error: Exception) -> None:
        """One of them failed; when nobody is well, the cluster is down."""
        self._well[who] = False
        if not any(self._well.values()):
            self._events.source_down(self._source, str(error))

    def left(self, who: str) -> None:
        """One of them is no more."""
        self._well.pop(who, None)


@dataclass(slots=True, kw_only=True)
class Lists:
    """How the server is asked for lists.

    ``slots`` is held while a kind is listed, so that a start does not ask for everything at once.
    ``streamed``: the server streams lists (WatchList); found out by asking.
    """

    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(LISTS_AT_ONCE))
    streamed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One cluster, as its reflectors see it."""

    cluster: str
    transport: Watchdog
    clock: Clock
    jitter: random.Random
    events: ClusterEvents
    health: Health
    lists: Lists = field(default_factory=Lists)
