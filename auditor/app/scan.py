"""The same audit once: everything is looked at, and the report says what was found."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path

from auditor.app.graph import Graph, Memory, open_graph
from auditor.app.outside import real_seams
from auditor.app.reporting import report_of
from auditor.app.repositories import GitSide
from auditor.app.run import ledger_settings, new_registry
from auditor.app.seams import Seams
from auditor.config.document import Configuration
from auditor.domain.report import Report
from auditor.errors import RetryableError, TerminalError
from auditor.ports import Clock
from auditor.sources.git.following import DEEPEST
from auditor.state.ledger import SqliteLedger
from auditor.state.revisions import SqliteRevisions

Progress = Callable[[str], None]
"""Told what is being done, in words for a person."""


def silently(_what: str) -> None:
    """Tell nobody."""


async def scan(
    configuration: Configuration, *, seams: Seams | None = None, progress: Progress = silently
) -> Report:
    """Audit everything once. Nothing is kept and nothing announced: a worker may run beside it.

    What cannot be looked at is unknown, and one of the report's problems.

    Raises:
        ConfigError: something cannot be used as it is configured.
        PluginError: something that is configured is not installed.

    """
    async with once(configuration, seams) as audit:
        await audit.look(progress)
        return audit.report()


@asynccontextmanager
async def once(configuration: Configuration, seams: Seams | None = None) -> AsyncIterator[Audit]:
    """Open the parts of one audit, with a ledger that is thrown away."""
    seams = seams or real_seams(configuration)
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="auditor-"))
        path = Path(folder, "ledger.db")
        ledger = await stack.enter_async_context(
            SqliteLedger.open(path, ledger_settings(configuration))
        )
        memory = Memory(ledger=ledger, revisions=SqliteRevisions(path))
        graph = await stack.enter_async_context(
            open_graph(configuration, seams, memory, new_registry())
        )
        yield Audit(graph, seams.clock)


class Audit:
    """One look at everything."""

    def __init__(self, graph: Graph, clock: Clock) -> None:
        self.graph = graph
        self._clock = clock
        self._problems: list[str] = []

    def now(self) -> datetime:
        """The moment by which things are judged."""
        return self._clock.now()

    async def look(self, progress: Progress) -> None:
        """Read Git, list the clusters, and judge every object."""
        git = self.graph.git
        for name, cluster in self.graph.clusters.items():
            progress(f"asking cluster {name} what it serves")
            with suppress(RetryableError):  # it is told by the listing, which fails alike
                await cluster.source.ask()
        for name, follower in git.followers.items():
            progress(f"reading repository {name}")
            await self._attempt(f"repository {name}", follower.sync_once)
        for name, cluster in self.graph.clusters.items():
            progress(f"listing cluster {name}")
            await self._attempt(f"cluster {name}", cluster.source.list_once)
        if git.forest.discovers:
            progress("following owners")
            await self._attempt("owners", partial(git.forest.grow, self._clock.now()))
            await self._seek(git)
        self._problems += git.forest.problems()
        self.graph.queue.add(self.graph.everything())
        progress(f"comparing {self.graph.queue.depth} objects")
        while not self.graph.queue.idle:
            await self.graph.worker.step()
            await asyncio.sleep(0)

    async def _seek(self, git: GitSide) -> None:
        """Look again at repositories of which owners ask for more, as long as that leads on."""
        before: frozenset[str] = frozenset()
        for _ in range(DEEPEST):
            ahead = git.forest.unseen()
            if ahead <= before:
                return
            for name in sorted(ahead):
                await self._attempt(f"repository {name}", git.followers[name].sync_once)
            before = git.forest.unseen() & ahead

    def report(self) -> Report:
        """What was found."""
        return report_of(self.graph.knowledge, self._problems)

    async def _attempt(self, what: str, look: Callable[[], Awaitable[None]]) -> None:
        """What fails leaves its objects unknown; the rest is looked at all the same."""
        try:
            await look()
        except* (RetryableError, TerminalError) as failures:
            self._problems += [f"{what}: {failure}" for failure in _leaves(failures)]


def _leaves(group: ExceptionGroup[Exception]) -> list[Exception]:
    found: list[Exception] = []
    for error in group.exceptions:
        found += _leaves(error) if isinstance(error, ExceptionGroup) else [error]
    return found
