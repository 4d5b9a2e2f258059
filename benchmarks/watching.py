"""Watch to verdict: how much of a raw stream's speed is left when every object is judged.

Three ways to read the same streamed list of Deployments from the same API server, taking turns: bytes and
nothing else; the auditor, to the verdict of every object (each is declared, and in sync); and
kubernetes-asyncio's typed ``Watch``.
"""

from __future__ import annotations

import asyncio
import logging
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import structlog
from kubernetes_asyncio import client, config, watch
from prometheus_client import CollectorRegistry

from auditor.app.graph import Graph, Memory, open_graph
from auditor.app.outside import real_seams
from auditor.config.document import Configuration
from auditor.domain.finding import Verdict
from auditor.state.ledger import SqliteLedger
from auditor.state.revisions import SqliteRevisions
from benchmarks import fleet
from tests.stack.control_plane import ControlPlane
from tests.stack.workspace import Workspace

COUNT = 5000
TURNS = 3
_STREAMED = {
    "watch": "1",
    "sendInitialEvents": "true",
    "resourceVersionMatch": "NotOlderThan",
    "allowWatchBookmarks": "true",
    "timeoutSeconds": "120",
}


def measure() -> dict[str, Any]:
    """Run all three in turns; seconds for `COUNT` events, and the two ratios."""
    # The parts' own log would cost more than what they do.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with Workspace.temporary() as workspace, tempfile.TemporaryDirectory() as folder:
        cluster = ControlPlane.launch(workspace)
        cluster.stop_controllers()
        cluster.kubectl("create", "namespace", fleet.NAMESPACE)
        asyncio.run(fleet.populate(cluster, 0, COUNT))
        fleet.declare(Path(folder, "fleet"), COUNT)
        turns = [asyncio.run(_turn(cluster, Path(folder))) for _ in range(TURNS)]
    median = {name: statistics.median(turn[name] for turn in turns) for name in turns[0]}
    return {
        "events": COUNT,
        "events_per_second": {name: round(COUNT / seconds) for name, seconds in median.items()},
        "of_raw_drain": round(median["raw"] / median["auditor"], 2),
        "times_typed_watch": round(median["typed"] / median["auditor"], 1),
    }


async def _turn(cluster: ControlPlane, folder: Path) -> dict[str, float]:
    return {
        "raw": await _raw(cluster),
        "auditor": await _auditor(cluster, folder),
        "typed": await _typed(cluster),
    }


async def _raw(cluster: ControlPlane) -> float:
    started, lines, end = time.perf_counter(), 0, b"k8s.io/initial-events-end"
    async with (
        fleet.session_of(cluster) as session,
        session.get(fleet.PATH, params=_STREAMED) as answer,
    ):
        async for piece in answer.content.iter_any():
            lines += piece.count(b"\n")
            if end in piece and lines > COUNT:
                break
    return time.perf_counter() - started


async def _auditor(cluster: ControlPlane, folder: Path) -> float:
    with tempfile.TemporaryDirectory() as state:
        path = Path(state, "ledger.db")
        async with SqliteLedger.open(path) as ledger:
            memory = Memory(ledger=ledger, revisions=SqliteRevisions(path))
            configuration = _configuration(cluster, folder, Path(state))
            seams = real_seams(configuration)
            async with open_graph(configuration, seams, memory, CollectorRegistry()) as graph:
                await graph.followers["fleet"].sync_once()
                await _learn_schemas(graph)
                return await _until_judged(graph)


async def _learn_schemas(graph: Graph) -> None:
    """Let the one-off costs of a start (discovery, schemas) be paid before the clock starts."""
    source = graph.clusters["bench"].source
    await source.list_once()
    while not graph.queue.idle:
        await graph.worker.step()
    for ref in list(graph.clusters["bench"].state.actual.refs()):
        kinds = graph.clusters["bench"].state.actual.kinds.values()
        for kind in kinds:
            kind.delete(ref.namespace, ref.name)


async def _until_judged(graph: Graph) -> float:
    known = graph.knowledge.verdicts
    judged, all_judged = 0, asyncio.Event()
    note = known.note

    def counting(outcome: Any) -> None:
        nonlocal judged
        judged += outcome.verdict is Verdict.IN_SYNC
        note(outcome)
        if judged >= COUNT:
            all_judged.set()

    known.note = counting  # type: ignore[method-assign] # counts what is judged from now on
    started = time.perf_counter()
    tasks = [
        asyncio.ensure_future(graph.clusters["bench"].source.run()),
        asyncio.ensure_future(graph.worker.run()),
    ]
    await all_judged.wait()
    seconds = time.perf_counter() - started
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    return seconds


def _configuration(cluster: ControlPlane, folder: Path, cache: Path) -> Configuration:
    return Configuration.model_validate(
        {
            "apiVersion": "auditor/v1",
            "clusters": [
                {
                    "name": "bench",
                    "kubeconfig": str(cluster.kubeconfig),
                    "kinds": {"include": []},
                }
            ],
            "repositories": [{"name": "fleet", "url": str(folder / "fleet")}],
            "desired": [{"repository": "fleet", "cluster": "bench", "renderer": "plain"}],
            "store": {"cache": str(cache)},
        }
    )


async def _typed(cluster: ControlPlane) -> float:
    await config.load_kube_config(config_file=str(cluster.kubeconfig))
    started, seen = time.perf_counter(), 0
    async with client.ApiClient() as api, watch.Watch() as stream:
        listing = client.AppsV1Api(api).list_namespaced_deployment
        events = stream.stream(
            listing,
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
