"""The role that `auditor rbac` prints is enough for an audit on a real API server, and no more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from auditor.cli.frame import run
from tests.builders import config_map, deployment, namespace
from tests.e2e.story import GitFolder
from tests.stack.control_plane import ControlPlane
from tests.stack.errors import StackError

pytestmark = pytest.mark.e2e

ACCOUNT = "auditing:reader"
_USER = f"system:serviceaccount:{ACCOUNT}"
_SHOP = "rbac-shop"


def _as_the_account(cluster: ControlPlane, path: Path) -> Path:
    """The administrator's kubeconfig with the token of the account."""
    home, name = ACCOUNT.split(":")
    document = json.loads(cluster.kubeconfig.read_text())
    token = cluster.kubectl("--namespace", home, "create", "token", name).strip()
    document["users"][0]["user"] = {"token": token}
    path.write_text(json.dumps(document))
    return path


def _may(cluster: ControlPlane, verb: str, resource: str) -> bool:
    question = ("auth", "can-i", verb, resource, f"--as={_USER}", "--all-namespaces")
    try:
        return cluster.kubectl(*question).strip() == "yes"
    except StackError:
        return False


def test_the_printed_role_is_enough_and_no_more(
    control_plane: ControlPlane,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Applied as it is printed, it lets a scan end without drift and without doubt."""
    monkeypatch.chdir(tmp_path)
    declared = [
        namespace(_SHOP),
        deployment(namespace=_SHOP, image="registry.k8s.io/pause:3.10"),
        config_map(namespace=_SHOP),
    ]
    platform = GitFolder(tmp_path / "platform")
    platform.write("shop.yaml", declared)
    platform.commit()
    configuration = {
        "apiVersion": "auditor/v1",
        "clusters": [{"name": "prod", "kubeconfig": "kubeconfig"}],
        "repositories": [{"name": "platform", "url": "platform"}],
        "desired": [{"repository": "platform", "cluster": "prod"}],
        "store": {"path": "ledger.db", "cache": "cache"},
    }
    (tmp_path / "auditor.yaml").write_text(yaml.safe_dump(configuration))
    (tmp_path / "kubeconfig").touch()
    home, name = ACCOUNT.split(":")

    assert run(["rbac", "-n", home, "--name", name]) == 0
    printed = capsys.readouterr().out
    control_plane.create_namespace(home)
    control_plane.kubectl("apply", "--filename=-", input=printed)
    control_plane.kubectl("apply", "--filename=-", input=yaml.safe_dump_all(declared))
    _as_the_account(control_plane, tmp_path / "kubeconfig")

    assert run(["scan"]) == 0, capsys.readouterr().out
    assert _may(control_plane, "watch", "deployments.apps")
    for verb, resource in (
        ("list", "secrets"),
        ("create", "configmaps"),
        ("patch", "deployments.apps"),
        ("delete", "namespaces"),
        ("list", "nodes"),
    ):
        assert not _may(control_plane, verb, resource), f"{verb} {resource}"
