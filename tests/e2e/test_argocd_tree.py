"""A repository of Applications on a real API server, applied as Argo CD applies them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.e2e.platform_world import Body, PlatformWorld, found, marked
from tests.stack.fixtures import LaunchControlPlane

pytestmark = [pytest.mark.e2e, pytest.mark.corpora, pytest.mark.usefixtures("rendering_programs")]

_APPLIER = "argocd-controller"
_TRACKING = "argocd.argoproj.io/tracking-id"
_APPS = ("backstage", "keycloak")
_SECOND_PASS = {"ExternalSecret", "ClusterSecretStore", "Password"}
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


@pytest.fixture
def world(
    corpora: Path, tmp_path: Path, launch_control_plane: LaunchControlPlane
) -> Iterator[PlatformWorld]:
    """Two Applications of the stacks with all that they lead to, as Argo CD leaves them."""
    roots = [f"stacks/{name}.yaml" for name in (*_APPS, "set")]
    world = PlatformWorld(
        tmp_path,
        launch_control_plane(),
        repositories={"aliases": ["https://github.com/cnoe-io/stacks"]},
        desired=[
            {"repository": "platform", "path": path, "cluster": "staging", "discover": "argocd"}
            for path in roots
        ],
    )
    source = corpora / "cnoe-io+stacks/ref-implementation"
    for name in _APPS:
        world.copy(source / name, f"stacks/{name}")
        world.git.write(f"stacks/{name}.yaml", (source / f"{name}.yaml").read_text())
    world.git.write("stacks/set.yaml", _SET)
    for name in ("engineering-dev", "engineering-prod"):
        settings = {"metadata": {"name": name}, "apiVersion": "v1", "kind": "ConfigMap"}
        world.git.write(f"sets/{name}/settings.yaml", [settings])
    world.git.commit()
    world.apply(
        [
            yaml.safe_load(file.read_text())
            for file in sorted((corpora / "argoproj+argo-cd/manifests/crds").glob("*-crd.yaml"))
        ],
        "installer",
    )
    _apply(world)
    return world


def _apply(world: PlatformWorld) -> None:
    for namespace in ("argocd", "guestbook", "gitea"):
        world.cluster.kubectl("create", "namespace", namespace)
    for name in _APPS:
        application = yaml.safe_load((world.git.folder / f"stacks/{name}.yaml").read_text())
        world.apply([application], "installer")
        bodies = [
            body
            for file in sorted((world.git.folder / f"stacks/{name}/manifests").glob("*.yaml"))
            for body in yaml.safe_load_all(file.read_text())
            if body and "name" in body["metadata"] and body["kind"] not in _SECOND_PASS
        ]
        for body in bodies:
            if body["kind"] not in {"Namespace", "ClusterRole", "ClusterRoleBinding"}:
                body["metadata"].setdefault("namespace", name)
        tracked = [
            marked([body], "annotations", {_TRACKING: _tracking(name, body)})[0] for body in bodies
        ]
        world.apply([one for one in tracked if one["kind"] == "Namespace"], _APPLIER)
        world.apply([one for one in tracked if one["kind"] != "Namespace"], _APPLIER)
    generator = yaml.safe_load(_SET)
    world.apply([generator], "installer")
    uid = world.cluster.kubectl(
        *("get", "applicationset", "guestbook", "--namespace=argocd"), "-o=jsonpath={.metadata.uid}"
    )
    for name in ("engineering-dev", "engineering-prod"):
        world.apply([_generated(name, uid)], "argocd-applicationset-controller")
        body = yaml.safe_load((world.git.folder / f"sets/{name}/settings.yaml").read_text())
        body["metadata"]["namespace"] = "guestbook"
        tracking = {_TRACKING: _tracking(f"{name}-guestbook", body)}
        world.apply(marked([body], "annotations", tracking), _APPLIER)


def _tracking(app: str, body: Body) -> str:
    group = body["apiVersion"].rpartition("/")[0]
    metadata = body["metadata"]
    return f"{app}:{group}/{body['kind']}:{metadata.get('namespace', app)}/{metadata['name']}"


def _generated(name: str, uid: str) -> Body:
    text = yaml.safe_dump(yaml.safe_load(_SET)["spec"]["template"]).replace("{{cluster}}", name)
    template = yaml.safe_load(text)
    reference = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ApplicationSet",
        "name": "guestbook",
        "uid": uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }
    metadata = template["metadata"] | {
        "namespace": "argocd",
        "finalizers": ["resources-finalizer.argocd.argoproj.io"],
        "ownerReferences": [reference],
    }
    head = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application"}
    return head | {"metadata": metadata, "spec": template["spec"]}


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
    _gone_from_git(world, capsys)


def _drift(world: PlatformWorld, capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody scales a tracked Deployment."""
    backstage = ("deployment/backstage", "--namespace=backstage")
    world.cluster.kubectl("scale", *backstage, "--replicas=3")

    (finding,) = world.scan(capsys)["findings"]

    assert finding["check"] == "K8S-002"
    assert finding["owner"]["name"] == "backstage"
    assert finding["owner"]["chain"] == ["argoproj.io/Application/argocd/backstage"]
    assert finding["owner"]["environment"] == "development"  # by the Application's label env
    assert finding["source"]["path"] == "stacks/backstage/manifests/install.yaml"
    world.cluster.kubectl("scale", *backstage, "--replicas=1")


def _skipped(world: PlatformWorld, capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody switches reconciliation off: an annotation that nobody declared."""
    application = ("application/keycloak", "--namespace=argocd")
    annotation = "argocd.argoproj.io/skip-reconcile"
    world.cluster.kubectl("annotate", *application, f"{annotation}=true")

    findings = world.scan(capsys)["findings"]

    assert {one["object"]["name"] for one in findings} == {"keycloak"}
    paths = {diff["path"] for one in findings for diff in one["differences"]}
    assert any("skip-reconcile" in path for path in paths)
    world.cluster.kubectl("annotate", *application, f"{annotation}-")


def _generated_otherwise(world: PlatformWorld, capsys: pytest.CaptureFixture[str]) -> None:
    """One generated Application is deleted, one changed, and one is there that nothing generates."""
    uid = world.cluster.kubectl(
        *("get", "applicationset", "guestbook", "--namespace=argocd"), "-o=jsonpath={.metadata.uid}"
    )
    namespace = "--namespace=argocd"
    _delete(world, "engineering-dev-guestbook")
    patch = '--patch={"spec": {"source": {"path": "sets/elsewhere"}}}'
    changed = "application/engineering-prod-guestbook"
    world.cluster.kubectl("patch", changed, namespace, "--type=merge", patch)
    world.apply([_generated("engineering-old", uid)], "argocd-applicationset-controller")

    findings = found(world.scan(capsys))

    assert set(findings) == {
        ("APPSET-001", "engineering-dev-guestbook"),
        ("APPSET-002", "engineering-old-guestbook"),
        ("APPSET-003", "engineering-prod-guestbook"),
    }
    differing = findings["APPSET-003", "engineering-prod-guestbook"]
    assert differing["owner"]["chain"] == ["argoproj.io/ApplicationSet/argocd/guestbook"]
    _delete(world, "engineering-old-guestbook")
    for name in ("engineering-dev", "engineering-prod"):
        world.apply([_generated(name, uid)], "argocd-applicationset-controller")
    world.cluster.kubectl(
        *("patch", changed, namespace, "--type=merge"),
        '--patch={"spec": {"source": {"path": "sets/engineering-prod"}}}',
    )


def _delete(world: PlatformWorld, name: str) -> None:
    """Delete an Application and its finalizer, as Argo CD would after deleting what it applied."""
    application = (f"application/{name}", "--namespace=argocd")
    patch = '--patch={"metadata": {"finalizers": null}}'
    world.cluster.kubectl("patch", *application, "--type=merge", patch)
    world.cluster.kubectl("delete", *application)


def _gone_from_git(world: PlatformWorld, capsys: pytest.CaptureFixture[str]) -> None:
    """An Application that is declared no more: its objects are nobody's in governed namespaces."""
    world.git.write("stacks/keycloak.yaml", "# nothing\n")
    world.git.commit()

    findings = world.scan(capsys)["findings"]

    assert all(one["check"] in {"K8S-003", "K8S-007"} for one in findings)
    assert not any(one["object"]["namespace"] == "backstage" for one in findings)
