"""One cluster with Flux and Argo CD beside each other, for stories that take time.

Flux has applied its example, Argo CD an Application that stands in Git and one that an ApplicationSet
generates. It refuses to run either of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.e2e import argocd_world as argo
from tests.e2e.flux_world import URL, FluxWorld, flux_world
from tests.e2e.platform_world import Body
from tests.stack.control_plane import ControlPlane

CLUSTER: Final = "staging"
SHOP: Final = "argo/shop.yaml"
_HERE: Final = "https://kubernetes.default.svc"
_ROOT: Final = {
    "repository": "platform",
    "path": "argo",
    "cluster": CLUSTER,
    "discover": "argocd",
}


@contextmanager
def both_world(folder: Path, corpora: Path, plane: ControlPlane) -> Iterator[FluxWorld]:
    """Both platforms, in sync."""
    example = corpora / "fluxcd+flux2-kustomize-helm-example"
    with flux_world(folder, example, {CLUSTER: plane}, more=[_ROOT]) as world:
        world.git.write(SHOP, [_application()])
        world.git.write("argo/sets.yaml", [_set()])
        for name in ("shop", "sets/uat"):
            world.git.write(f"content/{name}/settings.yaml", [_settings(name.replace("/", "-"))])
        world.git.commit("Add what Argo CD applies")
        argo.define(world.cluster, corpora)
        for namespace in (argo.SYSTEM, "shop"):
            world.cluster.kubectl("create", "namespace", namespace)
        sync(world)
        yield world


def sync(world: FluxWorld) -> None:
    """Bring what Argo CD looks after to what the repository declared at first."""
    world.cluster.apply([_application(), _set()], "installer")
    argo.generate(world.cluster, "sets", "uat-settings", _spec("content/sets/uat"))
    for application, path in (("shop", "shop"), ("uat-settings", "sets/uat")):
        bodies = argo.read(world.git.folder / f"content/{path}")
        argo.sync(world.cluster, application, "shop", bodies)


def _application() -> Body:
    return _argo("Application", "shop", _spec("content/shop"))


def _set() -> Body:
    generator = {"list": {"elements": [{"stage": "uat"}]}}
    template = {
        "metadata": {"name": "{{stage}}-settings"},
        "spec": _spec("content/sets/{{stage}}"),
    }
    return _argo("ApplicationSet", "sets", {"generators": [generator], "template": template})


def _spec(path: str) -> dict[str, Any]:
    return {
        "project": "default",
        "source": {"repoURL": URL, "path": path, "targetRevision": "HEAD"},
        "destination": {"server": _HERE, "namespace": "shop"},
    }


def _argo(kind: str, name: str, spec: dict[str, Any]) -> Body:
    metadata = {"name": name, "namespace": argo.SYSTEM}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": kind,
        "metadata": metadata,
        "spec": spec,
    }


def _settings(name: str) -> Body:
    metadata = {"name": name}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata,
        "data": {"mode": "calm"},
    }
