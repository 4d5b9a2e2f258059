"""The main story on real servers: everything that people do to a cluster, found and resolved.

At least a hundred real objects are applied with kubectl and audited by a worker process; each change
must arrive on the findings topic with the right field, writer and category, and each revert must take the
finding off the state topic.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.story import GitFolder, Topic, WorkerProcess, kind_of, wait_until, worker
from tests.stack.control_plane import ControlPlane
from tests.stack.fixtures import LaunchControlPlane
from tests.stack.kafka_broker import Kafka

pytestmark = [pytest.mark.e2e, pytest.mark.corpora, pytest.mark.timeout(300)]

SHOP = "shop"
REAL = (
    "GoogleCloudPlatform+microservices-demo/release/kubernetes-manifests.yaml",
    "argoproj+argo-cd/manifests/install.yaml",
    "cert-manager+cert-manager/deploy/crds",
)


@dataclass(frozen=True)
class Scene:
    """A cluster with the applied repository, a worker that watches both, and its topics."""

    cluster: ControlPlane
    git: GitFolder
    worker: WorkerProcess
    log: Topic
    state: Topic

    def do(self, *arguments: str, input: str | None = None) -> None:  # noqa: A002 - as kubectl's
        """Run kubectl in the shop."""
        self.cluster.kubectl("--namespace", SHOP, *arguments, input=input)

    def last(self, name: str, transition: str) -> dict[str, Any]:
        """Wait for the newest transition of an object to be of a kind, and return its finding."""

        def found() -> dict[str, Any] | None:
            events = self.log.transitions(name)
            return events[-1] if events and kind_of(events[-1]) == transition else None

        event = wait_until(found, what=f"{name} {transition}")
        data: dict[str, Any] = event["data"]
        return data

    def is_quiet(self) -> bool:
        """Tell whether no finding is open, on the state topic and in the worker alike."""
        return not self.state.open_keys() and not self.worker.findings()


@pytest.fixture(scope="module")
def scene(
    tmp_path_factory: pytest.TempPathFactory, workspace: Any, kafka: Kafka, corpora: Path
) -> Iterator[Scene]:
    """A cluster of its own, because cluster-scoped objects are part of the story."""
    cluster = ControlPlane.launch(workspace, name="story")
    folder = tmp_path_factory.mktemp("story")
    git = platform(folder / "platform", corpora)
    apply(cluster, git)
    topics = {"findings": "story.findings.v1", "state": "story.findings.state.v1"}
    options = {"bootstrap": [kafka.bootstrap], "topics": topics}
    with worker(folder / "worker", configuration(cluster, git, kafka=options)) as process:
        process.start()
        log, state = (Topic(kafka.bootstrap, name) for name in topics.values())
        yield Scene(cluster, git, process, log, state)
    cluster.stop()


def platform(folder: Path, corpora: Path) -> GitFolder:
    """A repository of real manifests, the shop in a namespace of its own."""
    git = GitFolder(folder)
    shop = (corpora / REAL[0]).read_text()
    git.write("00-namespaces.yaml", [_namespace(SHOP), _namespace("argocd")])
    git.write("shop/boutique.yaml", [_into(SHOP, o) for o in yaml.safe_load_all(shop) if o])
    argocd = (corpora / REAL[1]).read_text()
    git.write("argocd/install.yaml", [_into("argocd", o) for o in yaml.safe_load_all(argocd) if o])
    shutil.copytree(corpora / REAL[2], folder / "crds")
    git.commit("Declare the platform")
    return git


def _namespace(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


_CLUSTER_SCOPED = {"CustomResourceDefinition", "ClusterRole", "ClusterRoleBinding", "Namespace"}


def _into(namespace: str, body: dict[str, Any]) -> dict[str, Any]:
    if body["kind"] not in _CLUSTER_SCOPED:
        body["metadata"]["namespace"] = namespace
    return body


def apply(cluster: ControlPlane, git: GitFolder) -> None:
    """Apply the repository as its owner would."""
    for path in ("00-namespaces.yaml", "shop", "argocd", "crds"):
        # Some of the CRDs are larger than the annotation of a client-side apply may be.
        how = ("--server-side",) if path in {"argocd", "crds"} else ()
        cluster.kubectl("apply", *how, "--recursive", "-f", str(git.folder / path))


def configuration(
    cluster: ControlPlane, git: GitFolder, *, kafka: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The worker's configuration for a scene."""
    sinks = [{"name": "findings", "type": "kafka", "options": kafka}] if kafka else []
    return {
        "clusters": [{"name": "prod", "kubeconfig": str(cluster.kubeconfig), "secrets": True}],
        "repositories": [{"name": "platform", "url": str(git.folder), "poll": "1s"}],
        "desired": [{"repository": "platform", "path": ".", "cluster": "prod"}],
        "sinks": sinks,
    }


def test_a_hundred_real_objects_as_applied_have_no_finding(scene: Scene) -> None:
    """No false alarm, with the controllers at work."""
    objects = scene.worker.metric("auditor_objects")

    assert objects >= 100
    assert scene.worker.findings() == []
    assert scene.worker.metric("auditor_objects", verdict="in_sync") == objects


SIDECAR = {"spec": {"template": {"spec": {"containers": [{"name": "spy", "image": "spy:1"}]}}}}
ROGUE = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: rogue}\ndata: {a: b}\n"


@dataclass(frozen=True)
class Deed:
    """Something that somebody does, what must be found, and how it is undone."""

    name: str
    do: Sequence[str]
    undo: Sequence[str]
    category: str
    path: str = ""
    op: str = ""
    writer: str | None = None
    input: str | None = None


DEEDS = (
    Deed(
        "frontend",
        ("scale", "deployment/frontend", "--replicas=7"),
        ("scale", "deployment/frontend", "--replicas=1"),
        "changed",
        "spec.replicas",
        "added",
        "kubectl",
    ),
    Deed(
        "cartservice",
        ("set", "env", "deployment/cartservice", "REDIS_ADDR=evil:6379"),
        ("set", "env", "deployment/cartservice", "REDIS_ADDR=redis-cart:6379"),
        "changed",
        "spec.template.spec.containers[name=server].env[name=REDIS_ADDR].value",
        "changed",
        "kubectl-set",
    ),
    Deed(
        "emailservice",
        ("patch", "deployment/emailservice", "--patch", json.dumps(SIDECAR)),
        (
            "patch",
            "deployment/emailservice",
            "--patch",
            json.dumps(
                {
                    "spec": {
                        "template": {"spec": {"containers": [{"$patch": "delete", "name": "spy"}]}}
                    }
                }
            ),
        ),
        "changed",
        "spec.template.spec.containers[name=spy]",
        "added",
        "kubectl-patch",
    ),
    Deed(
        "adservice",
        ("label", "service/adservice", "team=nobody"),
        ("label", "service/adservice", "team-"),
        "changed",
        "metadata.labels.team",
        "added",
        "kubectl-label",
    ),
    Deed(
        "paymentservice",
        ("delete", "service/paymentservice"),
        (),
        "missing",
    ),
    Deed(
        "rogue",
        ("create", "-f", "-"),
        ("delete", "configmap/rogue"),
        "unmanaged",
        input=ROGUE,
    ),
)


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: f"{deed.do[0]}-{deed.name}")
def test_what_people_do_is_found_and_resolved(scene: Scene, deed: Deed) -> None:
    """The right field, writer and category arrive; undoing it takes the finding away."""
    scene.do(*deed.do, input=deed.input)

    finding = scene.last(deed.name, "opened")
    assert finding["category"] == deed.category
    differences = {d["path"]: d for d in finding["differences"]}
    if deed.path:
        assert list(differences) == [deed.path]
        assert differences[deed.path]["op"] == deed.op
        assert differences[deed.path]["writer"]["manager"] == deed.writer
        # The API server records no time for what is written through /scale.
        assert bool(finding["began"]) is (deed.do[0] != "scale")

    if deed.undo:
        scene.do(*deed.undo)
    else:
        scene.do("apply", "-f", str(scene.git.folder / "shop"))
    scene.last(deed.name, "resolved")
    wait_until(scene.is_quiet, what="a state topic without open findings")


def test_git_moves_and_the_cluster_follows(scene: Scene) -> None:
    """A commit makes the object pending, not drifted; applying it makes it in sync."""
    before = len(scene.log.transitions())
    scene.git.write("shop/boutique.yaml", _edited(scene.git, "frontend"))
    scene.git.commit("Roll out")

    def pending() -> bool:
        return scene.worker.metric("auditor_objects", verdict="pending") == 1

    wait_until(pending, what="pending")
    assert scene.worker.findings() == []

    apply(scene.cluster, scene.git)

    wait_until(lambda: not pending(), what="nothing pending")
    assert scene.worker.metric("auditor_objects", verdict="drifted") == 0
    assert len(scene.log.transitions()) == before


def _edited(git: GitFolder, name: str) -> list[dict[str, Any]]:
    """The shop's manifests with another image for one Deployment."""
    bodies = list(yaml.safe_load_all((git.folder / "shop/boutique.yaml").read_text()))
    for body in bodies:
        if body["kind"] == "Deployment" and body["metadata"]["name"] == name:
            body["spec"]["template"]["spec"]["containers"][0]["image"] = "frontend:v2"
    return bodies


def test_nobody_follows_git(
    scene: Scene, tmp_path: Path, launch_control_plane: LaunchControlPlane
) -> None:
    """After its time, what is pending becomes one lagging finding, resolved as applied."""
    short = configuration(scene.cluster, scene.git) | {"rules": {"lagging": {"after": "2s"}}}
    with worker(tmp_path / "impatient", short) as impatient:
        impatient.start()
        scene.git.write("extra/map.yaml", yaml.safe_dump(_config_map("late")))
        scene.git.commit("Declare one more")

        found = wait_until(impatient.findings, what="lagging")
        assert [f["category"] for f in found] == ["lagging"]
        assert found[0]["object"]["name"] == "late"

        scene.do("apply", "-f", str(scene.git.folder / "extra"))
        wait_until(lambda: not impatient.findings(), what="resolved")
        assert impatient.stop() == 0


def _config_map(name: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": SHOP}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": "b"}}
