"""Watch to verdict: how much of a raw stream's speed is left when every event ends in a verdict.

Three streams of the same Deployments from the same API server, each read in turns as bytes and nothing
else, and by the auditor until every object has its verdict (each is declared, and in sync):

- ``first_list``: the streamed list at a start. Nothing is judged before the list is whole, so reading and
  judging come one after the other.
- ``status_changes``: the status of every object changed, as most events are (for the second time: at the
  first, an object is looked at).
- ``changes``: metadata of every object changed in a way that is no drift, so that every one is judged.

The first is read by kubernetes-asyncio's typed ``Watch`` as well. Changes are made while nobody listens,
and then drained from the API server's cache, which sends faster than anybody could write.
"""

from __future__ import annotations

import asyncio
import json
import logging
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import structlog
from kubernetes_asyncio import client, config, watch
from prometheus_client import CollectorRegistry

from auditor.app.graph import Graph, Memory, open_graph
from auditor.app.outside import real_seams
from auditor.config.clusters import Cluster
from auditor.config.document import Configuration
from auditor.domain.finding import Verdict
from auditor.errors import SourceUnavailable
from auditor.ports import ApiTransport
from auditor.state.ledger import SqliteLedger
from auditor.state.revisions import SqliteRevisions
from benchmarks import fleet
from tests.stack.control_plane import ControlPlane
from tests.stack.workspace import Workspace

COUNT = 10_000
TURNS = 3
_WATCH = {"watch": "1", "allowWatchBookmarks": "true", "timeoutSeconds": "120"}
_STREAMED = _WATCH | {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}
_MERGE = {"Content-Type": "application/merge-patch+json"}
_MANAGER = {"fieldManager": "kube-controller-manager"}


class Gate:
    """A transport whose streams can be cut, and are held back until the gate is open again."""

    def __init__(self, inner: ApiTransport) -> None:
        self._inner = inner
        self._open = asyncio.Event()
        self._open.set()
        self._cuts: set[asyncio.Timeout] = set()
        self.lines = 0

    async def get(self, path: str, params: Mapping[str, str], *, accept: str) -> bytes:
        """Pass on."""
        return await self._inner.get(path, params, accept=accept)

    @asynccontextmanager
    async def stream(
        self, path: str, params: Mapping[str, str], *, accept: str
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """Pass on while the gate is open."""
        await self._open.wait()
        try:
            async with asyncio.timeout(None) as cut:
                self._cuts.add(cut)
                async with self._inner.stream(path, params, accept=accept) as pieces:
                    yield self._counted(pieces)
        except TimeoutError as error:
            raise SourceUnavailable("the gate was shut") from error
        finally:
            self._cuts.discard(cut)

    async def _counted(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for piece in pieces:
            self.lines += piece.count(b"\n")
            yield piece

    def shut(self) -> None:
        """Cut every stream, and hold back new ones."""
        self._open.clear()
        for cut in self._cuts:
            cut.reschedule(0)

    def open(self) -> None:
        """Let streams through, and count from zero."""
        self.lines = 0
        self._open.set()


def measure() -> dict[str, Any]:
    """Events a second of each stream, and what is left of the raw stream's speed."""
    # The parts' own log would cost more than what they do.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with Workspace.temporary() as workspace, tempfile.TemporaryDirectory() as folder:
        cluster = ControlPlane.launch(workspace)
        cluster.stop_controllers()
        cluster.kubectl("create", "namespace", fleet.NAMESPACE)
        asyncio.run(fleet.populate(cluster, 0, COUNT))
        fleet.declare(Path(folder, "fleet"), COUNT)
        turns = [asyncio.run(_turn(cluster, Path(folder), turn)) for turn in range(TURNS)]
    return _summary(turns)


def _summary(turns: list[dict[str, float]]) -> dict[str, Any]:
    seconds = {name: statistics.median(turn[name] for turn in turns) for name in turns[0]}
    result: dict[str, Any] = {
        "events": COUNT,
        "events_per_second": {name: round(COUNT / took) for name, took in seconds.items()},
    }
    for stream in ("first_list", "status_changes", "changes"):
        ratio = seconds[f"{stream}_raw"] / seconds[f"{stream}_auditor"]
        result[f"{stream}_of_raw"] = round(ratio, 2)
    typed = seconds["first_list_typed"] / seconds["first_list_auditor"]
    return result | {"first_list_times_typed_watch": round(typed, 1)}


async def _turn(cluster: ControlPlane, folder: Path, turn: int) -> dict[str, float]:
    taken = {
        "first_list_raw": await _raw(cluster, _STREAMED),
        "first_list_typed": await _typed(cluster),
    }
    async with AsyncExitStack() as stack:
        graph, gate = await _auditor(cluster, folder, stack)
        taken["first_list_auditor"] = await _first_list(graph, stack)
        for number, (name, change) in enumerate(_CHANGES):
            gate.shut()
            since = await _change_all(cluster, change(turn * len(_CHANGES) + number))
            taken[f"{name}_raw"] = await _raw(cluster, _WATCH | {"resourceVersion": since})
            taken[f"{name}_auditor"] = await _drain(graph, gate)
    return taken


async def _raw(cluster: ControlPlane, params: Mapping[str, str]) -> float:
    started, lines = time.perf_counter(), 0
    async with (
        fleet.session_of(cluster) as session,
        session.get(fleet.PATH, params=params) as answer,
    ):
        async for piece in answer.content.iter_any():
            lines += piece.count(b"\n")
            if lines >= COUNT:
                break
    return time.perf_counter() - started


async def _auditor(
    cluster: ControlPlane, folder: Path, stack: AsyncExitStack
) -> tuple[Graph, Gate]:
    """The worker's own graph, Git read, behind a gate."""
    state = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    ledger = await stack.enter_async_context(SqliteLedger.open(state / "ledger.db"))
    memory = Memory(ledger=ledger, revisions=SqliteRevisions(state / "ledger.db"))
    configuration = _configuration(cluster, folder, state)
    real, gates = real_seams(configuration), list[Gate]()

    @asynccontextmanager
    async def gated(choice: Cluster) -> AsyncIterator[ApiTransport]:
        async with real.cluster(choice) as transport:
            gates.append(Gate(transport))
            yield gates[0]

    graph = await stack.enter_async_context(
        open_graph(configuration, replace(real, cluster=gated), memory, CollectorRegistry())
    )
    await graph.git.followers["fleet"].sync_once()
    return graph, gates[0]


async def _first_list(graph: Graph, stack: AsyncExitStack) -> float:
    """Start everything; the time until all are in sync. It goes on until the stack is closed."""
    started = time.perf_counter()
    group = await stack.enter_async_context(asyncio.TaskGroup())
    source = graph.clusters["bench"].source
    tasks = [group.create_task(source.run()), group.create_task(graph.worker.run())]
    stack.callback(lambda: [task.cancel() for task in tasks])
    while graph.knowledge.verdicts.count("bench", Verdict.IN_SYNC) < COUNT:  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    return time.perf_counter() - started


async def _drain(graph: Graph, gate: Gate) -> float:
    """Open the gate; the time until everything that came has its verdict."""
    gate.open()
    while not gate.lines:  # noqa: ASYNC110 - the reflector tries again when its pause is over
        await asyncio.sleep(0.001)
    started = time.perf_counter()
    while gate.lines < COUNT or not graph.queue.idle:  # noqa: ASYNC110
        await asyncio.sleep(0.002)
    return time.perf_counter() - started


def _status(turn: int) -> tuple[str, str]:
    return "/status", json.dumps({"status": {"observedGeneration": turn + 1}})


def _annotation(turn: int) -> tuple[str, str]:
    """What the Deployment controller writes; nobody declares it."""
    annotations = {"deployment.kubernetes.io/revision": str(turn + 1)}
    return "", json.dumps({"metadata": {"annotations": annotations}})


async def _change_all(cluster: ControlPlane, change: tuple[str, str]) -> str:
    """Change every Deployment, and return the resource version before that."""
    numbers = iter(range(COUNT))
    async with fleet.session_of(cluster) as session:
        async with session.get(fleet.PATH, params={"limit": "1"}) as answer:
            since = (await answer.json())["metadata"]["resourceVersion"]
        async with asyncio.TaskGroup() as group:
            for _ in range(24):
                group.create_task(_change(session, numbers, change))
    return str(since)


async def _change(session: aiohttp.ClientSession, numbers: Any, change: tuple[str, str]) -> None:
    below, data = change
    for number in numbers:
        address = f"{fleet.PATH}/app-{number:06d}{below}"
        async with session.patch(address, data=data, params=_MANAGER, headers=_MERGE) as answer:
            answer.raise_for_status()


_CHANGES = (
    ("first_status_changes", _status),
    ("status_changes", _status),
    ("changes", _annotation),
)


def _configuration(cluster: ControlPlane, folder: Path, cache: Path) -> Configuration:
    kubeconfig = str(cluster.kubeconfig)
    return Configuration.model_validate(
        {
            "apiVersion": "auditor/v1",
            "clusters": [{"name": "bench", "kubeconfig": kubeconfig, "kinds": {"include": []}}],
            "repositories": [{"name": "fleet", "url": str(folder / "fleet")}],
            "desired": [{"repository": "fleet", "cluster": "bench"}],
            "store": {"cache": str(cache)},
        }
    )


async def _typed(cluster: ControlPlane) -> float:
    await config.load_kube_config(config_file=str(cluster.kubeconfig))
    started, seen = time.perf_counter(), 0
    async with client.ApiClient() as api, watch.Watch() as stream:
        events = stream.stream(
            client.AppsV1Api(api).list_namespaced_deployment,
            fleet.NAMESPACE,
            send_initial_events=True,
            resource_version_match="NotOlderThan",
            allow_watch_bookmarks=True,
            timeout_seconds=120,
        )
        async for _ in events:
            seen += 1
            if seen >= COUNT:
                break
    return time.perf_counter() - started
