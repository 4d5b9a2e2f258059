"""What is down for a while costs lateness: no false finding, no lost one, and unknown meanwhile.

``OUTAGE`` sets how many seconds each outage lasts.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.story import GitFolder, Topic, WorkerProcess, kind_of, wait_until, worker
from tests.stack.control_plane import ControlPlane
from tests.stack.fixtures import LaunchControlPlane
from tests.stack.kafka_broker import Kafka

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

OUTAGE = float(os.environ.get("OUTAGE", "15"))
NAMESPACE = "outage"
DECLARED = 5


@dataclass(frozen=True)
class Scene:
    """A small application with its worker and topics."""

    cluster: ControlPlane
    worker: WorkerProcess
    log: Topic
    state: Topic

    def change(self, name: str, mode: str) -> None:
        """Set the only key of a ConfigMap."""
        patch = f'{{"data": {{"mode": "{mode}"}}}}'
        self.cluster.kubectl("-n", NAMESPACE, "patch", "configmap", name, "--patch", patch)

    def count(self, verdict: str) -> float:
        """How many objects have a verdict."""
        return self.worker.metric("auditor_objects", verdict=verdict)


def config_map(name: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"mode": "calm"}}


@pytest.fixture
def scene(
    launch_control_plane: LaunchControlPlane, kafka: Kafka, tmp_path: Path
) -> Iterator[Scene]:
    """A cluster of its own, since it is going to fail."""
    cluster = launch_control_plane()
    cluster.create_namespace(NAMESPACE)
    git = GitFolder(tmp_path / "platform")
    git.write("maps.yaml", [config_map(f"map-{number}") for number in range(DECLARED)])
    git.commit("Declare the maps")
    cluster.kubectl("apply", "-f", str(git.folder))
    topics = {
        "findings": f"{tmp_path.name}.findings.v1",
        "state": f"{tmp_path.name}.findings.state.v1",
    }
    options = {"bootstrap": [kafka.bootstrap], "topics": topics}
    kubeconfig = str(cluster.kubeconfig)
    setting = {
        "clusters": [{"name": "prod", "kubeconfig": kubeconfig, "staleAfter": "3s"}],
        "repositories": [{"name": "platform", "url": str(git.folder), "poll": "1s"}],
        "desired": [{"repository": "platform", "path": ".", "cluster": "prod"}],
        "sinks": [{"name": "findings", "type": "kafka", "options": options}],
    }
    with worker(tmp_path / "worker", setting) as process:
        process.start()
        log, state = (Topic(kafka.bootstrap, name) for name in topics.values())
        yield Scene(cluster, process, log, state)


def _lasts() -> Any:
    """A condition that holds when the outage has lasted long enough."""
    end = time.monotonic() + OUTAGE
    return lambda: time.monotonic() > end


def test_an_api_server_that_is_gone(scene: Scene) -> None:
    """Its objects become unknown, open findings stay open, and what changed meanwhile is found."""
    scene.change("map-0", "wild")
    wait_until(lambda: scene.count("drifted") == 1)

    scene.cluster.stop_api_server()
    wait_until(lambda: scene.count("unknown") == DECLARED, what="all unknown")
    wait_until(_lasts(), within=OUTAGE + 5)
    assert [f["object"]["name"] for f in scene.worker.findings()] == ["map-0"]
    assert scene.worker.metric("auditor_source_up", source="cluster/prod") == 0
    scene.cluster.start_api_server()
    scene.change("map-1", "wild")
    scene.change("map-0", "calm")

    wait_until(
        lambda: [f["object"]["name"] for f in scene.worker.findings()] == ["map-1"], within=60
    )
    wait_until(lambda: scene.count("unknown") == 0, what="nothing unknown")
    # One object's transitions are in order; those of several objects lie in several partitions.
    assert [kind_of(e) for e in scene.log.transitions("map-0")] == ["opened", "resolved"]
    assert [kind_of(e) for e in scene.log.transitions("map-1")] == ["opened"]
    assert len(scene.log.transitions()) == 3


def test_a_broker_that_is_gone(scene: Scene, kafka: Kafka) -> None:
    """Findings wait in the outbox and arrive in order, each once."""
    kafka.stop()
    try:
        scene.change("map-2", "wild")
        scene.change("map-3", "wild")
        wait_until(lambda: len(scene.worker.findings()) == 2)
        scene.change("map-2", "calm")
        wait_until(lambda: len(scene.worker.findings()) == 1)
        wait_until(_lasts(), within=OUTAGE + 5)
        assert scene.worker.metric("auditor_outbox_depth") == 3
    finally:
        kafka.start()

    wait_until(lambda: len(scene.log.transitions()) == 3, within=90, what="all three announced")
    kinds = [(e["data"]["object"]["name"], kind_of(e)) for e in scene.log.transitions()]
    assert sorted(kinds) == [("map-2", "opened"), ("map-2", "resolved"), ("map-3", "opened")]
    assert len(scene.state.open_keys()) == 1
    wait_until(lambda: scene.worker.metric("auditor_outbox_depth") == 0)


def test_objects_that_vanish_while_nobody_looks(scene: Scene) -> None:
    """The look after a restart notices what is gone."""
    scene.worker.kill()
    scene.cluster.kubectl("-n", NAMESPACE, "delete", "configmap", "map-4")
    scene.worker.start()

    found = wait_until(scene.worker.findings)
    assert [(f["object"]["name"], f["category"]) for f in found] == [("map-4", "missing")]
