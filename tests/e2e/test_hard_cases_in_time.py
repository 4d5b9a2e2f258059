"""What looks alike at one moment and is told apart by the order of things, on a real API server.

The rest of case 15 is told elsewhere: pending and lagging in ``test_story.py``, gaps and staleness in
``test_outages.py`` and ``test_reflector.py``; of case 14, what never was in Git in ``test_hard_cases.py``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.builders import config_map, namespace
from tests.e2e.story import GitFolder, WorkerProcess, wait_until, worker
from tests.stack.control_plane import ControlPlane

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

_PLACE = "hard-15"
_OPENINGS = 3
_DECLARED = ("codified", "reverted", "moved-by-both", "contested", "retired", "renounced")


@dataclass(frozen=True)
class Scene:
    """Declared maps, a worker that watches them, and what it knows."""

    cluster: ControlPlane
    git: GitFolder
    worker: WorkerProcess

    def patch(self, name: str, mode: str) -> None:
        """Set the only key of a map, by hand."""
        change = json.dumps({"data": {"mode": mode}})
        self.kubectl("patch", "configmap", name, "--patch", change)

    def kubectl(self, *arguments: str) -> None:
        """Run kubectl where the maps live."""
        self.cluster.kubectl("--namespace", _PLACE, *arguments)

    def declare(self, name: str, mode: str) -> None:
        """Commit another value of the only key of a map."""
        self.git.write(f"{name}.yaml", [_map(name, mode)])
        self.git.commit(f"Let {name} be {mode}")

    def renounce(self, name: str) -> None:
        """Commit that a map is declared no more."""
        (self.git.folder / f"{name}.yaml").unlink()
        self.git.commit(f"Renounce {name}")

    def finding(self, name: str, state: str) -> dict[str, Any]:
        """Wait for a finding about a map to be in a state, and return it with its history."""

        def found() -> Any:
            _, body = self.worker.get(f"/api/v1/findings?state={state}&name={name}")
            return json.loads(body)["findings"]

        one = wait_until(found, what=f"{name} {state}")[0]
        return dict(json.loads(self.worker.get(f"/api/v1/findings/{one['id']}")[1]))

    def verdict(self, name: str) -> str:
        """What is known of a map now."""
        _, body = self.worker.get(f"/api/v1/objects?name={name}&namespace={_PLACE}")
        objects = json.loads(body)["objects"]
        return str(objects[0]["verdict"]) if objects else ""

    def has(self, name: str, verdict: str) -> None:
        """Wait until a verdict on a map is known."""
        wait_until(lambda: self.verdict(name) == verdict, what=f"{name} {verdict}")


def _map(name: str, mode: str) -> dict[str, Any]:
    return config_map(name, namespace=_PLACE, data={"mode": mode})


def _configuration(cluster: ControlPlane, git: GitFolder) -> dict[str, Any]:
    return {
        "clusters": [{"name": "prod", "kubeconfig": str(cluster.kubeconfig)}],
        "repositories": [{"name": "platform", "url": str(git.folder), "poll": "1s"}],
        "desired": [{"repository": "platform", "path": ".", "cluster": "prod"}],
        "rules": {
            "contested": {"openings": _OPENINGS, "window": "2m", "quiet": "4s"},
            "lagging": {"after": "5s"},
        },
    }


@pytest.fixture(scope="module")
def scene(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Everything as declared, and a worker at work."""
    folder = tmp_path_factory.mktemp(_PLACE)
    control_plane.create_namespace(_PLACE)
    git = GitFolder(folder / "platform")
    git.write("namespace.yaml", [namespace(_PLACE)])
    for name in _DECLARED:
        git.write(f"{name}.yaml", [_map(name, "calm")])
    git.commit()
    applied = ("apply", "--server-side", "--field-manager=argocd-controller")
    control_plane.kubectl(*applied, "-f", str(git.folder))
    with worker(folder / "worker", _configuration(control_plane, git)) as process:
        process.start()
        yield Scene(control_plane, git, process)


def _history(finding: dict[str, Any]) -> list[str]:
    return [step["transition"] for step in finding["history"]]


def test_an_emergency_that_is_codified(scene: Scene) -> None:
    """The cluster moved first and Git followed: what was drift is resolved as codified."""
    scene.patch("codified", "wild")
    opened = scene.finding("codified", "open")
    assert opened["category"] == "changed"
    began = datetime.fromisoformat(opened["firstSeen"])

    # Commits are dated to the second, and one of the same second may have been first.
    wait_until(lambda: datetime.now(UTC) >= began + timedelta(seconds=1), what="the next second")
    scene.declare("codified", "wild")

    resolved = scene.finding("codified", "resolved")
    assert resolved["resolution"] == "codified"
    assert _history(resolved) == ["opened", "resolved"]


def test_an_emergency_that_is_reverted(scene: Scene) -> None:
    """The same, but the cluster moved back."""
    scene.patch("reverted", "wild")
    scene.finding("reverted", "open")

    scene.patch("reverted", "calm")

    assert scene.finding("reverted", "resolved")["resolution"] == "reverted"


def test_an_emergency_that_git_answers_otherwise(scene: Scene) -> None:
    """A commit with another value explains nothing: what was drift is drift."""
    scene.patch("moved-by-both", "wild")
    scene.finding("moved-by-both", "open")

    scene.declare("moved-by-both", "mild")

    def desired() -> Any:
        found = scene.finding("moved-by-both", "open")
        return found["differences"][0]["desired"]

    wait_until(lambda: desired() == "mild", what="the new declaration in the finding")
    scene.patch("moved-by-both", "mild")
    assert scene.finding("moved-by-both", "resolved")["resolution"] == "reverted"


def test_two_writers_that_disagree(scene: Scene) -> None:
    """Flips are one contested finding, which ends when the fight does."""
    for _ in range(_OPENINGS):
        scene.patch("contested", "wild")
        scene.finding("contested", "open")
        scene.patch("contested", "calm")
        scene.has("contested", "in_sync")

    found = scene.finding("contested", "open")
    assert found["category"] == "contested"
    told = _history(found)
    for _ in range(2):
        scene.patch("contested", "wild")
        scene.has("contested", "drifted")
        scene.patch("contested", "calm")
        scene.has("contested", "in_sync")

    resolved = scene.finding("contested", "resolved")
    assert _history(resolved) == [*told, "resolved"]
    assert told.count("reopened") == _OPENINGS - 1


def test_a_declaration_that_is_gone_before_its_object(scene: Scene) -> None:
    """In Git until lately: pruning is waited for, then it is an orphan, and no more once pruned."""
    scene.renounce("renounced")
    scene.has("renounced", "pending")

    found = scene.finding("renounced", "open")
    assert (found["check"], found["category"]) == ("K8S-003", "unmanaged")

    scene.kubectl("delete", "configmap", "renounced")
    assert scene.finding("renounced", "resolved")["resolution"] == "gone"


def test_an_object_that_is_gone_before_its_declaration(scene: Scene) -> None:
    """Missing as long as it is declared, and no more once it is not."""
    scene.kubectl("delete", "configmap", "retired")
    assert scene.finding("retired", "open")["check"] == "K8S-001"

    scene.renounce("retired")

    assert scene.finding("retired", "resolved")["resolution"] == "gone"
