"""A Flux repository on a real API server, applied as Flux applies it: what is found below which owner."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.e2e.platform_world import Body, PlatformWorld, built, chart_repository, found, marked
from tests.e2e.story import wait_until
from tests.stack.fixtures import LaunchControlPlane

pytestmark = [pytest.mark.e2e, pytest.mark.corpora, pytest.mark.usefixtures("rendering_programs")]

_URL = "https://github.com/fluxcd/flux2-kustomize-helm-example"
_FLUX = "kustomize.toolkit.fluxcd.io"
_HELM = "helm.toolkit.fluxcd.io"
_APPS = f"{_FLUX}/Kustomization/flux-system/apps"
_RELEASE = f"{_HELM}/HelmRelease/podinfo/podinfo"
_OUT_OF_REACH = {"cert-manager", "envoy-gateway"}
_READY = {
    "status": {
        "observedGeneration": 9,
        "conditions": [
            {
                "type": "Ready",
                "status": "True",
                "reason": "ReconciliationSucceeded",
                "lastTransitionTime": "2026-01-01T00:00:00Z",
            }
        ],
    }
}
_CHART = {
    "Chart.yaml": "apiVersion: v2\nname: podinfo\nversion: 6.9.0\n",
    "values.yaml": "redis: {enabled: false, tag: none}\nhttpRoute: {hostnames: []}\n",
    "templates/web.yaml": """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}}
spec:
  selector: {matchLabels: {app: podinfo}}
  template:
    metadata: {labels: {app: podinfo}}
    spec:
      containers:
        - name: podinfo
          image: podinfo:{{ .Chart.Version }}
          env:
            - {name: HOST, value: {{ index .Values.httpRoute.hostnames 0 | quote }}}
            - {name: REDIS, value: {{ .Values.redis.tag | quote }}}
""",
}


@pytest.fixture
def world(
    corpora: Path, tmp_path: Path, launch_control_plane: LaunchControlPlane
) -> Iterator[PlatformWorld]:
    """The example repository's staging cluster, as Flux leaves it."""
    with chart_repository(tmp_path, _CHART) as charts:
        world = PlatformWorld(
            tmp_path,
            launch_control_plane(),
            repositories={"aliases": [_URL]},
            desired=[
                {
                    "repository": "platform",
                    "path": "clusters/staging",
                    "cluster": "staging",
                    "discover": "flux",
                }
            ],
            charts={"allow": ["http://127.0.0.1:*"]},
            rules={"lagging": {"after": "0s"}},
        )
        world.copy(corpora / "fluxcd+flux2-kustomize-helm-example")
        repository = world.git.folder / "apps/base/podinfo/repository.yaml"
        text = repository.read_text().replace("https://stefanprodan.github.io/podinfo", charts)
        repository.write_text(text)
        apps = world.git.folder / "clusters/staging/apps.yaml"
        _replace(apps, "interval: 1h\n  retryInterval: 2m", "interval: 1s\n  retryInterval: 1s")
        world.git.commit()
        _apply(world, charts)
        yield world


def _apply(world: PlatformWorld, charts: str) -> None:
    world.define(_FLUX, "v1", "Kustomization")
    world.define(_HELM, "v2", "HelmRelease")
    sources = ("HelmRepository", "OCIRepository", "GitRepository")
    world.define("source.toolkit.fluxcd.io", "v1", *sources)
    world.define("source.extensions.fluxcd.io", "v1beta1", "ArtifactGenerator")
    folder, cluster = world.git.folder, world.cluster
    for name in ("flux-system", "podinfo"):
        cluster.kubectl("create", "namespace", name)
    for file in sorted((folder / "clusters/staging").glob("*.yaml")):
        bodies = [body for body in yaml.safe_load_all(file.read_text()) if body]
        world.apply(bodies, "kustomize-controller")
    _apply_kustomization(world, "apps", folder / "apps/staging")
    _apply_kustomization(world, "infra-controllers", folder / "infrastructure/controllers")
    for name in ("apps", "infra-controllers", "infra-configs"):
        cluster.kubectl(
            *("patch", f"kustomizations.{_FLUX}", name, "--namespace=flux-system"),
            *("--subresource=status", "--type=merge", f"--patch={json.dumps(_READY)}"),
        )
    _apply_release(world, charts)


def _apply_kustomization(world: PlatformWorld, name: str, folder: Path) -> None:
    if not (folder / "kustomization.yaml").exists():
        (world.folder / name).mkdir()
        target = world.folder / name / "kustomization.yaml"
        for file in folder.glob("*.yaml"):
            (world.folder / name / file.name).write_text(file.read_text())
        resources = sorted(file.name for file in folder.glob("*.yaml"))
        target.write_text(yaml.safe_dump({"resources": resources}))
        folder = target.parent
    marks = {f"{_FLUX}/name": name, f"{_FLUX}/namespace": "flux-system"}
    bodies = marked(built("kustomize", "build", str(folder)), "labels", marks)
    world.apply([one for one in bodies if one["kind"] == "Namespace"], "kustomize-controller")
    world.apply([one for one in bodies if one["kind"] != "Namespace"], "kustomize-controller")


def _apply_release(world: PlatformWorld, charts: str) -> None:
    overlay = built("kustomize", "build", str(world.git.folder / "apps/staging"))
    release = next(body for body in overlay if body["kind"] == "HelmRelease")
    values = world.folder / "values.yaml"
    values.write_text(yaml.safe_dump(release["spec"]["values"]))
    printed = built(
        *("helm", "template", "podinfo", "podinfo", f"--repo={charts}", "--namespace=podinfo"),
        *("--version=>=1.0.0-alpha", f"--values={values}"),
    )
    marks = {f"{_HELM}/name": "podinfo", f"{_HELM}/namespace": "podinfo"}
    placed = [one | {"metadata": one["metadata"] | {"namespace": "podinfo"}} for one in printed]
    world.apply(marked(placed, "labels", marks), "helm-controller")


def _owner(finding: Body) -> tuple[str, list[str], str | None]:
    owner = finding["owner"]
    return owner["name"], owner["chain"], owner["environment"]


def test_what_flux_applied_is_in_sync_and_what_happens_then_is_found(
    world: PlatformWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    """Below the right owners, in the right environment; what is out of reach is named."""
    clean = world.scan(capsys)
    assert clean["findings"] == []
    assert clean["summary"]["unknown"] == 3  # kinds that this cluster does not have
    for name in _OUT_OF_REACH:
        assert any(name in problem for problem in clean["problems"])

    _drift(world, capsys)
    _suspension(world, capsys)
    _wrong_value(world, capsys)
    _moved_away(world, capsys)


def _drift(world: PlatformWorld, capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody sets an image: the release's object, below Kustomization and HelmRelease."""
    web = ("deployment/podinfo", "--namespace=podinfo")
    world.cluster.kubectl("set", "image", *web, "podinfo=podinfo:evil", "--field-manager=someone")

    (finding,) = world.scan(capsys)["findings"]

    (difference,) = finding["differences"]
    assert (finding["check"], difference["actual"]) == ("K8S-002", "podinfo:evil")
    assert difference["writer"]["manager"] == "someone"
    assert _owner(finding) == ("podinfo/podinfo", [_APPS, _RELEASE], "staging")
    assert finding["source"]["path"] == "apps/base/podinfo/release.yaml"
    world.cluster.kubectl(
        "set", "image", *web, "podinfo=podinfo:6.9.0", "--field-manager=helm-controller"
    )


def _suspension(world: PlatformWorld, capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody suspends a Kustomization: that nobody declared it, and that nothing is applied."""
    kustomization = (f"kustomizations.{_FLUX}", "apps", "--namespace=flux-system")
    world.cluster.kubectl("patch", *kustomization, "--type=merge", _suspend("true"))
    at_once = found(world.scan(capsys))
    assert at_once["K8S-002", "apps"]["differences"][0]["path"] == "spec.suspend"

    later = wait_until(lambda: _with(found(world.scan(capsys)), "FLUX-003"), what="FLUX-003")

    assert set(later) == {("K8S-002", "apps"), ("FLUX-003", "apps")}
    assert later["FLUX-003", "apps"]["category"] == "unreconciled"
    world.cluster.kubectl("patch", *kustomization, "--type=merge", _suspend("null"))


def _suspend(value: str) -> str:
    return f'--patch={{"spec": {{"suspend": {value}}}}}'


def _with(findings: dict[tuple[str, str], Body], check: str) -> dict[tuple[str, str], Body]:
    """All findings, once there is one of a check: it has to last for a moment first."""
    return findings if any(one == check for one, _ in findings) else {}


def _wrong_value(world: PlatformWorld, capsys: pytest.CaptureFixture[str]) -> None:
    """A value of production does not concern staging; one of staging leaves its cluster behind."""
    folder = world.git.folder / "apps"
    _replace(folder / "production/podinfo-values.yaml", "podinfo.production", "wrong.example.com")
    world.git.commit()
    assert world.scan(capsys)["findings"] == []

    _replace(folder / "staging/podinfo-values.yaml", "podinfo.staging", "wrong.example.com")
    world.git.commit()
    findings = found(world.scan(capsys))
    assert {name for _, name in findings} == {"podinfo"}
    assert {one["object"]["kind"] for one in findings.values()} <= {"HelmRelease", "Deployment"}
    assert all(_owner(one)[2] == "staging" for one in findings.values())
    _replace(folder / "staging/podinfo-values.yaml", "wrong.example.com", "podinfo.staging")
    world.git.commit()


def _moved_away(world: PlatformWorld, capsys: pytest.CaptureFixture[str]) -> None:
    """A path that is not there: nothing below is called an orphan, and the owner is named."""
    _replace(world.git.folder / "clusters/staging/apps.yaml", "path: ./staging", "path: ./stage")
    world.git.commit()

    report = world.scan(capsys)

    assert {one["object"]["name"] for one in report["findings"]} == {"apps"}
    assert any("stage" in problem and "apps" in problem for problem in report["problems"])


def _replace(file: Path, before: str, after: str) -> None:
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after))
