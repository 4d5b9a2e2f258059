"""Kinds of tools, defined without schema: for stand-ins that write no more of an object than matters.

The tools' own definitions want every field that their controllers fill in. This module refuses to know any
field.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from tests.e2e.platform_world import LivingCluster
from tests.e2e.story import wait_until


def define(cluster: LivingCluster, group: str, version: str, *kinds: str) -> None:
    """Define kinds of an API group, and wait until there may be objects of them."""
    cluster.apply([_definition(group, version, kind) for kind in kinds], "installer")
    for kind in kinds:
        wait_until(partial(_is_established, cluster, f"crd/{_plural(kind)}.{group}"), what=kind)


def _is_established(cluster: LivingCluster, name: str) -> bool:
    stated = "--output=jsonpath={.status.conditions[?(@.type=='Established')].status}"
    return cluster.kubectl("get", name, stated) == "True"


def _plural(kind: str) -> str:
    return f"{kind.lower()[:-1]}ies" if kind.endswith("y") else f"{kind.lower()}s"


def _definition(group: str, version: str, kind: str) -> dict[str, Any]:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    served = {
        "name": version,
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "schema": {"openAPIV3Schema": schema},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{_plural(kind)}.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": _plural(kind)},
            "versions": [served],
        },
    }
