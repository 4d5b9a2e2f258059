"""The configuration and the application of docker-compose.yml, on the servers of the stack.

Addresses are those of the stack; all the rest is what the containers are given.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.story import GitFolder, Topic, kind_of, wait_until, worker
from tests.ops.places import ROOT, read_yaml
from tests.stack.control_plane import ControlPlane
from tests.stack.kafka_broker import Kafka

pytestmark = pytest.mark.e2e

DECLARED = "deploy/compose/declared"


def moved_to_the_stack(cluster: ControlPlane, kafka: Kafka, git: GitFolder) -> dict[str, Any]:
    """Compose's configuration with the addresses of the stack."""
    configuration: dict[str, Any] = read_yaml(ROOT / "deploy" / "compose" / "auditor.yaml")
    (audited,), (repository,), (sink,) = (
        configuration[section] for section in ("clusters", "repositories", "sinks")
    )
    audited["kubeconfig"] = str(cluster.kubeconfig)
    repository["url"] = str(git.folder)
    topics = {"findings": "compose.findings.v1", "state": "compose.findings.state.v1"}
    sink["options"] = {"bootstrap": [kafka.bootstrap], "topics": topics}
    places = {section: configuration.pop(section) for section in ("store", "http")}
    assert places["http"]["listen"].endswith(":8080")
    return configuration


def test_the_application_is_in_sync_until_somebody_tampers(
    control_plane: ControlPlane, kafka: Kafka, tmp_path: Path
) -> None:
    """As Compose applies it, nothing differs; scaled by hand, Kafka hears of it."""
    git = GitFolder(tmp_path / "checkout")
    for path in (ROOT / DECLARED).glob("*.yaml"):
        git.write(f"{DECLARED}/{path.name}", path.read_text())
    git.commit("Declare the shop")
    apply = ("apply", "--server-side", "--recursive", f"--filename={git.folder / DECLARED}")
    objects = control_plane.kubectl(*apply).count("serverside-applied")
    log = Topic(kafka.bootstrap, "compose.findings.v1")

    with worker(tmp_path / "worker", moved_to_the_stack(control_plane, kafka, git)) as process:
        process.start()
        in_sync = process.metric("auditor_objects", verdict="in_sync")
        control_plane.kubectl("--namespace=shop", "scale", "deployment/web", "--replicas=3")
        (event,) = wait_until(lambda: log.transitions("web"), what="web opened")

    assert in_sync == objects
    assert kind_of(event) == "opened"
    assert [each["path"] for each in event["data"]["differences"]] == ["spec.replicas"]
