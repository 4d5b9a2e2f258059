"""``auditor explain`` accounts for every field of an object on a real API server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor.cli.frame import run
from tests.builders import namespace, obj, service
from tests.e2e.story import GitFolder
from tests.stack.control_plane import ControlPlane

pytestmark = pytest.mark.e2e

_SHOP = "explain-shop"
_SECRET = "hunter2-planted"


def _declare(cluster: ControlPlane, folder: Path) -> None:
    """A Service and a Secret that live as declared, and the configuration of an audit."""
    declared = [
        namespace(_SHOP),
        service(namespace=_SHOP),
        obj("v1", "Secret", "login", _SHOP, stringData={"password": _SECRET}),
    ]
    platform = GitFolder(folder / "platform")
    platform.write("shop.yaml", declared)
    platform.commit()
    cluster.kubectl("apply", "--filename=-", input=yaml.safe_dump_all(declared))
    hides = {"path": "metadata.labels", "reason": "sorted by hand", "owner": "shop", "id": "labels"}
    configuration = {
        "apiVersion": "auditor/v1",
        "clusters": [{"name": "prod", "kubeconfig": str(cluster.kubeconfig), "secrets": True}],
        "repositories": [{"name": "platform", "url": "platform"}],
        "desired": [{"repository": "platform", "cluster": "prod"}],
        "rules": {"ignore": [hides]},
        "store": {"path": "ledger.db", "cache": "cache"},
    }
    (folder / "auditor.yaml").write_text(yaml.safe_dump(configuration))


def _explained(capsys: pytest.CaptureFixture[str], ref: str) -> dict[str, Any]:
    assert run(["explain", ref, "-o", "json"]) == 0
    return {field["path"]: field for field in json.loads(capsys.readouterr().out)["fields"]}


@pytest.fixture
def tampered(
    control_plane: ControlPlane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ControlPlane:
    """Everything was changed by hand after it was applied."""
    monkeypatch.chdir(tmp_path)
    _declare(control_plane, tmp_path)
    port = json.dumps([{"op": "replace", "path": "/spec/ports/0/targetPort", "value": 9090}])
    secret = json.dumps({"stringData": {"password": f"{_SECRET}-2"}})
    for command in (
        ("patch", "service", "web", "--type=json", f"--patch={port}"),
        ("label", "--overwrite", "service", "web", "mine=yes"),
        ("annotate", "--overwrite", "service", "web", "example.com/owner=me"),
        ("patch", "secret", "login", f"--patch={secret}"),
    ):
        control_plane.kubectl("--namespace", _SHOP, *command)
    return control_plane


def test_every_field_is_accounted_for(
    tampered: ControlPlane, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was changed, added and hidden, and what the API server and the applier put there."""
    fields = _explained(capsys, f"Service/{_SHOP}/web")

    drift = {path for path, field in fields.items() if not field["expected"]}
    target = "spec.ports[port=80,protocol=TCP].targetPort"
    added = 'metadata.annotations["example.com/owner"]'
    assert drift == {target, "metadata.labels.mine", added}
    assert fields[target]["writer"]["manager"] == "kubectl-patch"
    assert fields[target]["because"] == "declared, so it counts whoever wrote it"
    assert fields["metadata.labels.mine"]["rule"] == "labels"
    assert "program through which people act" in fields[added]["because"]
    assert "default" in fields["spec.type"]["because"]
    assert fields["spec.clusterIP"]["expected"]
    record = fields['metadata.annotations["kubectl.kubernetes.io/last-applied-configuration"]']
    assert record["because"] == "client-side apply keeps its own record here"


def test_secrets_are_explained_without_their_values(
    tampered: ControlPlane, capsys: pytest.CaptureFixture[str]
) -> None:
    """That a password differs is told, and nothing of it."""
    assert run(["explain", f"Secret/{_SHOP}/login"]) == 0

    told = capsys.readouterr().out
    assert "data.password\n      changed" in told
    assert _SECRET not in told
    assert "aHVudGVyMi" not in told
