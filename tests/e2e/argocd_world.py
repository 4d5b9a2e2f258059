"""What Argo CD and its controller of ApplicationSets leave in a cluster, without either of them.

The marks, field managers and owner references that they write, on objects that come from files. It refuses
to render, and to say what is to be applied.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from tests.e2e.platform_world import Body, LivingCluster, marked

ARGO: Final = "argoproj.io"
SYSTEM: Final = "argocd"
_APPLIER: Final = "argocd-controller"
_TRACKING: Final = "argocd.argoproj.io/tracking-id"
_FINALIZER: Final = "resources-finalizer.argocd.argoproj.io"
_CLUSTER_WIDE: Final = {"Namespace", "ClusterRole", "ClusterRoleBinding"}


def name_of(kind: str, name: str) -> str:
    """An Application or ApplicationSet, as a reference is printed."""
    return f"{ARGO}/{kind}/{SYSTEM}/{name}"


def chain(*applications: str, generator: str = "") -> tuple[str, ...]:
    """A chain of owners: Applications, below a set where one generates them."""
    above = (name_of("ApplicationSet", generator),) if generator else ()
    return (*above, *(name_of("Application", name) for name in applications))


def define(cluster: LivingCluster, corpora: Path) -> None:
    """Define Argo CD's kinds."""
    cluster.define((corpora / "argoproj+argo-cd/manifests/crds").glob("*-crd.yaml"))


def read(folder: Path) -> Iterator[Body]:
    """Every object of the files of a folder."""
    for file in sorted(folder.rglob("*.yaml")):
        yield from read_file(file)


def read_file(file: Path) -> Iterator[Body]:
    """Every object of a file."""
    return (body for body in yaml.safe_load_all(file.read_text()) if body)


def sync(cluster: LivingCluster, application: str, namespace: str, bodies: Iterable[Body]) -> None:
    """Apply objects as Argo CD does for an Application, tracked by annotation.

    https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/
    """
    tracked: list[Body] = []
    for body in bodies:
        if body["kind"] not in _CLUSTER_WIDE:
            body["metadata"].setdefault("namespace", namespace)
        group, metadata = body["apiVersion"].rpartition("/")[0], body["metadata"]
        place = f"{metadata.get('namespace', namespace)}/{metadata['name']}"
        mark = {_TRACKING: f"{application}:{group}/{body['kind']}:{place}"}
        tracked += marked([body], "annotations", mark)
    cluster.apply(tracked, _APPLIER)


def generate(
    cluster: LivingCluster, generator: str, name: str, template: Mapping[str, Any]
) -> None:
    """Make an Application as the controller of ApplicationSets makes it of a template's spec."""
    uid = cluster.find("applicationset", generator, SYSTEM)["metadata"]["uid"]
    reference = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ApplicationSet",
        "name": generator,
        "uid": uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }
    metadata = {
        "name": name,
        "namespace": SYSTEM,
        "finalizers": [_FINALIZER],
        "ownerReferences": [reference],
    }
    head = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application"}
    body = head | {"metadata": metadata, "spec": dict(template)}
    cluster.apply([body], "argocd-applicationset-controller")


def delete(cluster: LivingCluster, name: str) -> None:
    """Delete an Application and leave what it applied alone; finalizers go last, as always."""
    application = (f"application/{name}", f"--namespace={SYSTEM}")
    has_finalizers = "finalizers" in cluster.find("application", name, SYSTEM)["metadata"]
    cluster.kubectl("delete", *application, "--wait=false")
    if has_finalizers:
        patch = json.dumps({"metadata": {"finalizers": None}})
        cluster.kubectl("patch", *application, "--type=merge", f"--patch={patch}")
