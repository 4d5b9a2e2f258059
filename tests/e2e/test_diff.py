"""``auditor diff PATH`` against a real API server: what lies on disk, whatever declares it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor.cli.frame import run
from tests.builders import config_map, deployment, namespace, service
from tests.e2e.story import GitFolder
from tests.stack.control_plane import ControlPlane

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("rendering_programs")]

_SHOP = "diff-shop"
_TEMPLATE = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: charted}\n"
    "data: {mode: {{ .Values.mode | quote }}}\n"
)


class Desk:
    """Whoever types the command, and what came of it."""

    def __init__(
        self, cluster: ControlPlane, cache: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self._cluster = cluster
        self._cache = cache
        self._capsys = capsys

    def apply(self, *bodies: dict[str, Any]) -> None:
        text = yaml.safe_dump_all([namespace(_SHOP), *bodies])
        self._cluster.kubectl("apply", "--server-side", "--filename=-", input=text)

    def diff(self, *arguments: Path | str) -> tuple[int, dict[str, Any]]:
        """The exit code and the report."""
        where = ("--kubeconfig", str(self._cluster.kubeconfig), "-n", _SHOP, "-o", "json")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("XDG_CACHE_HOME", str(self._cache))
            code = run(["diff", *map(str, arguments), *where])
        return code, json.loads(self._capsys.readouterr().out)


@pytest.fixture
def desk(control_plane: ControlPlane, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    control_plane.kubectl("delete", "namespace", _SHOP, "--ignore-not-found", "--wait=true")
    return Desk(control_plane, tmp_path / "cache", capsys)


def test_what_lives_as_it_lies_there_is_in_sync(desk: Desk, tmp_path: Path) -> None:
    """Every object is judged: that nothing was found because nothing was looked at would be no answer."""
    folder = tmp_path / "My Shop"
    folder.mkdir()
    bodies = (deployment(namespace=_SHOP), service(namespace=_SHOP), config_map(namespace=_SHOP))
    (folder / "shop.yaml").write_text(yaml.safe_dump_all(bodies))
    desk.apply(*bodies)

    code, report = desk.diff(folder)

    assert (code, report["findings"], report["problems"]) == (0, [], [])
    assert report["summary"]["in_sync"] == 3


def test_several_paths_of_a_checkout_are_compared_at_once(desk: Desk, tmp_path: Path) -> None:
    """A folder, a kustomization and a chart; each difference with the place that declares it."""
    git = GitFolder(tmp_path / "platform")
    git.write("plain/web.yaml", [deployment(namespace=_SHOP, replicas=3)])
    git.write("overlay/kustomization.yaml", "resources: [base.yaml]\nnamePrefix: prod-\n")
    git.write("overlay/base.yaml", [config_map(namespace=_SHOP)])
    git.write("chart/Chart.yaml", "{apiVersion: v2, name: web, version: 1.0.0}\n")
    git.write("chart/values.yaml", "mode: calm\n")
    git.write("chart/templates/charted.yaml", _TEMPLATE)
    declared = git.commit()
    desk.apply(
        deployment(namespace=_SHOP, replicas=2),
        config_map("prod-settings", namespace=_SHOP, data={"mode": "wild"}),
    )

    code, report = desk.diff(*(git.folder / name for name in ("plain", "overlay", "chart")))

    found = {one["object"]["name"]: one for one in report["findings"]}
    assert (code, report["problems"]) == (1, [])
    assert {name: (one["check"], one["source"]["path"]) for name, one in found.items()} == {
        "web": ("K8S-002", "plain/web.yaml"),
        "prod-settings": ("K8S-002", "overlay/base.yaml"),
        "charted": ("K8S-001", "chart/templates/charted.yaml"),
    }
    assert {one["source"]["repository"] for one in found.values()} == {"platform"}
    assert {one["source"]["revision"] for one in found.values()} == {declared}


def test_folders_of_one_name_are_told_apart(desk: Desk, tmp_path: Path) -> None:
    """As where two repositories are checked out side by side."""
    for number in ("one", "two"):
        (tmp_path / number / "deploy").mkdir(parents=True)
        body = config_map(f"settings-{number}", namespace=_SHOP)
        (tmp_path / number / "deploy" / "settings.yaml").write_text(yaml.safe_dump(body))
    desk.apply()

    code, report = desk.diff(tmp_path / "one" / "deploy", tmp_path / "two" / "deploy")

    assert (code, report["problems"]) == (1, [])
    assert {(one["object"]["name"], one["source"]["repository"]) for one in report["findings"]} == {
        ("settings-one", "deploy"),
        ("settings-two", "deploy-2"),
    }
