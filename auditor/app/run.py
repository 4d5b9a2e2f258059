"""The worker: everything running together until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, suppress
from functools import partial
from typing import Final

from prometheus_client import CollectorRegistry, Gauge, GCCollector, PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from auditor import __version__
from auditor.app.answers import WorkerAnswers
from auditor.app.graph import Graph, Memory, open_graph
from auditor.app.outputs import Outputs, Workplace, build_outputs
from auditor.app.outside import real_seams
from auditor.app.reporting import report_of
from auditor.app.seams import Running, Seams
from auditor.config.document import Configuration
from auditor.domain.lifecycle import Flapping
from auditor.pipeline.rounds import Rounds
from auditor.pipeline.supervisor import Supervisor, Task
from auditor.ports.delivery import Sink
from auditor.state.ledger import LedgerSettings, Retention, SqliteLedger
from auditor.state.revisions import SqliteRevisions

_DRAINING: Final = 5.0
"""Seconds that what is on record gets to be announced before the worker ends."""


async def run(
    configuration: Configuration,
    seams: Seams | None = None,
    more: Sequence[tuple[str, Sink]] = (),
) -> None:
    """Run the worker until SIGTERM or SIGINT, or until it is cancelled.

    Raises:
        ConfigError: something cannot be used as it is configured.
        PluginError: something that is configured is not installed.

    """
    seams = seams or real_seams(configuration)
    async with AsyncExitStack() as stack:
        worker = await _RunningWorker.open(configuration, seams, stack, more)
        await worker.serve(_until_signalled())


def ledger_settings(configuration: Configuration) -> LedgerSettings:
    """What the configuration says about the ledger."""
    contested = configuration.rules.contested
    return LedgerSettings(
        flapping=Flapping(
            openings=contested.openings, window=contested.window, quiet=contested.quiet
        ),
        retention=Retention(resolved=configuration.store.retention),
    )


def new_registry() -> CollectorRegistry:
    """Make a registry that knows the process and the version."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    build = Gauge("auditor_build_info", "What runs.", ["version"], registry=registry)
    build.labels(__version__).set(1)
    return registry


class _RunningWorker:
    """The tasks of a worker, and the order in which they end."""

    def __init__(
        self,
        graph: Graph,
        outputs: Outputs,
        supervisor: Supervisor,
        *,
        seams: Seams,
        running: Running,
    ) -> None:
        self._graph = graph
        self._outputs = outputs
        self._supervisor = supervisor
        self._rounds = Rounds(graph.queue, seams.clock, seams.jitter)
        self._conduct = partial(seams.conduct, running)
        self._beat = seams.beat
        self.ticking = [graph.tick]

    @classmethod
    async def open(
        cls,
        configuration: Configuration,
        seams: Seams,
        stack: AsyncExitStack,
        more: Sequence[tuple[str, Sink]],
    ) -> _RunningWorker:
        """Open everything that must be closed again."""
        store, registry = configuration.store, new_registry()
        ledger = await stack.enter_async_context(
            SqliteLedger.open(store.path, ledger_settings(configuration))
        )
        memory = Memory(ledger=ledger, revisions=SqliteRevisions(store.path))
        graph = await stack.enter_async_context(open_graph(configuration, seams, memory, registry))
        supervisor = Supervisor(seams.clock, graph.signals.pipeline, seams.jitter)
        place = Workplace(
            configuration=configuration, seams=seams, registry=registry, ledger=ledger
        )
        answers = WorkerAnswers(graph, ledger, settled=seams.settled)
        outputs = build_outputs(place, answers, supervisor, poke=_poker(graph), more=more)
        await stack.enter_async_context(outputs.server)
        url = await outputs.server.listen(configuration.http.host, configuration.http.port)
        running = Running(
            url=url,
            is_busy=lambda: not graph.queue.idle or ledger.outbox.backlog().depth > 0,
            report=lambda: report_of(graph.knowledge, tuple(graph.git.problems())),
        )
        worker = cls(graph, outputs, supervisor, seams=seams, running=running)
        worker.ticking.append(answers.tick)
        seams.settled()
        return worker

    async def serve(self, stop: asyncio.Event) -> None:
        """Work until told to stop; then stop noticing, announce what is on record, and end."""
        async with asyncio.TaskGroup() as group:
            delivering = group.create_task(self._deliver(), name="publisher")
            working = group.create_task(self._supervisor.run(self._tasks()), name="worker")
            conducting = group.create_task(self._conduct_until(stop), name="conductor")
            await stop.wait()
            conducting.cancel()
            working.cancel()
            await asyncio.wait([working])
            with suppress(TimeoutError):
                async with asyncio.timeout(_DRAINING):
                    await self._outputs.publisher.drain()
            delivering.cancel()

    async def _conduct_until(self, stop: asyncio.Event) -> None:
        await self._conduct()
        stop.set()

    async def _deliver(self) -> None:
        await self._supervisor.run({"publisher": self._outputs.publisher.run})

    def _tick(self) -> None:
        for tick in self.ticking:
            tick()

    def _tasks(self) -> dict[str, Task]:
        graph = self._graph
        tasks: dict[str, Task] = {
            "worker": partial(graph.worker.run, beat=self._beat),
            "agenda": lambda: self._rounds.tick(self._tick),
            "resync": lambda: self._rounds.resync(graph.everything),
        }
        tasks |= {f"repository/{name}": one.run for name, one in graph.git.followers.items()}
        tasks["owners"] = graph.git.follow_news
        confirmers = graph.knowledge.confirmers
        tasks |= {f"confirmer/{name}": one.run for name, one in confirmers.items()}
        return tasks | {f"cluster/{name}": one.source.run for name, one in graph.clusters.items()}


def _poker(graph: Graph) -> Callable[[str], None]:
    def poke(repository: str) -> None:
        follower = graph.git.followers.get(repository)
        if follower is not None:
            follower.poke()

    return poke


def _until_signalled() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop
