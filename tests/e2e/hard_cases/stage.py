"""What a look-alike is told with: a namespace of its own, and the things that people and programs do in it.

Everything is done for real, under the name of whoever does it. This module refuses to judge.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from auditor.domain.identity import GroupVersionKind
from tests.accuracy.api import APPLY_PATCH, JSON_PATCH, MERGE_PATCH, Api, RefusedError
from tests.stack.control_plane import ControlPlane

Body = dict[str, Any]
Reported = tuple[str, str, str, str]
"""A check, a path, how the sides differ there, and who wrote it; empty where there is none."""

APPLIER = "argocd-controller"
HAND = "kubectl-edit"


@dataclass(frozen=True)
class Stage:
    """One look-alike's own place in the cluster."""

    cluster: ControlPlane
    api: Api
    namespace: str

    def here(self, body: Body) -> Body:
        """The body in this namespace, unless its kind has none or it says where it lives."""
        gvk = GroupVersionKind.parse(body["apiVersion"], body["kind"])
        inside = {"namespace": self.namespace} if self.api.resource(gvk).is_namespaced else {}
        return body | {"metadata": inside | body["metadata"]}

    def path(self, body: Body) -> str:
        """Where the API server keeps it."""
        return self.api.place(self.here(body))

    def live(self, body: Body) -> Any:
        """The object as it lives, or None."""
        try:
            return self.api.get(self.path(body))
        except RefusedError:
            return None

    def kubectl(self, *arguments: str, body: Body | None = None) -> None:
        """Run kubectl in this namespace, with a body as its input."""
        text = yaml.safe_dump(self.here(body)) if body else None
        self.cluster.kubectl("--namespace", self.namespace, *arguments, input=text)


Deed = Callable[[Stage], object]
Condition = Callable[[Stage], object]


@dataclass(frozen=True, kw_only=True)
class LookAlike:
    """One of several situations that look alike.

    ``deeds`` are done at once, ``then`` after ``until`` holds: that is how controllers get their turn.
    """

    name: str
    declared: Sequence[Body]
    deeds: Sequence[Deed] = ()
    until: Condition = bool
    then: Sequence[Deed] = ()
    reported: Sequence[Reported] = ()
    severity: str = ""
    hidden: Sequence[str] = ()
    """What must not stand in any finding."""


def applied(*bodies: Body, writer: str = APPLIER) -> Deed:
    """Apply on the server's side, as a GitOps tool does."""

    def deed(stage: Stage) -> None:
        for body in bodies:
            path = stage.path(body)
            stage.api.patch(path, stage.here(body), writer=writer, kind=APPLY_PATCH, dry=False)

    return deed


def applied_by_client(body: Body) -> Deed:
    """Apply on the client's side, as kubectl does."""
    return lambda stage: stage.kubectl("apply", "--validate=ignore", "-f", "-", body=body)


def created(body: Body) -> Deed:
    """Create by hand; the writer is kubectl-create."""
    return lambda stage: stage.kubectl("create", "-f", "-", body=body)


def patched(body: Body, *operations: Mapping[str, Any], writer: str = HAND) -> Deed:
    """Change an object by a JSON patch, in somebody's name."""
    return lambda stage: stage.api.patch(
        stage.path(body), list(operations), writer=writer, kind=JSON_PATCH, dry=False
    )


def merged(body: Body, change: Body, writer: str = HAND) -> Deed:
    """Change an object by a merge patch, in somebody's name."""
    return lambda stage: stage.api.patch(
        stage.path(body), change, writer=writer, kind=MERGE_PATCH, dry=False
    )


def scaled(body: Body, replicas: int, writer: str) -> Deed:
    """Scale through the subresource, in somebody's name."""
    change = {"spec": {"replicas": replicas}}
    return lambda stage: stage.api.patch(
        f"{stage.path(body)}/scale", change, writer=writer, kind=MERGE_PATCH, dry=False
    )


def kubectl(*arguments: str) -> Deed:
    """Do something with kubectl."""
    return lambda stage: stage.kubectl(*arguments)


def put(path: str, value: Any) -> Mapping[str, Any]:
    """Put a value somewhere: one operation of a JSON patch."""
    return {"op": "add", "path": path, "value": value}


def replaced(path: str, value: Any) -> Mapping[str, Any]:
    """Put a value in the place of another: one operation of a JSON patch."""
    return {"op": "replace", "path": path, "value": value}


def has(body: Body, text: str) -> Condition:
    """Hold as soon as the object lives and its JSON contains a text."""
    return lambda stage: text in json.dumps(stage.live(body), separators=(",", ":"))


def gone(body: Body) -> Condition:
    """Hold as soon as the object lives no more."""
    return lambda stage: stage.live(body) is None
