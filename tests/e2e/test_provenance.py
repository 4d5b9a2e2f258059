"""Findings name the line that declares a field, through overlays and values, against a real API server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor.cli.frame import run
from tests.builders import config_map, deployment, namespace
from tests.e2e.story import GitFolder
from tests.stack.control_plane import ControlPlane

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("rendering_programs")]

_SHOP = "provenance-shop"
_OVERLAY = """\
resources: [../base]
images:
  - {name: nginx, newTag: "2"}
patches:
  - path: replicas.yaml
"""
_REPLICAS = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: provenance-shop}
spec:
  paused: false
  replicas: %d
"""
_TEMPLATE = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-modes}
data:
  mode: {{ .Values.mode | quote }}
"""


@pytest.fixture
def platform(tmp_path: Path) -> GitFolder:
    """A base with an overlay, and a chart, of which each was committed at another time."""
    git = GitFolder(tmp_path / "platform")
    git.write("base/kustomization.yaml", "resources: [web.yaml]\n")
    git.write("base/web.yaml", [deployment(namespace=_SHOP, replicas=1, image="nginx:1")])
    git.write("prod/kustomization.yaml", _OVERLAY)
    git.write("prod/replicas.yaml", _REPLICAS % 2)
    git.write("chart/Chart.yaml", "{apiVersion: v2, name: modes, version: 1.0.0}\n")
    git.write("chart/values.yaml", "# of all\nmode: calm\n")
    git.write("chart/templates/modes.yaml", _TEMPLATE)
    git.commit()
    return git


def _drift(
    cluster: ControlPlane, config: Path, capsys: pytest.CaptureFixture[str]
) -> dict[str, Any]:
    """Scan; what is found by the names of the objects."""
    code = run(["scan", "-c", str(config), "-o", "json"])
    report = json.loads(capsys.readouterr().out)
    assert (code, report["problems"]) == (1, [])
    return {one["object"]["name"]: one for one in report["findings"]}


def _configured(platform: GitFolder, cluster: ControlPlane, folder: Path) -> Path:
    roots = [
        {"repository": "platform", "path": path, "cluster": "prod", "namespace": _SHOP}
        for path in ("prod", "chart")
    ]
    roots[1]["options"] = {"releaseName": "shop", "valuesFiles": ["/prod/values.yaml"]}  # type: ignore[assignment] # of YAML
    document = {
        "apiVersion": "auditor/v1",
        "clusters": [{"name": "prod", "kubeconfig": str(cluster.kubeconfig)}],
        "repositories": [{"name": "platform", "url": str(platform.folder), "ref": "main"}],
        "desired": [{**root, "renderer": "auto"} for root in roots],
        "store": {"path": str(folder / "ledger.db"), "cache": str(folder / "cache")},
    }
    path = folder / "auditor.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


def test_a_finding_names_the_line_that_says_it(
    platform: GitFolder,
    control_plane: ControlPlane,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The patch, the image's entry, the values file; each with the commit that last changed that."""
    platform.write("prod/replicas.yaml", _REPLICAS % 3)
    patched = platform.commit()
    platform.write("prod/values.yaml", "mode: brisk\n")
    valued = platform.commit()
    platform.write("base/web.yaml", [deployment(namespace=_SHOP, replicas=1, image="nginx:0")])
    platform.commit()
    living = (
        namespace(_SHOP),
        deployment(namespace=_SHOP, replicas=7, image="nginx:2"),
        config_map("shop-modes", namespace=_SHOP, data={"mode": "wild"}),
    )
    control_plane.kubectl(
        "apply", "--server-side", "--filename=-", input=yaml.safe_dump_all(living)
    )
    config = _configured(platform, control_plane, tmp_path)

    found = _drift(control_plane, config, capsys)

    sources = {name: one["source"] for name, one in found.items()}
    places = {name: (one["path"], one["line"], one["revision"]) for name, one in sources.items()}
    assert places["web"] == ("prod/replicas.yaml", 6, patched)
    assert places["shop-modes"] == ("prod/values.yaml", 1, valued)
    remedies = {name: {r["kind"]: r["how"] for r in one["remedies"]} for name, one in found.items()}
    assert remedies["web"] == {
        "revert": "kubectl apply -k prod",
        "codify": "change prod/replicas.yaml:6 in platform to what lives",
    }
    assert "the chart at chart with helm" in remedies["shop-modes"]["revert"]
    assert remedies["shop-modes"]["codify"] == "change prod/values.yaml:1 in platform to what lives"
