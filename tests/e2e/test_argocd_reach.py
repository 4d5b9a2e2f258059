"""What Argo CD was seen to apply where not all of it is within reach, and Applications that come and go.

Folders beside an Application's file (``cnoe://``), kinds that the cluster does not have, charts that are
not fetched, a path that is not there: all of it as two platforms have it in their repositories.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from tests.e2e.platform_world import Body, PlatformWorld, found, marked
from tests.stack.fixtures import LaunchControlPlane

pytestmark = [pytest.mark.e2e, pytest.mark.corpora, pytest.mark.usefixtures("rendering_programs")]

_APPLIER = "argocd-controller"
_TRACKING = "argocd.argoproj.io/tracking-id"
_STACKS = "https://github.com/cnoe-io/stacks"
_ARGO_CD = "https://github.com/argoproj/argo-cd"
_CROSSPLANE = "crossplane-integrations"
_CAIPE = "caipe/base"
_EXAMPLE = "applicationset/examples/list-generator"
_BESIDE: Mapping[str, str] = {
    "crossplane-compositions": f"{_CROSSPLANE}/crossplane-compositions",
    "crossplane-providers": f"{_CROSSPLANE}/crossplane-providers",
    "backstage": f"{_CAIPE}/backstage/manifests",
    "vault": f"{_CAIPE}/vault/manifests",
    "ai-platform-engineering": f"{_CAIPE}/ai-platform-engineering/manifests",
}
"""The folder of every Application that has one, as a person reads it from its file."""
_CHARTS = {
    "crossplane": "https://charts.crossplane.io/stable",
    "vault": "https://helm.releases.hashicorp.com",
    "ai-platform-engineering": "ghcr.io/cnoe-io/helm-charts",
}
_FOREIGN = ("crossplane.io", "external-secrets.io")
"""Groups of kinds that this cluster does not have."""
_CLUSTER_WIDE = {"Namespace", "ClusterRole", "ClusterRoleBinding"}
_SET = "argoproj.io/ApplicationSet/argocd/guestbook"
_GENERATED = ("engineering-dev", "engineering-prod")


@pytest.fixture
def world(corpora: Path, tmp_path: Path, launch_control_plane: LaunchControlPlane) -> PlatformWorld:
    """Both platforms and the example of a set, as Argo CD leaves them."""
    stacks, argo_cd = corpora / "cnoe-io+stacks", corpora / "argoproj+argo-cd"
    world = PlatformWorld(
        tmp_path,
        launch_control_plane(),
        repositories={"aliases": [_STACKS, _ARGO_CD]},
        desired=[_top(path) for path in (*_applications(stacks), f"{_EXAMPLE}/list-example.yaml")],
        charts={"allow": []},
        rules={"unmanaged": {"enabled": True, "namespaces": ["backstage"]}},
    )
    for folder in (_CROSSPLANE, _CAIPE):
        world.copy(stacks / folder, folder)
    world.copy(argo_cd / _EXAMPLE, _EXAMPLE)
    world.git.commit()
    for file in sorted((argo_cd / "manifests/crds").glob("*-crd.yaml")):
        world.cluster.kubectl("apply", "--server-side", f"--filename={file}")
    for namespace in ("argocd", "guestbook", "crossplane-system", *_BESIDE):
        world.cluster.kubectl("create", "namespace", namespace)
    for path in _applications(stacks):
        _apply_application(world, path)
    _apply_set(world)
    return world


def _applications(stacks: Path) -> list[str]:
    folders = (stacks / _CROSSPLANE, stacks / _CAIPE)
    files = (file for folder in folders for file in sorted(folder.glob("*.yaml")))
    return [str(file.relative_to(stacks)) for file in files]


def _top(path: str) -> Body:
    return {
        "repository": "platform",
        "path": path,
        "cluster": "staging",
        "discover": "argocd",
        "namespace": "argocd",
    }


def _apply_application(world: PlatformWorld, path: str) -> None:
    application = yaml.safe_load((world.git.folder / path).read_text())
    world.apply([application], "installer")
    name = application["metadata"]["name"]
    if name in _BESIDE:
        namespace = application["spec"]["destination"]["namespace"]
        _sync(world, name, namespace, world.git.folder / _BESIDE[name])


def _sync(world: PlatformWorld, application: str, namespace: str, folder: Path) -> None:
    """Apply the files of a folder as Argo CD does, but for kinds that the cluster does not have."""
    bodies = [body for body in _read(folder) if not _group(body).endswith(_FOREIGN)]
    for body in bodies:
        if body["kind"] not in _CLUSTER_WIDE:
            body["metadata"].setdefault("namespace", namespace)
    tracked = [
        one
        for body in bodies
        for one in marked([body], "annotations", {_TRACKING: _track(application, namespace, body)})
    ]
    for is_first in (True, False):
        world.apply([one for one in tracked if (one["kind"] == "Namespace") == is_first], _APPLIER)


def _read(folder: Path) -> Iterator[Body]:
    for file in sorted(folder.rglob("*.yaml")):
        yield from (body for body in yaml.safe_load_all(file.read_text()) if body)


def _group(body: Body) -> str:
    group: str = body["apiVersion"].rpartition("/")[0]
    return group


def _track(application: str, namespace: str, body: Body) -> str:
    """https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/."""
    metadata = body["metadata"]
    place = f"{metadata.get('namespace', namespace)}/{metadata['name']}"
    return f"{application}:{_group(body)}/{body['kind']}:{place}"


def _apply_set(world: PlatformWorld) -> None:
    declared = yaml.safe_load((world.git.folder / _EXAMPLE / "list-example.yaml").read_text())
    declared["metadata"]["namespace"] = "argocd"
    world.apply([declared], "installer")
    for name in _GENERATED:
        _generate(world, name)
        _sync(
            world,
            f"{name}-guestbook",
            "guestbook",
            world.git.folder / _EXAMPLE / "guestbook" / name,
        )


def _generate(world: PlatformWorld, cluster: str) -> None:
    """Make an Application as the controller of ApplicationSets makes it."""
    uid = world.cluster.kubectl(
        *("get", "applicationset", "guestbook", "--namespace=argocd"), "-o=jsonpath={.metadata.uid}"
    )
    head = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application"}
    metadata = {
        "name": f"{cluster}-guestbook",
        "namespace": "argocd",
        "finalizers": ["resources-finalizer.argocd.argoproj.io"],
        "ownerReferences": [
            {
                "apiVersion": "argoproj.io/v1alpha1",
                "kind": "ApplicationSet",
                "name": "guestbook",
                "uid": uid,
                "controller": True,
                "blockOwnerDeletion": True,
            }
        ],
    }
    spec = {
        "project": "default",
        "source": {
            "repoURL": f"{_ARGO_CD}.git",
            "targetRevision": "HEAD",
            "path": f"{_EXAMPLE}/guestbook/{cluster}",
        },
        "destination": {"server": "https://kubernetes.default.svc", "namespace": "guestbook"},
    }
    body = head | {"metadata": metadata, "spec": spec}
    world.apply([body], "argocd-applicationset-controller")


def test_what_is_out_of_reach_is_named_and_deeds_are_found_below_their_owners(
    world: PlatformWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    """As applied nothing is found; then each deed by its check; then what Git forgets is left over."""
    _nothing_is_found(world.scan(capsys))

    _do(world)
    _deeds_are_found(found(world.scan(capsys)))

    world.git.write(f"{_CAIPE}/backstage.yaml", "# Gone, together with all that it led to.\n")
    world.git.commit()
    _left_over_is_found(world, world.scan(capsys))


def _nothing_is_found(report: Body) -> None:
    assert report["findings"] == []
    assert report["summary"]["in_sync"] > 40
    problems = report["problems"]
    for application, repository in _CHARTS.items():
        (told,) = (one for one in problems if f"/{application}" in one and repository in one)
        assert "charts come from nowhere" in told
    assert any("/cluster-config: " in one and "no such path" in one for one in problems)
    for kind in ("Composition", "ProviderConfig", "ClusterSecretStore", "ExternalSecret"):
        assert any(f"/{kind} is unknown (kind_absent)" in one for one in problems)


def _deeds_are_found(findings: Mapping[tuple[str, str], Body]) -> None:
    assert set(findings) == {
        ("K8S-001", "backstage"),
        ("K8S-002", "vault-unsealer"),
        ("K8S-002", "guestbook-ui"),
        ("K8S-002", "crossplane-providers"),
        ("ARGO-009", "crossplane-providers"),
        ("APPSET-001", "engineering-dev-guestbook"),
        ("APPSET-002", "engineering-old-guestbook"),
        ("APPSET-003", "engineering-prod-guestbook"),
    }
    assert _owner(findings["K8S-002", "vault-unsealer"]) == ("vault", [_application("vault")])
    beside = findings["K8S-002", "vault-unsealer"]["source"]["path"]
    assert beside == f"{_CAIPE}/vault/manifests/vault-unsealer.yaml"
    assert findings["K8S-001", "backstage"]["object"]["kind"] == "Application"
    for check in ("K8S-002", "ARGO-009"):
        (added,) = findings[check, "crossplane-providers"]["differences"]
        assert (added["op"], added["writer"]["manager"]) == ("added", "kubectl-annotate")
    _generated_is_found(findings)


def _generated_is_found(findings: Mapping[tuple[str, str], Body]) -> None:
    """What two generated Applications declare has one of them above it, and that one's environment."""
    changed = findings["K8S-002", "guestbook-ui"]
    application = changed["owner"]["name"]
    environments = {"engineering-dev": "development", "engineering-prod": "production"}
    assert changed["owner"]["environment"] == environments[application.removesuffix("-guestbook")]
    assert changed["owner"]["chain"] == [_SET, _application(application)]
    for check, name in (("APPSET-001", "engineering-dev"), ("APPSET-003", "engineering-prod")):
        assert _owner(findings[check, f"{name}-guestbook"]) == ("guestbook", [_SET])
    assert findings["APPSET-002", "engineering-old-guestbook"]["owner"]["name"] == "guestbook"


def _left_over_is_found(world: PlatformWorld, report: Body) -> None:
    """All that still carries the mark of an Application of which Git knows nothing any more."""
    left = [one for one in report["findings"] if one["check"] == "K8S-003"]
    declared = [
        body
        for body in _read(world.git.folder / _BESIDE["backstage"])
        if body["metadata"].get("namespace") == "backstage" and not _is_unknown(body)
    ]
    assert len(declared) > 5
    names = {(body["kind"], body["metadata"]["name"]) for body in declared}
    assert {(one["object"]["kind"], one["object"]["name"]) for one in left} == names
    assert {one["owner"]["name"] for one in left} == {"backstage"}


def _is_unknown(body: Body) -> bool:
    return body["kind"] == "Secret" or _group(body).endswith(_FOREIGN)


def _owner(finding: Body) -> tuple[str, list[str]]:
    return finding["owner"]["name"], finding["owner"]["chain"]


def _application(name: str) -> str:
    return f"argoproj.io/Application/argocd/{name}"


def _do(world: PlatformWorld) -> None:
    kubectl = world.cluster.kubectl
    kubectl("scale", "deployment/vault-unsealer", "--namespace=vault", "--replicas=3")
    kubectl("scale", "deployment/guestbook-ui", "--namespace=guestbook", "--replicas=3")
    kubectl(
        *("annotate", "application/crossplane-providers", "--namespace=argocd"),
        "argocd.argoproj.io/skip-reconcile=true",
    )
    kubectl("delete", "application/backstage", "--namespace=argocd")
    _delete(world, "engineering-dev-guestbook")
    kubectl(
        *("patch", "application/engineering-prod-guestbook", "--namespace=argocd"),
        *("--type=merge", '--patch={"spec": {"source": {"path": "elsewhere"}}}'),
    )
    _generate(world, "engineering-old")


def _delete(world: PlatformWorld, name: str) -> None:
    """Delete an Application and leave what it applied alone."""
    application = (f"application/{name}", "--namespace=argocd")
    patch = '--patch={"metadata": {"finalizers": null}}'
    world.cluster.kubectl("patch", *application, "--type=merge", patch)
    world.cluster.kubectl("delete", *application)
