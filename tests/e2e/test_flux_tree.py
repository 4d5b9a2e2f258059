"""A Flux repository on two real clusters, audited by one configuration: what is found below which owner."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.e2e.flux_world import CHART, FLUX, HELM, FluxWorld, flux_world, owners
from tests.e2e.platform_world import Body, Told, found, told
from tests.e2e.story import wait_until
from tests.stack.fixtures import LaunchControlPlane, require

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.corpora,
    pytest.mark.timeout(300),
    pytest.mark.usefixtures("rendering_programs"),
]

_CLUSTERS = ("staging", "production")
_OUT_OF_REACH = {"cert-manager", "envoy-gateway"}
_ABSENT = {"ClusterIssuer", "Gateway", "GatewayClass"}
_KUSTOMIZATION = f"{FLUX}/Kustomization/flux-system/apps"
_RELEASE = f"{HELM}/HelmRelease/podinfo/podinfo"
_WEB = ("deployment/podinfo", "--namespace=podinfo")


@pytest.fixture
def world(
    corpora: Path, tmp_path: Path, launch_control_plane: LaunchControlPlane
) -> Iterator[FluxWorld]:
    """The example repository with both of its clusters, as Flux leaves them."""
    require(("flux-definitions",))
    planes = {name: launch_control_plane(name=name, controllers=False) for name in _CLUSTERS}
    example = corpora / "fluxcd+flux2-kustomize-helm-example"
    with flux_world(tmp_path, example, planes) as opened:
        yield opened


def test_what_flux_applied_is_in_sync_and_what_happens_then_is_found(
    world: FluxWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    """In its cluster, below its owners, in its environment, and nothing else anywhere."""
    _nothing_is_found(world.scan(capsys))

    for name in _CLUSTERS:
        _drift(world, name, capsys)
        _wrong_value(world, name, capsys)
    _suspension(world, capsys)
    _moved_away(world, capsys)


def _nothing_is_found(report: Body) -> None:
    """What is out of reach and which kinds there are not is named, for each cluster."""
    assert report["findings"] == []
    assert report["summary"]["drifted"] == report["summary"]["pending"] == 0
    assert report["summary"]["unknown"] == len(_ABSENT) * len(_CLUSTERS)
    for name in _OUT_OF_REACH:
        assert sum(f"/{name}: " in problem for problem in report["problems"]) == len(_CLUSTERS)
    for kind in _ABSENT:
        assert any(f"/{kind} is unknown (kind_absent)" in one for one in report["problems"])


def _drift(world: FluxWorld, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody sets an image: the release's object, below Kustomization and HelmRelease."""
    set_image = partial(world.clusters[name].kubectl, "set", "image", *_WEB)
    set_image("podinfo=podinfo:evil", "--field-manager=someone")

    (finding,) = world.scan(capsys)["findings"]

    chain = owners("flux-system", "apps", "podinfo")
    web = "apps/Deployment/podinfo/podinfo"
    assert told([finding]) == {Told(name, "K8S-002", "changed", web, chain, name)}
    (difference,) = finding["differences"]
    assert (difference["desired"], difference["actual"]) == (f"podinfo:{CHART}", "podinfo:evil")
    assert difference["writer"]["manager"] == "someone"
    assert finding["owner"]["name"] == "podinfo/podinfo"
    assert finding["source"]["path"] == "apps/base/podinfo/release.yaml"
    set_image(f"podinfo=podinfo:{CHART}", "--field-manager=helm-controller")


def _wrong_value(world: FluxWorld, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A value of one environment concerns its cluster alone: the release, and what it renders to."""
    values = f"apps/{name}/podinfo-values.yaml"
    world.replace(values, f"podinfo.{name}", "wrong.example.com")
    world.git.commit()

    findings = world.scan(capsys)["findings"]

    above = owners("flux-system", "apps")
    assert told(findings) == {
        Told(name, "K8S-002", "changed", _RELEASE, above, name),
        Told(
            name,
            "K8S-002",
            "changed",
            "apps/Deployment/podinfo/podinfo",
            (*above, *owners("podinfo")),
            name,
        ),
    }
    for finding in findings:
        (difference,) = finding["differences"]
        assert "wrong.example.com" in str(difference["desired"])
    said_in = {one["object"]["kind"]: one["source"]["path"] for one in findings}
    assert said_in == {"HelmRelease": values, "Deployment": "apps/base/podinfo/release.yaml"}
    world.replace(values, "wrong.example.com", f"podinfo.{name}")
    world.git.commit()


def _suspension(world: FluxWorld, capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody suspends a Kustomization: that nobody declared it, and that nothing is applied."""
    patch = partial(
        world.clusters["staging"].kubectl,
        *("patch", f"kustomizations.{FLUX}", "apps", "--namespace=flux-system", "--type=merge"),
    )
    patch(_suspend("true"), "--field-manager=someone")

    findings = wait_until(lambda: _with("FLUX-003", world.scan(capsys)), what="FLUX-003")

    above = owners("flux-system")
    assert told(findings) == {
        Told("staging", "K8S-002", "changed", _KUSTOMIZATION, above, "staging"),
        Told("staging", "FLUX-003", "unreconciled", _KUSTOMIZATION, above, "staging"),
    }
    for finding in findings:
        (difference,) = finding["differences"]
        assert (difference["path"], difference["writer"]["manager"]) == ("spec.suspend", "someone")
    patch(_suspend("null"), "--field-manager=someone")


def _suspend(value: str) -> str:
    return f'--patch={{"spec": {{"suspend": {value}}}}}'


def _with(check: str, report: Body) -> list[Body]:
    """All findings, once there is one of a check: it has to last for a moment first."""
    findings: list[Body] = report["findings"]
    return findings if any(one["check"] == check for one in findings) else []


def _moved_away(world: FluxWorld, capsys: pytest.CaptureFixture[str]) -> None:
    """A path that is not there: nothing below is called an orphan, and the owner is named."""
    world.replace("clusters/staging/apps.yaml", "path: ./staging", "path: ./stage")
    world.git.commit()

    report = world.scan(capsys)

    above = owners("flux-system")
    assert told(report["findings"]) == {
        Told("staging", "K8S-002", "changed", _KUSTOMIZATION, above, "staging")
    }
    (changed,) = found(report)["K8S-002", "apps"]["differences"]
    assert (changed["path"], changed["desired"], changed["actual"]) == (
        "spec.path",
        "./stage",
        "./staging",
    )
    assert any("stage" in problem and "apps" in problem for problem in report["problems"])
