"""A real API server is asked whether applying would undo a finding; its word changes nothing.

The account that asks is one that has no rights but those that `auditor rbac` prints.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor.cli.frame import run
from tests.builders import config_map, deployment, namespace
from tests.e2e.story import GitFolder, WorkerProcess, wait_until, worker
from tests.stack.control_plane import ControlPlane

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

POLICY: list[dict[str, Any]] = [
    {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingAdmissionPolicy",
        "metadata": {"name": "confirm-forces"},
        "spec": {
            "matchConstraints": {
                "resourceRules": [
                    {
                        "apiGroups": [""],
                        "apiVersions": ["v1"],
                        "operations": ["CREATE", "UPDATE"],
                        "resources": ["configmaps"],
                        "resourceNames": ["forced"],
                    }
                ]
            },
            "failurePolicy": "Fail",
            "reinvocationPolicy": "Never",
            "mutations": [
                {
                    "patchType": "ApplyConfiguration",
                    "applyConfiguration": {
                        "expression": 'Object{data: {"mode": "wild"}}',
                    },
                }
            ],
        },
    },
    {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingAdmissionPolicyBinding",
        "metadata": {"name": "confirm-forces"},
        "spec": {"policyName": "confirm-forces"},
    },
]


@dataclass(frozen=True)
class Stage:
    """A shop as declared and applied, and a worker whose account has the rights it is given."""

    cluster: ControlPlane
    shop: str
    worker: WorkerProcess
    grant: Callable[[], None]

    def patch(self, kind: str, name: str, patch: object) -> None:
        self.cluster.kubectl("-n", self.shop, "patch", kind, name, "--patch", json.dumps(patch))

    def evidence(self, name: str) -> str | None:
        """What is known of the one open finding of an object; fails if it is not open."""
        finding = self.finding(name)
        assert finding is not None, f"{name} has no finding"
        return finding["evidence"]["dryRun"] if finding["evidence"] else None

    def finding(self, name: str) -> dict[str, Any] | None:
        found = [one for one in self.worker.findings() if one["object"]["name"] == name]
        return found[0] if found else None


def _configuration(kubeconfig: Path, git: Path, *, asking: bool) -> dict[str, Any]:
    cluster = {
        "name": "prod",
        "kubeconfig": str(kubeconfig),
        "confirm": {"enabled": asking, "perSecond": 20},
    }
    return {
        "apiVersion": "auditor/v1",
        "clusters": [cluster],
        "repositories": [{"name": "platform", "url": str(git)}],
        "desired": [{"repository": "platform", "cluster": "prod"}],
    }


def _declared(shop: str) -> list[dict[str, Any]]:
    web = deployment(namespace=shop, image="registry.k8s.io/pause:3.10")
    forced = config_map("forced", namespace=shop)
    return [namespace(shop), config_map(namespace=shop), web, forced]


def _account(cluster: ControlPlane, home: str, path: Path) -> Path:
    """The administrator's kubeconfig with the token of the account."""
    document = json.loads(cluster.kubeconfig.read_text())
    token = cluster.kubectl("--namespace", home, "create", "token", "reader").strip()
    document["users"][0]["user"] = {"token": token}
    path.write_text(json.dumps(document))
    return path


@pytest.fixture
def stage(
    control_plane: ControlPlane, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Iterator[Stage]:
    """The account may read, and after `grant` do what the role printed for dry runs allows."""
    shop, home = (f"confirm-{part}-{uuid.uuid4().hex[:8]}" for part in ("shop", "home"))
    git = GitFolder(tmp_path / "platform")
    git.write("shop.yaml", _declared(shop))
    git.commit()
    control_plane.kubectl("apply", "-f", str(git.folder))
    control_plane.create_namespace(home)

    def grant(*, asking: bool = True) -> None:
        file = tmp_path / "rbac.yaml"
        setting = _configuration(control_plane.kubeconfig, git.folder, asking=asking)
        file.write_text(yaml.safe_dump(setting))
        assert run(["rbac", "-c", str(file), "-n", home, "--name", "reader"]) == 0
        control_plane.kubectl("apply", "--filename=-", input=capsys.readouterr().out)

    grant(asking=False)
    account = _account(control_plane, home, tmp_path / "account")
    setting = _configuration(account, git.folder, asking=True)
    with worker(tmp_path / "worker", setting) as process:
        yield Stage(control_plane, shop, process, grant)


def test_real_changes_are_confirmed_and_additions_stay(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    """A change and a removal are; of an addition nothing is said; of defaults there is no finding."""
    stage.grant()
    stage.worker.start()
    stage.patch("configmap", "settings", {"data": {"mode": "wild"}})
    stage.patch("deployment", "web", {"metadata": {"labels": {"by": "hand"}}})

    wait_until(lambda: stage.finding("settings") and stage.evidence("settings"), what="evidence")
    wait_until(lambda: stage.finding("web"), what="the addition")

    assert stage.evidence("settings") == "confirmed"
    assert stage.evidence("web") is None
    assert {one["object"]["name"] for one in stage.worker.findings()} == {"settings", "web"}
    changed = stage.finding("settings")
    assert changed is not None
    assert (changed["generation"], changed["verdict"]) == (1, "drifted")
    assert run(["findings", "show", changed["id"], "--server", stage.worker.url]) == 0
    assert "confirmed by a dry run" in capsys.readouterr().out
    shown = stage.cluster.kubectl("-n", stage.shop, "get", "configmap", "settings", "-o", "json")
    assert json.loads(shown)["data"] == {"mode": "wild"}


def test_what_admission_forces_is_refuted_and_stays_reported(stage: Stage) -> None:
    """The API server itself makes the declaration what lives: still drift, and now one knows why."""
    stage.grant()
    stage.cluster.kubectl("apply", "--filename=-", input=yaml.safe_dump_all(POLICY))
    try:
        wait_until(lambda: _touch_until_forced(stage), what="the policy in force")
        stage.worker.start()

        wait_until(lambda: stage.finding("forced") and stage.evidence("forced"), what="evidence")

        assert stage.evidence("forced") == "refuted"
        assert stage.worker.metric("auditor_confirmations_total", outcome="refuted") >= 1
    finally:
        stage.cluster.kubectl("delete", "--filename=-", input=yaml.safe_dump_all(POLICY))


def test_without_the_right_dry_runs_fail_and_findings_do_not(stage: Stage) -> None:
    """The account may read only: the finding is what it would be without being asked about."""
    stage.worker.start()
    stage.patch("configmap", "settings", {"data": {"mode": "wild"}})

    wait_until(lambda: stage.finding("settings") and stage.evidence("settings"), what="evidence")

    finding = stage.finding("settings")
    assert finding is not None
    assert finding["evidence"]["dryRun"] == "failed"
    assert (finding["state"], finding["verdict"]) == ("open", "drifted")
    assert [one["op"] for one in finding["differences"]] == ["changed"]
    assert '"status":403' in stage.worker.log().replace(" ", "")


def _touch_until_forced(stage: Stage) -> bool:
    """Policies are in force a moment after they are there."""
    stage.cluster.kubectl(
        "-n", stage.shop, "label", "configmap", "forced", "touched=yes", "--overwrite"
    )
    stage.cluster.kubectl("-n", stage.shop, "label", "configmap", "forced", "touched-")
    shown = stage.cluster.kubectl("-n", stage.shop, "get", "configmap", "forced", "-o", "json")
    return bool(json.loads(shown)["data"]["mode"] == "wild")
