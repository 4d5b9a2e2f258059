"""What Argo CD was seen to apply where not all of it is within reach, and Applications that come and go.

Folders beside an Application's file (``cnoe://``), kinds that the cluster does not have, charts that are
not fetched, a path that is not there: all of it as two platforms have it in their repositories.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

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
_GENERATED = (_DEV, _PROD) = ("engineering-dev", "engineering-prod")

_UNSEALER = "apps/Deployment/vault/vault-unsealer"

Found = partial(Told, "staging")


@pytest.fixture
def world(corpora: Path, tmp_path: Path, launch_control_plane: LaunchControlPlane) -> PlatformWorld:
    """Both platforms and the example of a set, as Argo CD leaves them."""
    stacks, argo_cd = corpora / "cnoe-io+stacks", corpora / "argoproj+argo-cd"
    world = PlatformWorld(
        tmp_path,
        {"staging": launch_control_plane(controllers=False)},
        repositories={"aliases": [_STACKS, _ARGO_CD]},
        desired=[_top(path) for path in (*_applications(stacks), f"{_EXAMPLE}/list-example.yaml")],
        charts={"allow": []},
        rules={"unmanaged": {"enabled": True, "namespaces": ["backstage"]}},
    )
    for folder in (_CROSSPLANE, _CAIPE):
        world.copy(stacks / folder, folder)
    world.copy(argo_cd / _EXAMPLE, _EXAMPLE)
    world.git.commit()
    argo.define(world.cluster, corpora)
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
    (application,) = argo.read_file(world.git.folder / path)
    world.cluster.apply([application], "installer")
    name = application["metadata"]["name"]
    if name in _BESIDE:
        namespace = application["spec"]["destination"]["namespace"]
        argo.sync(world.cluster, name, namespace, _applied(world, _BESIDE[name]))


def _applied(world: PlatformWorld, folder: str) -> list[Body]:
    """The objects of a folder, but for kinds that the cluster does not have."""
    bodies = argo.read(world.git.folder / folder)
    return [body for body in bodies if not _group(body).endswith(_FOREIGN)]


def _group(body: Body) -> str:
    group: str = body["apiVersion"].rpartition("/")[0]
    return group


def _apply_set(world: PlatformWorld) -> None:
    declared = yaml.safe_load((world.git.folder / _EXAMPLE / "list-example.yaml").read_text())
    declared["metadata"]["namespace"] = "argocd"
    world.cluster.apply([declared], "installer")
    for name in _GENERATED:
        _generate(world, name)
        applied = _applied(world, f"{_EXAMPLE}/guestbook/{name}")
        argo.sync(world.cluster, f"{name}-guestbook", "guestbook", applied)


def _generate(world: PlatformWorld, cluster: str) -> None:
    spec = {
        "project": "default",
        "source": {
            "repoURL": f"{_ARGO_CD}.git",
            "targetRevision": "HEAD",
            "path": f"{_EXAMPLE}/guestbook/{cluster}",
        },
        "destination": {"server": "https://kubernetes.default.svc", "namespace": "guestbook"},
    }
    argo.generate(world.cluster, "guestbook", f"{cluster}-guestbook", spec)


def test_what_is_out_of_reach_is_named_and_deeds_are_found_below_their_owners(
    world: PlatformWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    """As applied nothing is found; then each deed by its check; then what Git forgets is left over."""
    _nothing_is_found(world.scan(capsys))

    _do(world)
    _deeds_are_found(world.scan(capsys))

    _forget(world)
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


def _deeds_are_found(report: Body) -> None:
    """What two generated Applications declare has one of them above it, and that one's environment."""
    set_, providers = chain(generator="guestbook"), name_of("Application", "crossplane-providers")
    findings = report["findings"]
    (ui,) = (one["owner"]["name"] for one in findings if one["object"]["name"] == "guestbook-ui")
    environments = {"engineering-dev": "development", "engineering-prod": "production"}
    generated = partial(name_of, "Application")
    assert told(findings) == {
        Found("K8S-001", "missing", generated("backstage")),
        Found("K8S-002", "changed", _UNSEALER, chain("vault"), "staging"),
        Found(
            *("K8S-002", "changed", "apps/Deployment/guestbook/guestbook-ui"),
            chain(ui, generator="guestbook"),
            environments[ui.removesuffix("-guestbook")],
        ),
        Found("K8S-002", "changed", providers),
        Found("ARGO-009", "unreconciled", providers),
        Found("APPSET-001", "missing", generated(f"{_DEV}-guestbook"), set_, "development"),
        Found("APPSET-002", "unmanaged", generated("engineering-old-guestbook"), set_, "staging"),
        Found("APPSET-003", "changed", generated(f"{_PROD}-guestbook"), set_, "production"),
    }
    _details_are_told(found(report))


def _details_are_told(findings: Mapping[tuple[str, str], Body]) -> None:
    unsealer = findings["K8S-002", "vault-unsealer"]
    assert unsealer["source"]["path"] == f"{_CAIPE}/vault/manifests/vault-unsealer.yaml"
    for check in ("K8S-002", "ARGO-009"):
        (added,) = findings[check, "crossplane-providers"]["differences"]
        assert (added["op"], added["writer"]["manager"]) == ("added", "kubectl-annotate")
    for check, name in (("APPSET-001", _DEV), ("APPSET-002", "engineering-old")):
        assert findings[check, f"{name}-guestbook"]["owner"]["name"] == "guestbook"


def _forget(world: PlatformWorld) -> None:
    """Undo the deeds; then let Git forget an Application, together with all that it led to."""
    kubectl = world.cluster.kubectl
    kubectl("scale", "deployment/vault-unsealer", "--namespace=vault", "--replicas=1")
    kubectl("scale", "deployment/guestbook-ui", "--namespace=guestbook", "--replicas=1")
    kubectl(
        *("annotate", "application/crossplane-providers", "--namespace=argocd"),
        "argocd.argoproj.io/skip-reconcile-",
    )
    argo.delete(world.cluster, "engineering-old-guestbook")
    for name in _GENERATED:
        _generate(world, name)
    world.git.write(f"{_CAIPE}/backstage.yaml", "# Gone, together with all that it led to.\n")
    world.git.commit()


def _left_over_is_found(world: PlatformWorld, report: Body) -> None:
    """All that still carries the mark of an Application that is gone; where it was, nobody knows."""
    declared = [
        body
        for body in _applied(world, _BESIDE["backstage"])
        if body["metadata"].get("namespace") == "backstage" and body["kind"] != "Secret"
    ]
    assert len(declared) > 5
    assert told(report["findings"]) == {
        Found("K8S-003", "unmanaged", _printed(body)) for body in declared
    }
    assert {one["owner"]["name"] for one in report["findings"]} == {"backstage"}


def _printed(body: Body) -> str:
    steps = (_group(body), body["kind"], "backstage", body["metadata"]["name"])
    return "/".join(filter(None, steps))


def _do(world: PlatformWorld) -> None:
    kubectl = world.cluster.kubectl
    kubectl("scale", "deployment/vault-unsealer", "--namespace=vault", "--replicas=3")
    kubectl("scale", "deployment/guestbook-ui", "--namespace=guestbook", "--replicas=3")
    kubectl(
        *("annotate", "application/crossplane-providers", "--namespace=argocd"),
        "argocd.argoproj.io/skip-reconcile=true",
    )
    kubectl("delete", "application/backstage", "--namespace=argocd")
    argo.delete(world.cluster, "engineering-dev-guestbook")
    kubectl(
        *("patch", "application/engineering-prod-guestbook", "--namespace=argocd"),
        *("--type=merge", '--patch={"spec": {"source": {"path": "elsewhere"}}}'),
    )
    _generate(world, "engineering-old")
