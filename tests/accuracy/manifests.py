"""Reads real manifests for an audit of the auditor.

Whatever is one Kubernetes object with a name counts. Two kinds of object are made harmless, since they
would break the cluster for all the others: webhooks are pointed at a group that does not exist, and
aggregated APIs are left out. Custom resources without their definition get one that takes anything. This
module refuses to render templates.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from auditor.domain.identity import GroupVersionKind

Body = dict[str, Any]
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEFINITION = "CustomResourceDefinition"
_LEFT_OUT = {"APIService", "List", "Kustomization.kustomize.config.k8s.io", "Binding"}
_BUILT_IN = ("k8s.io", "apps", "batch", "policy", "autoscaling", "extensions", "")
_SYSTEM = {"deletionTimestamp", "ownerReferences"}
"""What only a copy of a living object has: the garbage collector would delete it again."""
_QUIET = [
    {
        "apiGroups": ["accuracy.example.com"],
        "apiVersions": ["v1"],
        "operations": ["CREATE"],
        "resources": ["none"],
    }
]


def read(folder: Path) -> list[Body]:
    """Every object below a folder, each name once, in an order in which they can be applied."""
    found: dict[tuple[str, str, str, str], Body] = {}
    for path in sorted(folder.rglob("*.y*ml")):
        for body in _documents(path):
            if _is_object(body):
                found.setdefault(_identity(body), _harmless(body))
    bodies = list(found.values())
    return sorted(bodies, key=lambda body: body["kind"] != _DEFINITION)


def definitions_for(bodies: Iterable[Body]) -> Iterator[Body]:
    """Definitions for the custom resources that come without one: they take any field."""
    listed = list(bodies)
    defined = {
        (b["spec"]["group"], b["spec"]["names"]["kind"]) for b in listed if b["kind"] == _DEFINITION
    }
    wanted: dict[tuple[str, str], set[str]] = {}
    for body in listed:
        gvk = GroupVersionKind.parse(body["apiVersion"], body["kind"])
        if (gvk.group, gvk.kind) not in defined and not _is_built_in(gvk.group):
            wanted.setdefault((gvk.group, gvk.kind), set()).add(gvk.version)
    for (group, kind), versions in sorted(wanted.items()):
        yield _open_definition(group, kind, sorted(versions))


def namespaces_of(bodies: Sequence[Body]) -> list[str]:
    """The namespaces that objects want to be in and nobody declares."""
    declared = {body["metadata"]["name"] for body in bodies if body["kind"] == "Namespace"}
    wanted = {str(body["metadata"].get("namespace") or "") for body in bodies}
    return sorted(wanted - declared - {"", "default"})


def _documents(path: Path) -> Iterator[Any]:
    try:
        yield from yaml.load_all(path.read_text(encoding="utf-8"), _LOADER)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError):
        return  # a template, or no YAML at all


def _is_object(body: Any) -> bool:
    if not isinstance(body, dict) or not isinstance(body.get("metadata"), dict):
        return False
    kind, version = body.get("kind"), body.get("apiVersion")
    named = isinstance(body["metadata"].get("name"), str) and "{{" not in str(body["metadata"])
    known = isinstance(kind, str) and isinstance(version, str) and kind not in _LEFT_OUT
    return named and known and not _SYSTEM & body["metadata"].keys()


def _identity(body: Body) -> tuple[str, str, str, str]:
    gvk = GroupVersionKind.parse(body["apiVersion"], body["kind"])
    metadata = body["metadata"]
    return gvk.group, gvk.kind, str(metadata.get("namespace") or "default"), metadata["name"]


def _harmless(body: Body) -> Body:
    if body["kind"] in {"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"}:
        body["webhooks"] = [{**hook, "rules": _QUIET} for hook in body.get("webhooks") or []]
    return body


def _is_built_in(group: str) -> bool:
    return group in _BUILT_IN or group.endswith(".k8s.io")


def _open_definition(group: str, kind: str, versions: list[str]) -> Body:
    plural = kind.lower() + "s"
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": _DEFINITION,
        "metadata": {
            "name": f"{plural}.{group}",
            "annotations": {"api-approved.kubernetes.io": "unapproved"},
        },
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": plural, "kind": kind},
            "versions": [
                {
                    "name": version,
                    "served": True,
                    "storage": version == versions[-1],
                    "schema": {"openAPIV3Schema": schema},
                }
                for version in versions
            ],
        },
    }
