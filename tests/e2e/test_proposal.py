"""``auditor diff --revision`` against a real API server: what a branch would change there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor.cli.frame import run
from tests.builders import config_map, deployment, namespace, secret, service
from tests.e2e.story import GitFolder
from tests.stack.control_plane import ControlPlane

pytestmark = pytest.mark.e2e

_SHOP = "proposal-shop"


def test_only_what_the_branch_touches_is_compared_with_the_cluster(
    control_plane: ControlPlane,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With what lives there: drift elsewhere, and what was added by hand, is another command's."""
    monkeypatch.chdir(tmp_path)
    before = {
        "shop.yaml": namespace(_SHOP),
        "web.yaml": deployment(namespace=_SHOP, replicas=1),
        "svc.yaml": service(namespace=_SHOP),
        "login.yaml": secret(namespace=_SHOP),
        "settings.yaml": config_map(namespace=_SHOP),
    }
    platform = GitFolder(tmp_path / "platform")
    for name, body in before.items():
        platform.write(name, [body])
    first = platform.commit()
    control_plane.kubectl("apply", "--filename=-", input=yaml.safe_dump_all(before.values()))
    _by_hand(control_plane)
    platform.write("web.yaml", [deployment(namespace=_SHOP, replicas=3)])
    platform.write("login.yaml", [secret(namespace=_SHOP, data={"password": "bmV3"})])
    platform.write("new.yaml", [config_map("new", namespace=_SHOP)])
    (tmp_path / "platform" / "svc.yaml").unlink()
    platform.commit()

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    kubeconfig = str(control_plane.kubeconfig)
    arguments = ["--kubeconfig", kubeconfig, "-o", "json", str(tmp_path / "platform")]
    assert run(["diff", "--revision", f"{first}..", *arguments]) == 1

    report = json.loads(capsys.readouterr().out)
    found = {one["object"]["name"]: one for one in report["findings"]}
    assert report["problems"] == []
    assert {(name, one["check"]) for name, one in found.items() if name != "web"} == {
        ("new", "REV-001"),
        ("login", "REV-002"),
    }
    assert _moves(found["web"]) == [("spec.replicas", 2, 3)]
    assert all(one["cluster"] == "current" for one in report["findings"])


def _by_hand(cluster: ControlPlane) -> None:
    """Drift of what the branch touches and of what it does not; and one object is gone already."""
    for command in (
        ("scale", "deployment", "web", "--replicas=2"),
        ("annotate", "deployment", "web", "example.com/by=hand"),
        ("annotate", "configmap", "settings", "example.com/by=hand"),
        ("delete", "service", "web"),
    ):
        cluster.kubectl("--namespace", _SHOP, *command)


def _moves(finding: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    return [(one["path"], one["actual"], one["desired"]) for one in finding["differences"]]
