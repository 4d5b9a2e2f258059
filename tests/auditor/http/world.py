"""A running server with a worker's knowledge made up, and a client for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from prometheus_client import CollectorRegistry

from auditor.domain.finding import Announcement, State, Suppression, TrackedFinding, Verdict
from auditor.domain.identity import ObjectRef
from auditor.domain.pair import Doubt
from auditor.domain.report import Summary
from auditor.errors import StoreUnavailable
from auditor.http.answers import Condition
from auditor.http.api import Api
from auditor.http.broadcast import Broadcast
from auditor.http.health import Health
from auditor.http.hooks import HookKey, Hooks, HookSettings
from auditor.http.server import HttpServer, Part
from auditor.telemetry.http import HttpEvents
from tests.doubles import FakeClock
from tests.findings import announcement


@dataclass
class Known:
    """What the worker knows, as a test sets it."""

    tracked: list[TrackedFinding] = field(default_factory=list)
    standings: list[tuple[ObjectRef, Verdict, Doubt | None]] = field(default_factory=list)
    hidden: list[tuple[ObjectRef, Suppression]] = field(default_factory=list)
    waits_for: dict[str, str] = field(default_factory=dict)
    readable: bool = True

    def conditions(self) -> Sequence[Condition]:
        return [
            Condition(name="ledger", met="ledger" not in self.waits_for, reason="loaded"),
            *(Condition(name=n, met=False, reason=r) for n, r in self.waits_for.items()),
        ]

    def summary(self) -> Summary:
        return Summary.of(verdict for _, verdict, _ in self.standings)

    def objects(self) -> Iterable[tuple[ObjectRef, Verdict, Doubt | None]]:
        return iter(self.standings)

    def suppressed(self) -> Iterable[tuple[ObjectRef, Suppression]]:
        return iter(self.hidden)

    async def findings(self, state: State) -> Sequence[TrackedFinding]:
        if not self.readable:
            raise StoreUnavailable("the disk is away")
        return [one for one in self.tracked if one.state is state]

    async def find(self, fingerprint: str) -> Sequence[TrackedFinding]:
        return [one for one in self.tracked if one.fingerprint.startswith(fingerprint)]

    async def history(self, fingerprint: str) -> Sequence[Announcement]:
        return [announcement(1)] if self.tracked[0].fingerprint == fingerprint else []


@dataclass
class World:
    """A server on a free port."""

    known: Known = field(default_factory=Known)
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    clock: FakeClock = field(default_factory=FakeClock)
    poked: list[str] = field(default_factory=list)
    broadcast: Broadcast = field(init=False)
    address: str = ""

    @asynccontextmanager
    async def serving(
        self,
        keys: Mapping[str, tuple[HookKey, ...]] | None = None,
        remotes: Mapping[str, str] | None = None,
        *,
        heartbeat: float = 15,
    ) -> AsyncIterator[aiohttp.ClientSession]:
        """Run the server, and yield a client whose paths start at it."""
        events = HttpEvents(self.registry)
        self.broadcast = Broadcast(events, kept=10)
        settings = HookSettings(keys=keys or {}, remotes=remotes or {}, poke=self.poked.append)
        parts: list[Part] = [
            Health(self.known, self.registry),
            Api(self.known, self.broadcast, heartbeat=heartbeat),
            Hooks(settings, self.clock, events),
        ]
        async with HttpServer(parts, self.broadcast, events) as server:
            self.address = await server.listen("127.0.0.1", 0)
            async with aiohttp.ClientSession(self.address) as session:
                yield session

    def sample(self, name: str, **labels: str) -> float:
        """The value of a metric; 0 where it has not moved."""
        return self.registry.get_sample_value(name, labels) or 0
