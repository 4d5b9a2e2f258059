"""An Application that nobody compares is one finding, on a real API server.

No Argo CD runs here. A stand-in does what its controller leaves to be seen: it applies with tracking ids, and
writes what it compared, and when, into the Application's status.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.open_kinds import define
from tests.e2e.platform_world import Body, PlatformWorld, marked
from tests.e2e.story import WorkerProcess, wait_until, worker
from tests.stack.fixtures import LaunchControlPlane

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

_URL = "https://git.example.com/platform"
_CONTROLLER = "argocd-controller"
_SOURCE = {"repoURL": _URL, "targetRevision": "main", "path": "apps"}
_DESTINATION = {"server": "https://kubernetes.default.svc", "namespace": "shop"}
_NAMES = tuple(f"settings-{number}" for number in range(4))


def _config_map(name: str, namespace: str, **data: str) -> Body:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def _application() -> Body:
    policy = {"automated": {"prune": True, "selfHeal": True}}
    spec = {"source": _SOURCE, "destination": _DESTINATION, "project": "default"}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": "shop", "namespace": "argocd"},
        "spec": spec | {"syncPolicy": policy},
    }


class Argo:
    """The stand-in: what the application controller leaves to be seen."""

    def __init__(self, world: PlatformWorld) -> None:
        self._world = world

    def declare(self, mode: str) -> str:
        """Commit what the Application is to sync, and return the commit."""
        self._world.git.write("apps/all.yaml", _settings(mode))
        return self._world.git.commit()

    def compare(self, commit: str) -> None:
        """Look at Git, and write down what was found."""
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        compared = {"source": _SOURCE, "destination": _DESTINATION}
        sync = {"status": "Synced", "revision": commit, "comparedTo": compared}
        status = {"status": {"sync": sync, "reconciledAt": now, "health": {"status": "Healthy"}}}
        self._world.cluster.kubectl(
            *("patch", "applications.argoproj.io", "shop", "--namespace=argocd"),
            *("--subresource=status", "--type=merge", f"--patch={json.dumps(status)}"),
        )

    def sync(self, mode: str) -> None:
        """Apply what is declared."""
        for body in _settings(mode):
            tracked = f"shop:/ConfigMap:shop/{body['metadata']['name']}"
            marks = {"argocd.argoproj.io/tracking-id": tracked}
            self._world.cluster.apply(marked([body], "annotations", marks), _CONTROLLER)


def _settings(mode: str) -> list[Body]:
    return [_config_map(name, "shop", mode=mode) for name in _NAMES]


@pytest.fixture
def world(tmp_path: Path, launch_control_plane: LaunchControlPlane) -> PlatformWorld:
    """An Application and Argo CD's settings, declared and alive."""
    world = PlatformWorld(tmp_path, {"staging": launch_control_plane()})
    declared = [
        _config_map("argocd-cm", "argocd", **{"timeout.reconciliation": "2s"}),
        _application(),
    ]
    world.git.write("clusters/staging/all.yaml", declared)
    for name in ("argocd", "shop"):
        world.cluster.kubectl("create", "namespace", name)
    define(world.cluster, "argoproj.io", "v1alpha1", "Application", "ApplicationSet", "AppProject")
    world.cluster.apply(declared, "installer")
    return world


@pytest.fixture
def watcher(tmp_path: Path, world: PlatformWorld) -> Iterator[WorkerProcess]:
    """The worker that looks on; it is not started."""
    repository = {"name": "platform", "url": str(world.git.folder), "ref": "main"}
    configuration: dict[str, Any] = {
        "clusters": [{"name": "staging", "kubeconfig": str(world.cluster.kubeconfig)}],
        "repositories": [repository | {"aliases": [_URL], "poll": "0.2s"}],
        "desired": [
            {
                "repository": "platform",
                "path": "clusters/staging",
                "cluster": "staging",
                "discover": "argocd",
            }
        ],
        "rules": {"lagging": {"after": "2s"}},
    }
    with worker(tmp_path / "worker", configuration) as process:
        yield process


def _settled(watcher: WorkerProcess, **expected: str) -> None:
    """Wait until exactly these checks are open, by the name of the object."""

    def found() -> dict[str, str]:
        return {one["object"]["name"]: one["check"] for one in watcher.findings()}

    wait_until(lambda: found() == expected, what=f"{expected}, but {found()}")


def test_what_nobody_compares_is_one_finding(world: PlatformWorld, watcher: WorkerProcess) -> None:
    """What waits for it is pending; once it was compared, what it does not apply lags by itself."""
    argo = Argo(world)
    commit = argo.declare("calm")
    argo.sync("calm")
    argo.compare(commit)
    watcher.start()
    _settled(watcher)

    commit = argo.declare("wild")
    _settled(watcher, shop="ARGO-007")
    wait_until(lambda: watcher.metric("auditor_objects", verdict="pending") == len(_NAMES))

    argo.compare(commit)
    _settled(watcher, **dict.fromkeys(_NAMES, "K8S-006"))
    argo.sync("wild")
    _settled(watcher)
