"""From API write to acknowledged Kafka record, CPU a change, and memory, by the number of objects.

A worker process, as a user starts it, audits a fleet of Deployments and publishes to a real broker, while
changes come at a steady rate, each of them drift or its end. The clock starts when the API server has
answered the write, and stops when a consumer on the same machine holds the record, which is later than
the acknowledgement and so never flatters.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiohttp
from aiokafka import AIOKafkaConsumer

from benchmarks import fleet
from tests.e2e.story import WorkerProcess, wait_until
from tests.stack.control_plane import ControlPlane
from tests.stack.kafka_broker import Kafka
from tests.stack.workspace import Workspace

RATE = 100
"""Changes a second."""
SECONDS = 30
_PATIENCE = 900.0
_QUIET = 5.0
_Change = tuple[str, str]
_PAUSED: dict[bool, _Change] = {
    True: ("opened", '{"spec": {"paused": true}}'),
    False: ("resolved", '{"spec": {"paused": null}}'),
}
"""What makes an object drift and what ends that: the transition, and the patch."""
_MERGE = {"Content-Type": "application/merge-patch+json"}
_BUSY = {429, 500, 504}


def measure(sizes: Sequence[int], *, rate_at: Sequence[int]) -> list[dict[str, Any]]:
    """Grow one fleet through the sizes; memory at each, latency and CPU at some."""
    results = []
    with Workspace.temporary() as workspace, tempfile.TemporaryDirectory() as folder:
        cluster, kafka = ControlPlane.launch(workspace), Kafka.launch(workspace)
        cluster.stop_controllers()
        cluster.kubectl("create", "namespace", fleet.NAMESPACE)
        there = 0
        for size in sizes:
            asyncio.run(fleet.populate(cluster, there, size))
            there = size
            place = Path(folder, str(size))
            fleet.declare(place / "fleet", size)
            results.append(_measure_one(cluster, kafka, place, size, changes=size in rate_at))
    return results


def _measure_one(
    cluster: ControlPlane, kafka: Kafka, place: Path, size: int, *, changes: bool
) -> dict[str, Any]:
    topic = f"bench-{size}"
    worker = WorkerProcess(place / "worker", _configuration(cluster, kafka, place, topic))
    try:
        started = time.perf_counter()
        worker.start(ready=False)
        wait_until(worker.is_ready, within=_PATIENCE, what="ready")
        result: dict[str, Any] = {
            "objects": size,
            "ready_after_s": round(time.perf_counter() - started, 1),
            "in_sync": int(worker.metric("auditor_objects", verdict="in_sync")),
            "peak_rss_mb": _megabytes(worker, "VmHWM"),
            "rss_mb": _megabytes(worker, "VmRSS"),
        }
        if changes:
            result |= asyncio.run(_changes(cluster, kafka, worker, topic=topic, size=size))
        worker.stop()
        return result
    finally:
        worker.close()


async def _changes(
    cluster: ControlPlane, kafka: Kafka, worker: WorkerProcess, *, topic: str, size: int
) -> dict[str, Any]:
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=kafka.bootstrap, auto_offset_reset="latest", fetch_max_wait_ms=5
    )
    await consumer.start()
    written: dict[str, float] = {}
    latencies: list[float] = []
    idle = await _cpu_while_idle(worker)
    before = _cpu(worker)
    try:
        async with asyncio.TaskGroup() as group:
            collecting = group.create_task(_collect(consumer, written, latencies))
            await _write(cluster, written, size)
            await _quiet(latencies)
            collecting.cancel()
    finally:
        await consumer.stop()
    spent = _cpu(worker) - before - idle * SECONDS
    ordered = sorted(latencies)
    return {
        "changes": _changes_for(size),
        "announced": len(ordered),
        "p50_ms": round(statistics.median(ordered) * 1000, 1),
        "p99_ms": round(ordered[int(len(ordered) * 0.99)] * 1000, 1),
        "cpu_ms_per_change": round(spent / len(ordered) * 1000, 2),
    }


def _changes_for(size: int) -> int:
    """As many changes as time allows, so that every object ends as it is declared."""
    both = 2 * min(RATE * SECONDS // 2, size)
    return RATE * SECONDS // both * both


async def _write(cluster: ControlPlane, written: dict[str, float], size: int) -> None:
    """Make one object after the other drift, and then, in the same order, not drift."""
    cycle = min(RATE * SECONDS // 2, size)
    total = _changes_for(size)
    start = time.perf_counter()
    async with fleet.session_of(cluster) as session, asyncio.TaskGroup() as group:
        for turn in range(total):
            await asyncio.sleep(max(0.0, start + turn / RATE - time.perf_counter()))
            drifted = (turn // cycle) % 2 == 0
            group.create_task(_patch(session, turn % cycle, _PAUSED[drifted], written))


async def _patch(
    session: aiohttp.ClientSession, number: int, change: _Change, written: dict[str, float]
) -> None:
    """Write one change, again where the API server had no time for it."""
    name, (transition, patch) = f"app-{number:06d}", change
    is_written = False
    while not is_written:
        async with session.patch(f"{fleet.PATH}/{name}", data=patch, headers=_MERGE) as answer:
            is_written = answer.status not in _BUSY
            if is_written:
                answer.raise_for_status()
            await answer.read()
    written[f"{name}/{transition}"] = time.perf_counter()


async def _collect(
    consumer: AIOKafkaConsumer, written: dict[str, float], latencies: list[float]
) -> None:
    """Match records with writes, until cancelled."""
    while True:
        record = await consumer.getone()
        at = time.perf_counter()
        event = json.loads(record.value)
        kind = event["type"].split(".")[-2].replace("reopened", "opened")
        since = written.pop(f"{event['data']['object']['name']}/{kind}", at)
        latencies.append(at - since)


async def _quiet(latencies: Sequence[float]) -> None:
    """Wait until no record came for a while: what was undone before it was seen is never announced."""
    seen = -1
    while seen != len(latencies):
        seen = len(latencies)
        await asyncio.sleep(_QUIET)


async def _cpu_while_idle(worker: WorkerProcess) -> float:
    """Seconds of CPU a second that the worker takes with nothing to do."""
    before = _cpu(worker)
    await asyncio.sleep(5)
    return (_cpu(worker) - before) / 5


def _cpu(worker: WorkerProcess) -> float:
    fields = Path(f"/proc/{worker.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _megabytes(worker: WorkerProcess, field: str) -> int:
    for line in Path(f"/proc/{worker.pid}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) // 1024
    return 0


def _configuration(cluster: ControlPlane, kafka: Kafka, place: Path, topic: str) -> dict[str, Any]:
    options = {
        "bootstrap": [kafka.bootstrap],
        "topics": {"findings": topic, "state": f"{topic}-state"},
    }
    return {
        "clusters": [
            {"name": "bench", "kubeconfig": str(cluster.kubeconfig), "kinds": {"include": []}}
        ],
        "repositories": [{"name": "fleet", "url": str(place / "fleet")}],
        "desired": [{"repository": "fleet", "cluster": "bench"}],
        "rules": {"contested": {"openings": 1000}},
        "sinks": [{"name": "kafka", "type": "kafka", "options": options}],
    }
