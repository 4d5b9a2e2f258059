"""A repository of Applications on a real API server, applied as Argo CD applies them."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e import argocd_world as argo
from tests.e2e.argocd_world import chain, name_of
from tests.e2e.platform_world import Body, PlatformWorld, Told, found, told
from tests.stack.fixtures import LaunchControlPlane

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.corpora,
    pytest.mark.timeout(300),
    pytest.mark.usefixtures("rendering_programs"),
]

_APPS = ("backstage", "keycloak")
_FOREIGN = {"ExternalSecret", "ClusterSecretStore", "Password"}
"""Kinds of other tools, which this cluster does not have."""
_SET = """\
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: guestbook, namespace: argocd}
spec:
  generators:
    - list:
        elements:
          - {cluster: engineering-dev}
          - {cluster: engineering-prod}
  template:
    metadata: {name: "{{cluster}}-guestbook"}
    spec:
      project: default
      source: {repoURL: "https://github.com/cnoe-io/stacks", path: "sets/{{cluster}}", targetRevision: HEAD}
      destination: {server: "https://kubernetes.default.svc", namespace: guestbook}
"""
_GENERATED = ("engineering-dev", "engineering-prod")

Found = partial(Told, "staging")


@pytest.fixture
def world(corpora: Path, tmp_path: Path, launch_control_plane: LaunchControlPlane) -> PlatformWorld:
    """Two Applications of the stacks with all that they lead to, as Argo CD leaves them."""
    world = PlatformWorld(
        tmp_path,
        {"staging": launch_control_plane(controllers=False)},
        repositories={"aliases": ["https://github.com/cnoe-io/stacks"]},
        desired=[_root(f"stacks/{name}.yaml") for name in (*_APPS, "set")],
        rules={"unmanaged": {"enabled": True, "namespaces": ["keycloak"]}},
    )
    source = corpora / "cnoe-io+stacks/ref-implementation"
    for name in _APPS:
        world.copy(source / name, f"stacks/{name}")
        world.git.write(f"stacks/{name}.yaml", (source / f"{name}.yaml").read_text())
    world.git.write("stacks/set.yaml", _SET)
    for name in _GENERATED:
        settings = {"metadata": {"name": name}, "apiVersion": "v1", "kind": "ConfigMap"}
        world.git.write(f"sets/{name}/settings.yaml", [settings])
    world.git.commit()
    argo.define(world.cluster, corpora)
    _apply(world)
    return world


def _root(path: str) -> Body:
    return {"repository": "platform", "path": path, "cluster": "staging", "discover": "argocd"}


def _apply(world: PlatformWorld) -> None:
    for namespace in ("argocd", "guestbook", "gitea"):
        world.cluster.kubectl("create", "namespace", namespace)
    for name in _APPS:
        world.cluster.apply(argo.read_file(world.git.folder / f"stacks/{name}.yaml"), "installer")
        argo.sync(world.cluster, name, name, _applied(world, name))
    world.cluster.apply([yaml.safe_load(_SET)], "installer")
    for name in _GENERATED:
        _generate(world, name)
        bodies = argo.read(world.git.folder / f"sets/{name}")
        argo.sync(world.cluster, f"{name}-guestbook", "guestbook", bodies)


def _applied(world: PlatformWorld, name: str) -> list[Body]:
    """What an Application of the stacks applies to this cluster."""
    return [
        body
        for body in argo.read(world.git.folder / f"stacks/{name}/manifests")
        if "name" in body["metadata"] and body["kind"] not in _FOREIGN
    ]


def _generate(world: PlatformWorld, name: str, **source: Any) -> None:
    text = yaml.safe_dump(yaml.safe_load(_SET)["spec"]["template"]["spec"])
    spec = yaml.safe_load(text.replace("{{cluster}}", name))
    spec["source"] |= source
    argo.generate(world.cluster, "guestbook", f"{name}-guestbook", spec)


def test_what_argo_cd_applied_is_in_sync_and_what_happens_then_is_found(
    world: PlatformWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    """Below the right Applications; what a set generates has checks of its own."""
    clean = world.scan(capsys)
    assert clean["findings"] == []
    assert all("kind_absent" in one or "not_watched" in one for one in clean["problems"])
    assert clean["summary"]["in_sync"] > 25

    _drift(world, capsys)
    _skipped(world, capsys)
    _generated_otherwise(world, capsys)
    _gone_from_the_cluster(world, capsys)
    _gone_from_git(world, capsys)


def _drift(world: PlatformWorld, capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody scales a tracked Deployment."""
    scale = partial(world.cluster.kubectl, "scale", "deployment/backstage", "--namespace=backstage")
    scale("--replicas=3")

    (finding,) = world.scan(capsys)["findings"]

    backstage = "apps/Deployment/backstage/backstage"
    assert told([finding]) == {  # development by the Application's label env
        Found("K8S-002", "changed", backstage, chain("backstage"), "development")
    }
    assert finding["owner"]["name"] == "backstage"
    assert finding["source"]["path"] == "stacks/backstage/manifests/install.yaml"
    assert [one["path"] for one in finding["differences"]] == ["spec.replicas"]
    scale("--replicas=1")


def _skipped(world: PlatformWorld, capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody switches reconciliation off: an annotation that nobody declared, and what it does."""
    annotate = partial(
        world.cluster.kubectl, "annotate", "application/keycloak", "--namespace=argocd"
    )
    annotate("argocd.argoproj.io/skip-reconcile=true")

    findings = world.scan(capsys)["findings"]

    keycloak = name_of("Application", "keycloak")
    assert told(findings) == {
        Found("K8S-002", "changed", keycloak),
        Found("ARGO-009", "unreconciled", keycloak),
    }
    for finding in findings:
        (added,) = finding["differences"]
        assert "skip-reconcile" in added["path"]
        assert (added["op"], added["writer"]["manager"]) == ("added", "kubectl-annotate")
    annotate("argocd.argoproj.io/skip-reconcile-")


def _generated_otherwise(world: PlatformWorld, capsys: pytest.CaptureFixture[str]) -> None:
    """One generated Application is deleted, one changed, and one is there that nothing generates.

    Each in the environment that it tells itself; the one that tells none in that of its set.
    """
    dev, prod, old = (f"{name}-guestbook" for name in (*_GENERATED, "engineering-old"))
    argo.delete(world.cluster, dev)
    patch = '--patch={"spec": {"source": {"path": "sets/elsewhere"}}}'
    application = (f"application/{prod}", "--namespace=argocd")
    world.cluster.kubectl("patch", *application, "--type=merge", patch)
    _generate(world, "engineering-old")

    report = world.scan(capsys)

    above = chain(generator="guestbook")
    told_of = partial(name_of, "Application")
    assert told(report["findings"]) == {
        Found("APPSET-001", "missing", told_of(dev), above, "development"),
        Found("APPSET-002", "unmanaged", told_of(old), above, "staging"),
        Found("APPSET-003", "changed", told_of(prod), above, "production"),
    }
    (moved,) = found(report)["APPSET-003", prod]["differences"]
    assert (moved["desired"], moved["actual"]) == ("sets/engineering-prod", "sets/elsewhere")
    argo.delete(world.cluster, old)
    for name in _GENERATED:
        _generate(world, name)


def _gone_from_the_cluster(world: PlatformWorld, capsys: pytest.CaptureFixture[str]) -> None:
    """An Application that Git declares and somebody deleted: it is missing, and nothing below it is."""
    argo.delete(world.cluster, "keycloak")

    findings = world.scan(capsys)["findings"]

    assert told(findings) == {Found("K8S-001", "missing", name_of("Application", "keycloak"))}
    world.cluster.apply(argo.read_file(world.git.folder / "stacks/keycloak.yaml"), "installer")


def _gone_from_git(world: PlatformWorld, capsys: pytest.CaptureFixture[str]) -> None:
    """An Application that is declared no more: its objects are left over in governed namespaces."""
    applied = _applied(world, "keycloak")
    world.git.write("stacks/keycloak.yaml", "# nothing\n")
    world.git.commit()

    findings = world.scan(capsys)["findings"]

    assert told(findings) == {
        Found("K8S-003", "unmanaged", _printed(body), chain("keycloak"))
        for body in applied
        if body["metadata"].get("namespace", "keycloak") == "keycloak"
        and body["kind"] not in {"Secret", "Namespace"}
    }


def _printed(body: Body) -> str:
    group, metadata = body["apiVersion"].rpartition("/")[0], body["metadata"]
    steps = (group, body["kind"], metadata.get("namespace", "keycloak"), metadata["name"])
    return "/".join(filter(None, steps))
