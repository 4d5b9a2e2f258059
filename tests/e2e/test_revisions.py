"""An app of apps whose children are pinned by tag, branch, commit and range, on real servers.

One configured repository serves them all. Revisions move while the worker is down, and it knows all the same
that Git moved and not the cluster.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.builders import config_map, obj
from tests.e2e.open_kinds import define
from tests.e2e.platform_world import PlatformWorld, marked
from tests.e2e.story import GitFolder, WorkerProcess, wait_until, worker
from tests.git_server import GitServer, serving
from tests.stack.fixtures import LaunchControlPlane

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

_PLACE = "pinned"
_NAMES = ("tagged", "branched", "committed", "ranged")
_APPLIER = "argocd-controller"


@dataclass(frozen=True)
class Scene:
    """A repository behind a server, a cluster as Argo CD leaves it, and what the auditor is told."""

    world: PlatformWorld
    server: GitServer
    first: str

    @property
    def git(self) -> GitFolder:
        return self.world.git

    def tag(self, name: str) -> None:
        self.git.run("tag", "--force", "--annotate", "--message", name, name)

    def release(self, version: int) -> str:
        """Commit a version of all four on main, and let nothing else lead to it."""
        for name in _NAMES:
            self.git.write(f"{name}/map.yaml", [_map(name, version)])
        return self.git.commit(f"Release {version}")

    def moved(self) -> str:
        """Move the tag, rewrite the branch, and tag a higher version."""
        commit = self.release(2)
        self.tag("current")
        self.tag("v1.1.0")
        self.git.run("checkout", "--quiet", "--orphan", "rewritten")
        self.git.commit("Forget what was")
        self.git.run("branch", "--force", "stable", "rewritten")
        self.git.run("checkout", "--quiet", "main")
        return commit


def _map(name: str, version: int) -> dict[str, Any]:
    return config_map(name, namespace=_PLACE, data={"version": str(version)})


def _application(name: str, revision: str, url: str) -> dict[str, Any]:
    source = {"repoURL": url, "path": name, "targetRevision": revision}
    destination = {"server": "https://kubernetes.default.svc", "namespace": _PLACE}
    spec = {"project": "default", "source": source, "destination": destination}
    return obj("argoproj.io/v1alpha1", "Application", name, namespace="argocd", spec=spec)


def _tracked(name: str, version: int) -> list[dict[str, Any]]:
    tracking = f"{name}:/ConfigMap:{_PLACE}/{name}"
    return marked(
        [_map(name, version)], "annotations", {"argocd.argoproj.io/tracking-id": tracking}
    )


@pytest.fixture
def scene(tmp_path: Path, launch_control_plane: LaunchControlPlane) -> Iterator[Scene]:
    """Everything is as it is declared."""
    with serving(tmp_path) as server:
        url = f"{server.url}/platform"
        desired = {"repository": "platform", "path": "apps", "cluster": "staging"}
        world = PlatformWorld(
            tmp_path,
            {"staging": launch_control_plane(controllers=False)},
            repositories={"url": url, "poll": "1s"},
            desired=[desired | {"discover": "argocd"}],
        )
        scene = Scene(world, server, _declare(world.git, url))
        define(world.cluster, "argoproj.io", "v1alpha1", "Application", "ApplicationSet")
        for place in ("argocd", _PLACE):
            world.cluster.kubectl("create", "namespace", place)
        for file in sorted((world.git.folder / "apps").glob("*.yaml")):
            world.cluster.apply([yaml.safe_load(file.read_text())], _APPLIER)
        for name in _NAMES:
            world.cluster.apply(_tracked(name, 1), _APPLIER)
        yield scene


def _declare(git: GitFolder, url: str) -> str:
    """Four Applications, each at the first version in another way, and a newer one on main."""
    for name in _NAMES:
        git.write(f"{name}/map.yaml", [_map(name, 1)])
    first = git.commit("Release 1")
    for tag in ("current", "v1.0.0"):
        git.run("tag", "--annotate", "--message", tag, tag)
    git.run("branch", "stable")
    revisions = ("current", "stable", first, ">=1.0.0 <2")
    for name, revision in zip(_NAMES, revisions, strict=True):
        git.write(f"apps/{name}.yaml", [_application(name, revision, url)])
        git.write(f"{name}/map.yaml", [_map(name, 0)])
    git.commit("Deploy them")
    return first


def test_every_child_is_audited_at_its_own_revision(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    """What lives is what is pinned; what moves is found, with the commit that it moved to."""
    clean = scene.world.scan(capsys)
    assert clean["findings"] == []
    assert clean["summary"]["in_sync"] >= 2 * len(_NAMES)

    patch = json.dumps({"data": {"version": "by hand"}})
    scene.world.cluster.kubectl("patch", "configmap", "committed", f"-n={_PLACE}", f"-p={patch}")
    (finding,) = scene.world.scan(capsys)["findings"]
    assert finding["object"]["name"] == "committed"
    assert finding["differences"][0]["desired"] == "1"
    source = finding["source"]
    assert (source["repository"], source["revision"]) == ("platform", scene.first)
    assert (source["path"], source["line"]) == ("committed/map.yaml", 1)
    assert finding["owner"]["chain"] == ["argoproj.io/Application/argocd/committed"]
    scene.world.cluster.apply(_tracked("committed", 1), _APPLIER)

    commit = scene.moved()
    found = {one["object"]["name"]: one for one in scene.world.scan(capsys)["findings"]}
    assert found.keys() == {"tagged", "branched", "ranged"}
    assert {found[name]["source"]["revision"] for name in ("tagged", "ranged")} == {commit}
    assert {one["differences"][0]["desired"] for one in found.values()} == {"2"}

    scene.git.run("tag", "--delete", "current")
    report = scene.world.scan(capsys)
    assert {one["object"]["name"] for one in report["findings"]} == {"branched", "ranged"}
    assert any("has no branch or tag 'current'" in one for one in report["problems"])


def test_revisions_that_move_while_the_worker_is_down_are_known_to_have_moved(
    scene: Scene,
) -> None:
    """The cluster is behind, and did not drift: pending until Argo CD's time is over."""
    with worker(scene.world.folder / "worker", scene.world.configuration()) as running:
        running.start()
        for name in _NAMES:
            _await(running, name, "in_sync")
        running.kill()
        scene.moved()

        running.start()

        for name in ("tagged", "branched", "ranged"):
            _await(running, name, "pending")
        assert _verdict(running, "committed") == "in_sync"
        assert running.metric("auditor_followed_revisions", repository="platform") == 5
        assert running.metric("auditor_followed_revisions", state="lacking") == 0
        scene.world.cluster.apply(_tracked("tagged", 2), _APPLIER)
        wait_until(lambda: _verdict(running, "tagged") == "in_sync", what="tagged is applied")
        assert running.findings() == []
        scene.git.run("branch", "--force", "stable", scene.first)
        wait_until(lambda: _verdict(running, "branched") == "in_sync", what="branched is back")


def _await(running: WorkerProcess, name: str, verdict: str) -> None:
    wait_until(lambda: _verdict(running, name) == verdict, what=name)


def _verdict(running: WorkerProcess, name: str) -> str:
    _, body = running.get(f"/api/v1/objects?kind=ConfigMap&name={name}&namespace={_PLACE}")
    objects = json.loads(body)["objects"]
    return str(objects[0]["verdict"]) if objects else ""
