"""One reflector, or one cluster source, on a scripted API server and a clock that a test moves."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from prometheus_client import CollectorRegistry

from auditor.domain.identity import GroupVersionKind, ObjectRef
from auditor.domain.pair import Doubt
from auditor.ports import ApiTransport, Clock
from auditor.sources.kubernetes.link import Health, Link
from auditor.sources.kubernetes.outlet import Outlet
from auditor.sources.kubernetes.reflector import Reflector
from auditor.sources.kubernetes.target import Target
from auditor.sources.kubernetes.watchdog import SILENCE, Watchdog
from auditor.state.actual import ActualState
from auditor.state.scalers import Scalers
from auditor.telemetry.cluster import ClusterEvents
from auditor.telemetry.sources import SourceEvents
from tests.builders import CLUSTER, ref
from tests.doubles import FakeClock
from tests.doubles_kubernetes import ScriptedApi

TARGET = Target(gvk=GroupVersionKind("apps", "v1", "Deployment"), resource="deployments")
STALE_AFTER = 60.0


class Rig:
    """Everything around the part under test, and what it was told."""

    def __init__(self, transport: ApiTransport, clock: Clock, *, silence: float = SILENCE) -> None:
        self.registry = CollectorRegistry()
        self.actual = ActualState(CLUSTER)
        self.scalers = Scalers()
        self.noticed: list[ObjectRef] = []
        self.declared: list[ObjectRef] = []
        self.outlet = Outlet(
            self.actual,
            self.scalers,
            notice=self.noticed.extend,
            declared=lambda kind: [ref for ref in self.declared if ref.group_kind == kind],
        )
        sources = SourceEvents(self.registry)
        self.link = Link(
            cluster=CLUSTER,
            transport=Watchdog(transport, clock, silence=silence),
            clock=clock,
            jitter=random.Random(1),
            events=ClusterEvents(self.registry),
            health=Health(CLUSTER, clock, sources, timedelta(seconds=STALE_AFTER)),
        )

    def reflector(self, target: Target = TARGET) -> Reflector:
        return Reflector(target, self.link, self.outlet.intake(target, self.link))

    def names(self) -> set[str]:
        """The names of what is held."""
        return {ref.name for ref in self.actual.refs()}

    def doubt(self, name: str = "web") -> Doubt | None:
        return self.actual.doubt(ref(name=name))

    def metric(self, name: str, **labels: str) -> float:
        value = self.registry.get_sample_value(name, labels)
        return 0.0 if value is None else value


@asynccontextmanager
async def running(*parts: Callable[[], Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """Run something beside the test, and end it with the test."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(part()) for part in parts]
        yield
        for task in tasks:
            task.cancel()


async def eventually(condition: Callable[[], object]) -> None:
    """Let others run until something is true."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - not every condition has an event
            await asyncio.sleep(0)


def rig() -> tuple[Rig, ScriptedApi, FakeClock]:
    """A rig on a scripted API server."""
    api, clock = ScriptedApi(), FakeClock()
    return Rig(api, clock), api, clock
