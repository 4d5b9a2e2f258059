"""What Prometheus, its alerts and the dashboard make of a real run.

A worker audits a small application that somebody tampers with, and the Prometheus of the stack scrapes
it with the shipped rules loaded. Names of metrics and labels that only look right are found here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.story import GitFolder, WorkerProcess, wait_until, worker
from tests.ops.dashboard import dashboard_queries
from tests.ops.places import DASHBOARD, RULES
from tests.stack.control_plane import ControlPlane
from tests.stack.prometheus import Prometheus

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

NAMESPACE = "monitored"
MAPS = ("one", "two", "three")


@dataclass(frozen=True)
class Scene:
    """A small application with its worker, and the Prometheus that scrapes it."""

    cluster: ControlPlane
    worker: WorkerProcess
    prometheus: Prometheus

    def set_mode(self, name: str, mode: str) -> None:
        """Set the only key of a ConfigMap, and wait until the worker has an opinion of it."""
        before = self.worker.metric("auditor_finding_transitions_total")
        patch = f'{{"data": {{"mode": "{mode}"}}}}'
        self.cluster.kubectl("-n", NAMESPACE, "patch", "configmap", name, "--patch", patch)
        wait_until(lambda: self.worker.metric("auditor_finding_transitions_total") > before)

    def answers(self, query: str) -> bool:
        """Tell whether a query has at least one value that is a number."""
        return any(not math.isnan(sample.value) for sample in self.prometheus.query(query))

    def alerts(self) -> dict[str, str]:
        """Alerts that wait or fire, and which of the two."""
        found = self.prometheus.get("/api/v1/alerts")["data"]["alerts"]
        return {alert["labels"]["alertname"]: alert["state"] for alert in found}


def config_map(name: str) -> dict[str, Any]:
    """A ConfigMap with one key."""
    metadata = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"mode": "calm"}}


def configuration(cluster: ControlPlane, git: GitFolder) -> dict[str, Any]:
    """Audit the ConfigMaps; what happens to the first is critical."""
    return {
        "clusters": [{"name": "prod", "kubeconfig": str(cluster.kubeconfig)}],
        "repositories": [{"name": "platform", "url": str(git.folder), "poll": "1s"}],
        "desired": [{"repository": "platform", "path": ".", "cluster": "prod"}],
        "rules": {"severity": [{"kind": "ConfigMap", "name": "one", "severity": "critical"}]},
        "sinks": [{"name": "lines", "type": "stdout"}],
    }


@pytest.fixture(scope="module")
def scene(
    control_plane: ControlPlane,
    prometheus: Prometheus,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Scene]:
    """A run in which things happened: findings opened one after another, one was resolved."""
    folder = tmp_path_factory.mktemp("monitoring")
    git = GitFolder(folder / "platform")
    git.write("maps.yaml", [config_map(name) for name in MAPS])
    git.commit("Declare the maps")
    control_plane.create_namespace(NAMESPACE)
    control_plane.kubectl("apply", "-f", str(git.folder))
    with worker(folder / "worker", configuration(control_plane, git)) as process:
        process.start()
        prometheus.scrape([process.url.removeprefix("http://")], rules=[RULES])
        told = Scene(control_plane, process, prometheus)
        wait_until(lambda: told.answers("auditor_objects"), what="the first scrape")
        for name in MAPS:
            told.set_mode(name, "wild")
        told.set_mode("three", "calm")
        yield told
        prometheus.scrape([])


@pytest.mark.parametrize("query", dashboard_queries(DASHBOARD))
def test_every_query_of_the_dashboard_has_an_answer(scene: Scene, query: str) -> None:
    """No panel stays empty in a run in which things happened."""
    wait_until(lambda: scene.answers(query), what=query)


def test_every_rule_can_be_evaluated(scene: Scene) -> None:
    """Prometheus evaluates all rules without an error."""

    def evaluated() -> list[dict[str, Any]]:
        groups = scene.prometheus.get("/api/v1/rules")["data"]["groups"]
        rules = [rule for group in groups for rule in group["rules"]]
        return rules if rules and all(rule["health"] != "unknown" for rule in rules) else []

    rules = wait_until(evaluated, what="an evaluation of every rule")
    assert {rule["name"]: rule["health"] for rule in rules} == dict.fromkeys(
        (rule["name"] for rule in rules), "ok"
    )


def test_critical_drift_is_on_its_way_to_a_pager(scene: Scene) -> None:
    """Real critical drift makes its alert wait, and no other: the auditor itself is well."""
    wait_until(lambda: "DriftCritical" in scene.alerts(), what="DriftCritical")

    assert scene.alerts() == {"DriftCritical": "pending"}


def test_open_findings_are_counted_by_the_severity_of_the_rules(scene: Scene) -> None:
    """Two findings are open, and the one that a rule makes critical is counted as critical."""
    critical = 'sum(auditor_findings_open{severity="critical"}) == 1'
    total = "sum(auditor_findings_open) == 2"

    wait_until(lambda: scene.answers(critical), what=critical)
    wait_until(lambda: scene.answers(total), what=total)
