"""Charts that ask what the cluster is, against a real API server: they declare what fits it, when it does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor.cli.frame import run
from tests.builders import crd, namespace, obj
from tests.e2e.story import GitFolder, WorkerProcess, wait_until, worker
from tests.stack.control_plane import ControlPlane
from tests.stack.fixtures import LaunchControlPlane

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("rendering_programs")]

_SHOP = "capable-shop"
_GROUP = "capable.example.com"
_WIDGET = obj(f"{_GROUP}/v1", "Widget", "web", _SHOP, spec={"size": 3})
_CHART = {
    "Chart.yaml": "{apiVersion: v2, name: web, version: 1.0.0, kubeVersion: '>=1.36.0'}\n",
    "templates/settings.yaml": (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web-settings}\n"
        "data: {kube: {{ .Capabilities.KubeVersion.Version | quote }}}\n"
    ),
    "templates/widget.yaml": (
        f'{{{{ if .Capabilities.APIVersions.Has "{_GROUP}/v1/Widget" }}}}\n'
        f"{json.dumps(_WIDGET)}\n{{{{ end }}}}\n"
    ),
}


@pytest.fixture
def platform(tmp_path: Path) -> GitFolder:
    """A repository with the chart."""
    platform = GitFolder(tmp_path / "platform")
    for path, text in _CHART.items():
        platform.write(f"web/{path}", text)
    platform.commit()
    return platform


def _settings(cluster: ControlPlane) -> dict[str, Any]:
    version = json.loads(cluster.kubectl("get", "--raw", "/version"))["gitVersion"]
    data = {"kube": version}
    return obj("v1", "ConfigMap", "web-settings", _SHOP, data=data)


def _apply(cluster: ControlPlane, *bodies: dict[str, Any]) -> None:
    cluster.kubectl("apply", "--server-side", "--filename=-", input=yaml.safe_dump_all(bodies))


def _define(cluster: ControlPlane) -> None:
    _apply(cluster, crd(_GROUP, "Widget"))
    name = f"customresourcedefinition/widgets.{_GROUP}"
    cluster.kubectl("wait", "--for=condition=Established", name, "--timeout=30s")


def test_a_chart_is_rendered_for_the_cluster_that_it_is_compared_with(
    launch_control_plane: LaunchControlPlane,
    platform: GitFolder,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Its version, and a kind that helm by itself has never heard of; as helm would have installed it."""
    cluster = launch_control_plane()
    _apply(cluster, namespace(_SHOP), _settings(cluster))
    _define(cluster)
    _apply(cluster, _WIDGET)
    monkeypatch.setenv("XDG_CACHE_HOME", str(platform.folder.parent))
    where = ["--kubeconfig", str(cluster.kubeconfig), "-n", _SHOP, "--unmanaged", "-o", "json"]

    code = run(["diff", str(platform.folder / "web"), *where])
    report = json.loads(capsys.readouterr().out)

    assert (code, report["findings"], report["problems"]) == (0, [], [])
    assert report["summary"]["in_sync"] == 2


def test_a_kind_that_comes_changes_what_is_declared(
    launch_control_plane: LaunchControlPlane, platform: GitFolder, tmp_path: Path
) -> None:
    """Without a commit: the chart calls for an object as soon as there can be one."""
    cluster = launch_control_plane()
    _apply(cluster, namespace(_SHOP), _settings(cluster))
    configuration = {
        "clusters": [{"name": "here", "kubeconfig": str(cluster.kubeconfig)}],
        "repositories": [{"name": "platform", "url": str(platform.folder)}],
        "desired": [
            {"repository": "platform", "path": "web", "cluster": "here", "namespace": _SHOP}
        ],
    }

    with worker(tmp_path / "worker", configuration) as process:
        process.start()
        wait_until(lambda: _verdicts(process) == {"in_sync": 1}, what="the chart without the kind")

        _define(cluster)
        wait_until(
            lambda: _verdicts(process) == {"in_sync": 1, "pending": 1},
            what="the object that is called for now is waited for",
        )
        _apply(cluster, _WIDGET)
        wait_until(lambda: _verdicts(process) == {"in_sync": 2}, what="it is there")

        assert process.findings() == []
        assert process.stop() == 0


def _verdicts(process: WorkerProcess) -> dict[str, int]:
    """How many objects have which verdict."""
    names = ("in_sync", "drifted", "pending", "unknown")
    counted = {name: int(process.metric("auditor_objects", verdict=name)) for name in names}
    return {name: count for name, count in counted.items() if count}
