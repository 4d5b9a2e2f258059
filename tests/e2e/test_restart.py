"""Killed at any moment, the worker loses no transition and announces none twice.

A small application is changed and reverted while the worker is killed with SIGKILL at random points and
started again. Afterwards the findings topic must tell a whole and simple story for every object, and the
state topic must agree with the cluster.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.story import GitFolder, Topic, WorkerProcess, kind_of, wait_until, worker
from tests.stack.control_plane import ControlPlane
from tests.stack.kafka_broker import Kafka

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

NAMES = tuple(f"map-{number}" for number in range(6))
NAMESPACE = "restart"
MODES = ("calm", "wild", "wilder")
KILLS = 8
READY_FIRST = 0.7
"""How often the worker may come up whole before the next thing happens."""
SEED = int(os.environ.get("SEED", "20260102"))
OPENING = {"opened", "reopened"}


def config_map(name: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"mode": "calm"}}


@dataclass(frozen=True)
class Stage:
    """Where the story plays: a namespace with declared maps, a worker, and its topics."""

    cluster: ControlPlane
    worker: WorkerProcess
    log: Topic
    state: Topic

    def change(self, name: str, mode: str) -> None:
        """Set the only key of a map, as somebody with kubectl would."""
        patch = f'{{"data": {{"mode": "{mode}"}}}}'
        self.cluster.kubectl("-n", NAMESPACE, "patch", "configmap", name, "--patch", patch)


@pytest.fixture
def stage(control_plane: ControlPlane, kafka: Kafka, tmp_path: Path) -> Iterator[Stage]:
    """The maps declared and applied, the worker not yet started."""
    control_plane.create_namespace(NAMESPACE)
    git = GitFolder(tmp_path / "platform")
    git.write("maps.yaml", [config_map(name) for name in NAMES])
    git.commit("Declare the maps")
    control_plane.kubectl("apply", "-f", str(git.folder))
    topics = {"findings": "restart.findings.v1", "state": "restart.findings.state.v1"}
    options = {"bootstrap": [kafka.bootstrap], "topics": topics}
    setting = {
        "clusters": [{"name": "prod", "kubeconfig": str(control_plane.kubeconfig)}],
        "repositories": [{"name": "platform", "url": str(git.folder), "poll": "1s"}],
        "desired": [{"repository": "platform", "path": ".", "cluster": "prod"}],
        "rules": {"contested": {"openings": 1000}},
        "sinks": [{"name": "findings", "type": "kafka", "options": options}],
    }
    with worker(tmp_path / "worker", setting) as process:
        log, state = (Topic(kafka.bootstrap, name) for name in topics.values())
        yield Stage(control_plane, process, log, state)


def test_no_transition_is_lost_and_none_announced_twice(stage: Stage) -> None:
    """Killed at points that the seed chooses, with changes before and after each kill."""
    dice = random.Random(SEED)
    stage.worker.start()
    for _ in range(KILLS):
        stage.change(dice.choice(NAMES), dice.choice(MODES))
        wait_until(_soon(dice), what="a random moment")
        stage.worker.kill()
        stage.change(dice.choice(NAMES), dice.choice(MODES))
        stage.worker.start(ready=dice.random() < READY_FIRST)
    for name in NAMES:
        stage.change(name, "calm")
    wait_until(stage.worker.is_ready, within=60)
    wait_until(lambda: not stage.worker.findings() and not stage.state.open_keys(), within=60)

    events = stage.log.transitions()
    assert events, "the story opened nothing"
    assert not [i for i, count in Counter(e["id"] for e in events).items() if count > 1]
    for name in NAMES:
        _assert_whole([kind_of(e) for e in events if e["data"]["object"]["name"] == name])


def _soon(dice: random.Random) -> Callable[[], bool]:
    """A condition that holds after so many looks: a random moment, without a clock."""
    looks = iter(range(dice.randrange(0, 25)))
    return lambda: next(looks, None) is None


def _assert_whole(kinds: list[str]) -> None:
    """Opened before resolved, resolved before reopened: no step is missing."""
    is_open = False
    for kind in kinds:
        if kind in OPENING:
            assert not is_open, kinds
            is_open = True
        elif kind == "resolved":
            assert is_open, kinds
            is_open = False
        else:
            assert is_open, kinds
    assert not is_open, kinds
