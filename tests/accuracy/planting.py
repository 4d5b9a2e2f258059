"""Applies manifests to a cluster as people do: three ways, each of which leaves other marks.

`kubectl apply` and `kubectl create` write with Update and own the defaults too; a server-side apply owns
what it declares and nothing else. This module refuses to mend what the API server does not take.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.accuracy import manifests
from tests.stack import build

Body = dict[str, Any]


class Way(StrEnum):
    """How objects are applied."""

    CLIENT = "client-side apply"
    SERVER = "server-side apply"
    CREATE = "create"


_VERBS = {
    Way.CLIENT: ("apply",),
    Way.SERVER: ("apply", "--server-side", "--force-conflicts"),
    Way.CREATE: ("create",),
}
APPLIERS = {
    Way.CLIENT: "kubectl-client-side-apply",
    Way.SERVER: "kubectl",
    Way.CREATE: "kubectl-create",
}


def plant(kubeconfig: Path, bodies: Sequence[Body], way: Way) -> None:
    """Apply everything: definitions first, then namespaces, then the rest."""
    definitions = [body for body in bodies if body["kind"] == "CustomResourceDefinition"]
    _run(kubeconfig, ("create", "--validate=false"), list(manifests.definitions_for(bodies)))
    _run(kubeconfig, (*_VERBS[way], "--validate=false"), definitions)
    _kubectl(kubeconfig, "wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
    _run(kubeconfig, ("create",), [_namespace(name) for name in manifests.namespaces_of(bodies)])
    rest = [body for body in bodies if body["kind"] != "CustomResourceDefinition"]
    rest.sort(key=lambda body: body["kind"] != "Namespace")
    _run(kubeconfig, (*_VERBS[way], "--validate=false"), rest)


def _namespace(name: str) -> Body:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def _run(kubeconfig: Path, verb: tuple[str, ...], bodies: Sequence[Body]) -> None:
    """Apply objects in one go; those that the API server refuses are not there afterwards."""
    if not bodies:
        return
    with TemporaryDirectory() as folder:
        for place, body in enumerate(bodies):
            text = json.dumps(body, default=str)
            Path(folder, f"{place:05}.json").write_text(text, encoding="utf-8")
        _kubectl(kubeconfig, *verb, "-f", folder)


def _kubectl(kubeconfig: Path, *arguments: str) -> None:
    command = (build.program("kubectl"), "--kubeconfig", kubeconfig)
    subprocess.run((*command, *arguments), capture_output=True, check=False, timeout=600)
