"""Kubernetes objects for tests, each in one line.

``deployment(image="web:1.5")`` is a body; ``manifest(body)`` wraps it as declared in Git, and
``live(body)`` makes of it what an API server would return. Bodies are fresh on every call.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from auditor.domain.identity import ObjectRef
from auditor.domain.manifest import Manifest, Origin, manifest_from

CLUSTER = "prod"
REVISION = "1111111111111111111111111111111111111111"


def obj(
    api_version: str, kind: str, name: str, namespace: str = "shop", **rest: Any
) -> dict[str, Any]:
    """Any object; ``rest`` are its other top-level fields. An empty namespace is not written."""
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **copy.deepcopy(rest)}


def deployment(
    name: str = "web",
    *,
    namespace: str = "shop",
    image: str = "web:1.4",
    replicas: int = 2,
    **spec: Any,
) -> dict[str, Any]:
    """A Deployment with one container; ``spec`` are further fields of its spec."""
    labels = {"app": name}
    pod = {"containers": [{"name": name, "image": image, "ports": [{"containerPort": 8080}]}]}
    body = {
        "replicas": replicas,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": pod},
    }
    return obj("apps/v1", "Deployment", name, namespace, spec=body | spec)


def service(name: str = "web", *, namespace: str = "shop", port: int = 80) -> dict[str, Any]:
    """A Service for `deployment`."""
    spec = {"selector": {"app": name}, "ports": [{"port": port, "targetPort": 8080}]}
    return obj("v1", "Service", name, namespace, spec=spec)


def config_map(
    name: str = "settings", *, namespace: str = "shop", data: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """A ConfigMap."""
    return obj("v1", "ConfigMap", name, namespace, data=dict(data or {"mode": "calm"}))


def secret(
    name: str = "login", *, namespace: str = "shop", data: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """A Secret; ``data`` is base64 text."""
    return obj(
        "v1",
        "Secret",
        name,
        namespace,
        type="Opaque",
        data=dict(data or {"password": "aHVudGVyMg=="}),
    )


def namespace(name: str = "shop") -> dict[str, Any]:
    """A Namespace, which is cluster-scoped."""
    return obj("v1", "Namespace", name, "")


def crd(
    group: str = "example.com", kind: str = "Widget", *, scope: str = "Namespaced"
) -> dict[str, Any]:
    """A CustomResourceDefinition with one version, ``v1``, that takes any spec."""
    plural = f"{kind.lower()}s"
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    spec = {
        "group": group,
        "scope": scope,
        "names": {
            "kind": kind,
            "plural": plural,
            "singular": kind.lower(),
            "listKind": f"{kind}List",
        },
        "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
    }
    return obj(
        "apiextensions.k8s.io/v1", "CustomResourceDefinition", f"{plural}.{group}", "", spec=spec
    )


def ref(
    kind: str = "Deployment", name: str = "web", *, group: str = "apps", namespace: str = "shop"
) -> ObjectRef:
    """The reference of an object of the test cluster."""
    return ObjectRef(CLUSTER, group, kind, namespace, name)


def manifest(
    body: Mapping[str, Any], *, cluster: str = CLUSTER, path: str = "apps/web.yaml", line: int = 1
) -> Manifest:
    """A body as declared in Git at a path and line."""
    origin = Origin(repository="platform", revision=REVISION, path=path, line=line)
    return manifest_from(body, cluster=cluster, origin=origin)


def live(
    body: Mapping[str, Any], *, cluster: str = CLUSTER, version: str = "1", **metadata: Any
) -> Manifest:
    """A body as an API server returns it; ``metadata`` (``managedFields=…``) is added to its own."""
    living = copy.deepcopy(dict(body))
    server = {
        "uid": "0c9a1c3e-0000-4000-8000-000000000001",
        "resourceVersion": version,
        "creationTimestamp": "2026-01-01T00:00:00Z",
    }
    living["metadata"] = living["metadata"] | server | metadata
    return manifest_from(living, cluster=cluster)


def wrote(
    manager: str, fields: Mapping[str, Any], *, operation: str = "Update", **rest: Any
) -> dict[str, Any]:
    """One entry of managedFields: ``wrote("kubectl-edit", {"f:spec": {"f:replicas": {}}})``."""
    entry = {
        "manager": manager,
        "operation": operation,
        "apiVersion": "apps/v1",
        "time": "2026-01-02T03:04:05Z",
        "fieldsType": "FieldsV1",
        "fieldsV1": dict(fields),
    }
    return entry | rest
