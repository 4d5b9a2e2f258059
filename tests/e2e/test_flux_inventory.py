"""What Flux says that it applied, on a real API server: copies, leftovers, and turns that nobody takes.

No Flux runs here. A stand-in does what its controllers do as far as anybody can see it: it applies by
server-side apply under their field manager, with their labels, and writes status through its subresource.
The auditor is a worker of its own, so what wakes it is tested too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.platform_world import Body, PlatformWorld, marked
from tests.e2e.story import WorkerProcess, wait_until, worker
from tests.stack import build
from tests.stack.fixtures import LaunchControlPlane, require

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(300),
    pytest.mark.usefixtures("rendering_programs"),
]

_URL = "https://git.example.com/platform"
_FLUX, _SOURCES = "kustomize.toolkit.fluxcd.io", "source.toolkit.fluxcd.io"
_HELM = "helm.toolkit.fluxcd.io"
_CONTROLLER = "kustomize-controller"
_MARKS = {f"{_FLUX}/name": "apps", f"{_FLUX}/namespace": "flux-system"}
_PLACE = ("--namespace=flux-system", f"kustomizations.{_FLUX}", "apps")
_OWNER = f"{_FLUX}/Kustomization/flux-system/apps"


def _config_map(name: str, mode: str = "calm") -> Body:
    metadata = {"name": name, "namespace": "shop"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"mode": mode}}


def _namespace(name: str) -> Body:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def _owners(interval: str) -> list[Body]:
    """A Kustomization and its source, as they are declared."""
    spec = {"interval": interval, "prune": True, "path": "./apps"}
    reference = {"sourceRef": {"kind": "GitRepository", "name": "platform"}}
    source = {"interval": "2s", "url": _URL, "ref": {"branch": "main"}}
    return [
        {
            "apiVersion": f"{_SOURCES}/v1",
            "kind": "GitRepository",
            "metadata": {"name": "platform", "namespace": "flux-system"},
            "spec": source,
        },
        {
            "apiVersion": f"{_FLUX}/v1",
            "kind": "Kustomization",
            "metadata": {"name": "apps", "namespace": "flux-system"},
            "spec": spec | reference,
        },
    ]


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _ready() -> Body:
    return {
        "type": "Ready",
        "status": "True",
        "reason": "ReconciliationSucceeded",
        "message": "Applied",
        "lastTransitionTime": _now(),
    }


def _released(chart_version: str) -> dict[str, list[Body]]:
    """What helm-controller says of a release."""
    snapshot = {
        "chartName": "web",
        "chartVersion": chart_version,
        "name": "web",
        "namespace": "flux-system",
        "version": 1,
        "status": "deployed",
        "digest": "sha256:0",
        "configDigest": "sha256:0",
        "firstDeployed": _now(),
        "lastDeployed": _now(),
    }
    return {"history": [snapshot]}


class Flux:
    """The stand-in: what source-controller and kustomize-controller leave to be seen."""

    def __init__(self, world: PlatformWorld) -> None:
        self._world = world
        self.declared: list[Body] = []

    def declare(self, *bodies: Body) -> str:
        """Commit what the Kustomization is to apply, and return the commit."""
        self.declared = [_namespace("shop"), *bodies]
        self._world.git.write("apps/all.yaml", self.declared)
        return self._world.git.commit()

    def fetch(self, commit: str) -> None:
        """Take a turn of source-controller."""
        artifact = {
            "revision": f"main@sha1:{commit}",
            "lastUpdateTime": _now(),
            "digest": f"sha256:{commit}",
            "path": "platform.tar.gz",
            "url": "http://source-controller/platform.tar.gz",
        }
        self._status(
            f"gitrepositories.{_SOURCES}",
            "platform",
            {"observedGeneration": 99, "artifact": artifact},
        )

    def apply(self, commit: str, *listed: str) -> None:
        """Take a turn of kustomize-controller; it may list more than it applied."""
        bodies = marked(self.declared, "labels", _MARKS)
        self._world.cluster.apply(bodies, _CONTROLLER)
        names = [f"shop_{body['metadata']['name']}__ConfigMap" for body in self.declared[1:]]
        ids = ["_shop__Namespace", *names, *listed]
        revision = f"main@sha1:{commit}"
        status = {
            "observedGeneration": 99,
            "lastAppliedRevision": revision,
            "lastAttemptedRevision": revision,
            "inventory": {"entries": [{"id": one, "v": "v1"} for one in ids]},
            "conditions": [_ready()],
        }
        self._status(f"kustomizations.{_FLUX}", "apps", status)

    def say(self, body: Body, **status: Any) -> None:
        """Apply an owner, and let its controller say that all is well, and something more."""
        self._world.cluster.apply([body], _CONTROLLER)
        plural, group = f"{body['kind'].lower()}s", body["apiVersion"].partition("/")[0]
        known = {"observedGeneration": 99, "conditions": [_ready()]}
        self._status(f"{plural}.{group}", body["metadata"]["name"], known | status)

    def _status(self, kind: str, name: str, status: Mapping[str, Any]) -> None:
        self._world.cluster.kubectl(
            *("patch", kind, name, "--namespace=flux-system", "--subresource=status"),
            *("--type=merge", f"--patch={json.dumps({'status': status})}"),
        )


class Stage:
    """A cluster, its repository, the stand-in, and the worker that looks on."""

    def __init__(self, world: PlatformWorld, worker: WorkerProcess) -> None:
        self.world = world
        self.flux = Flux(world)
        self.worker = worker

    def begin(self, interval: str, *bodies: Body, settles: bool = True) -> str:
        """Let everything live as it is declared, and look at it."""
        self.world.git.write("clusters/staging/owners.yaml", _owners(interval))
        commit = self.flux.declare(*bodies)
        self.world.cluster.define(build.program("flux-definitions").glob("*.yaml"))
        self.world.cluster.kubectl("create", "namespace", "flux-system")
        self.world.cluster.apply(_owners(interval), _CONTROLLER)
        self.flux.fetch(commit)
        self.flux.apply(commit)
        self.worker.start()
        if settles:
            self.settled({})
        return commit

    def found(self) -> dict[str, str]:
        """The open checks, by the name of the object."""
        return {one["object"]["name"]: one["check"] for one in self.worker.findings()}

    def pending(self) -> float:
        """How many objects are late and not found to be."""
        return self.worker.metric("auditor_objects", verdict="pending")

    def settled(self, expected: dict[str, str]) -> dict[str, Body]:
        """Wait until exactly this is found; the findings by name."""
        try:
            wait_until(lambda: self.found() == expected, what=f"{expected}")
        except AssertionError as error:
            error.add_note(f"found: {self.found()}; {self.worker.log()[-2000:]}")
            raise
        return {one["object"]["name"]: one for one in self.worker.findings()}


@pytest.fixture
def stage(tmp_path: Path, launch_control_plane: LaunchControlPlane) -> Iterator[Stage]:
    """Nothing declared yet; the worker is not started."""
    require(("flux-definitions",))
    cluster = launch_control_plane()
    world = PlatformWorld(tmp_path, {"staging": cluster}, repositories={}, desired=[])
    configuration = {
        "clusters": [{"name": "staging", "kubeconfig": str(cluster.kubeconfig)}],
        "repositories": [
            {
                "name": "platform",
                "url": str(world.git.folder),
                "ref": "main",
                "aliases": [_URL],
                "poll": "0.2s",
            }
        ],
        "desired": [
            {
                "repository": "platform",
                "path": "clusters/staging",
                "cluster": "staging",
                "discover": "flux",
            }
        ],
        "rules": {"lagging": {"after": "2s"}},
    }
    with worker(tmp_path / "worker", configuration) as process:
        yield Stage(world, process)


def test_a_copy_is_told_from_what_flux_left_behind(stage: Stage) -> None:
    """By what the owner lists, and by what it does about it; each word follows what the owner says."""
    commit = stage.begin("1s", _config_map("settings"))
    kubectl = stage.world.cluster.kubectl

    copied = marked([_config_map("copied")], "labels", _MARKS)[0]
    kubectl("create", "--filename=-", input=json.dumps(copied))
    stage.world.cluster.apply(marked([_config_map("left")], "labels", _MARKS), _CONTROLLER)
    stage.flux.apply(commit, "shop_left__ConfigMap")
    wait_until(lambda: _message(stage, "left", "it should be pruned and is not"), what="pruning")
    found = stage.settled({"copied": "K8S-007", "left": "K8S-003"})

    assert found["copied"]["message"].endswith(
        "its mark is copied: flux's flux-system/apps has not applied it"
    )
    assert found["copied"]["owner"] is None
    assert found["left"]["owner"]["chain"] == [_OWNER]
    assert "flux --namespace flux-system reconcile" in found["left"]["remedies"][0]["how"]

    kubectl(
        "label", "configmap", "left", "--namespace=shop", f"{_FLUX}/name-", f"{_FLUX}/namespace-"
    )
    message = wait_until(lambda: _message(stage, "left", "it lost the labels"), what="lost labels")
    assert "which flux-system/apps says that it applied" in message

    stage.flux.apply(commit, "shop_left__ConfigMap", "shop_copied__ConfigMap")
    stage.settled({"copied": "K8S-003", "left": "K8S-003"})

    kubectl("patch", *_PLACE, "--type=merge", '--patch={"spec": {"prune": false}}')
    wait_until(lambda: _message(stage, "copied", "flux-system/apps does not prune"), what="prune")
    assert stage.found() == {"apps": "K8S-002", "copied": "K8S-003", "left": "K8S-003"}
    kubectl("patch", *_PLACE, "--type=merge", '--patch={"spec": {"prune": true}}')
    kubectl("delete", "configmap", "left", "copied", "--namespace=shop")
    stage.settled({})


def _message(stage: Stage, name: str, words: str) -> str:
    """The message of what is found about an object, once it says something."""
    messages = {one["object"]["name"]: one["message"] for one in stage.worker.findings()}
    return messages[name] if words in messages.get(name, "") else ""


def test_a_turn_that_nobody_takes_is_one_finding(stage: Stage) -> None:
    """Of the owner, while what waits for it is pending; it ends with the turn."""
    names = [f"settings-{number}" for number in range(5)]
    stage.begin("2s", *map(_config_map, names))

    commit = stage.flux.declare(*(_config_map(name, "wild") for name in names[1:]))
    stage.flux.fetch(commit)
    (finding,) = stage.settled({"apps": "FLUX-004"}).values()

    assert f"GitRepository flux-system/platform has main@sha1:{commit}" in finding["message"]
    wait_until(lambda: stage.pending() == len(names), what=f"{len(names)} pending")
    assert stage.found() == {"apps": "FLUX-004"}

    stage.flux.apply(commit)
    stage.world.cluster.kubectl("delete", "configmap", names[0], "--namespace=shop")
    stage.settled({})


def test_a_source_that_nobody_fetches_is_one_finding(stage: Stage) -> None:
    """It says that all is well, as does all that takes from it; the worker sees Git itself."""
    names = [f"settings-{number}" for number in range(5)]
    stage.begin("2s", *map(_config_map, names))

    commit = stage.flux.declare(*(_config_map(name, "wild") for name in names))
    (finding,) = stage.settled({"platform": "FLUX-006"}).values()

    assert finding["message"].endswith(f"Git is at {commit[:10]}")
    wait_until(lambda: stage.pending() == len(names), what=f"{len(names)} pending")
    assert stage.found() == {"platform": "FLUX-006"}

    stage.flux.fetch(commit)
    stage.settled({"apps": "FLUX-004"})
    stage.flux.apply(commit)
    stage.settled({})


def test_what_a_turn_did_not_change_lags_by_itself(stage: Stage) -> None:
    """Its owner has applied that revision, and says that all is well."""
    stage.begin("2s", _config_map("settings"))

    commit = stage.flux.declare(_config_map("settings", "wild"))
    stage.flux.fetch(commit)
    stage.settled({"apps": "FLUX-004"})
    applied, stage.flux.declared = (
        stage.flux.declared,
        [_namespace("shop"), _config_map("settings")],
    )
    stage.flux.apply(commit)
    stage.settled({"settings": "K8S-006"})

    stage.flux.declared = applied
    stage.flux.apply(commit)
    stage.settled({})


def _waiting() -> tuple[Body, Body, Body]:
    """One that waits for nobody, one that takes values from nothing, and one of another version."""
    kustomization = _owners("1s")[1]
    values = {"substituteFrom": [{"kind": "ConfigMap", "name": "values"}]}
    needs = {"later": {"dependsOn": [{"name": "nobody"}]}, "blind": {"postBuild": values}}
    later, blind = (
        kustomization
        | {"metadata": {"name": name, "namespace": "flux-system"}}
        | {"spec": kustomization["spec"] | {"path": "./nowhere"} | needed}
        for name, needed in needs.items()
    )
    charts = {"kind": "HelmRepository", "name": "charts"}
    chart = {"chart": "web", "version": "1.2.3", "sourceRef": charts}
    release = {
        "apiVersion": f"{_HELM}/v2",
        "kind": "HelmRelease",
        "metadata": {"name": "web", "namespace": "flux-system"},
        "spec": {"interval": "1s", "chart": {"spec": chart}},
    }
    return later, blind, release


def test_what_waits_in_vain_says_that_all_is_well(stage: Stage) -> None:
    """What it refers to says otherwise, and ends it by being there."""
    waiting = _waiting()
    stage.world.git.write("clusters/staging/waiting.yaml", waiting)
    stage.begin("1s", _config_map("settings"), settles=False)
    for body in waiting[:2]:
        stage.flux.say(body)
    stage.flux.say(waiting[2], **_released("1.2.2"))

    stage.settled({"later": "FLUX-010", "blind": "FLUX-011", "web": "FLUX-016"})

    kubectl = stage.world.cluster.kubectl
    kubectl("create", "configmap", "values", "--namespace=flux-system", "--from-literal=a=b")
    stage.settled({"later": "FLUX-010", "web": "FLUX-016"})
    stage.flux.say(waiting[2], **_released("1.2.3"))
    stage.settled({"later": "FLUX-010"})
