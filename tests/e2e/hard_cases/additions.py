"""Cases 1, 2 and 10: what lives and is not declared. Only its writer tells what it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.builders import deployment, obj
from tests.e2e.hard_cases.stage import (
    APPLIER,
    HAND,
    Body,
    LookAlike,
    applied,
    applied_by_client,
    created,
    has,
    kubectl,
    merged,
    patched,
    put,
)

_REVISION = "deployment.kubernetes.io/revision"
_ENV = "/spec/template/spec/containers/0/env"
_VAR2 = "spec.template.spec.containers[name=web].env[name=VAR2]"
_WEB: Body = deployment(namespace="")
INJECTED: Body = _WEB | {"metadata": {"name": "web", "labels": {"inject": "yes"}}}
"""A Deployment into which the injector puts VAR2 as soon as it works."""
_SERVICE: Body = obj("v1", "Service", "web", "", spec={"ports": [{"port": 80}]})
_ACCOUNT: Body = obj("v1", "ServiceAccount", "builder", "", automountServiceAccountToken=False)
"""With a field to own: writers are recorded only once an applier owns something."""


def _injector() -> tuple[Body, Body]:
    """An admission policy that injects the very same variable, and its binding."""
    env = '[Object.spec.template.spec.containers.env{name: "VAR2", value: "x"}]'
    container = f'Object.spec.template.spec.containers{{name: "web", env: {env}}}'
    pod = f"Object.spec.template.spec{{containers: [{container}]}}"
    template = f"Object.spec.template{{spec: {pod}}}"
    expression = f"Object{{spec: Object.spec{{template: {template}}}}}"
    rule = {"apiGroups": ["apps"], "apiVersions": ["v1"], "resources": ["deployments"]}
    spec = {
        "failurePolicy": "Fail",
        "reinvocationPolicy": "Never",
        "matchConstraints": {
            "objectSelector": {"matchLabels": {"inject": "yes"}},
            "resourceRules": [rule | {"operations": ["CREATE", "UPDATE"]}],
        },
        "mutations": [
            {
                "patchType": "ApplyConfiguration",
                "applyConfiguration": {"expression": expression},
            }
        ],
    }
    group, name = "admissionregistration.k8s.io/v1", "hard-injector"
    policy = obj(group, "MutatingAdmissionPolicy", name, "", spec=spec)
    bound = {"policyName": name}
    return policy, obj(group, "MutatingAdmissionPolicyBinding", name, "", spec=bound)


INJECTOR = _injector()

CASE_1: Sequence[LookAlike] = (
    LookAlike(
        name="a variable added with kubectl edit",
        declared=[_WEB],
        deeds=[applied(_WEB), patched(_WEB, put(_ENV, [{"name": "VAR2", "value": "x"}]))],
        reported=[("K8S-002", _VAR2, "added", HAND)],
    ),
    LookAlike(
        name="the same variable, recorded beside the applier's own as injected",
        declared=[_WEB],
        deeds=[
            applied(_WEB),
            patched(_WEB, put(_ENV, [{"name": "VAR2", "value": "x"}]), writer=APPLIER),
        ],
    ),
    # The API server records nobody for what admission injects, so it is nobody's until a rule says whose.
    LookAlike(
        name="the same variable, injected at admission of a server-side apply",
        declared=[INJECTED],
        deeds=[applied(INJECTED)],
        until=has(INJECTED, "VAR2"),
        reported=[("K8S-002", _VAR2, "added", "")],
    ),
    LookAlike(
        name="the same variable, injected at admission of a client-side apply",
        declared=[INJECTED],
        deeds=[applied_by_client(INJECTED)],
        until=has(INJECTED, "VAR2"),
        reported=[("K8S-002", _VAR2, "added", "")],
    ),
    LookAlike(
        name="a revision, counted by the Deployment controller",
        declared=[_WEB],
        deeds=[applied(_WEB)],
        until=has(_WEB, _REVISION),
    ),
    LookAlike(
        name="a revision, written by hand where no controller counts",
        declared=[_SERVICE],
        deeds=[applied(_SERVICE), kubectl("annotate", "service/web", f"{_REVISION}=3")],
        reported=[("K8S-002", f'metadata.annotations["{_REVISION}"]', "added", "kubectl-annotate")],
    ),
    LookAlike(
        name="an account's token, filled in by a controller",
        declared=[_ACCOUNT],
        deeds=[
            applied(_ACCOUNT),
            merged(_ACCOUNT, {"secrets": [{"name": "extra"}]}, "kube-controller-manager"),
        ],
    ),
    LookAlike(
        name="an account's token, filled in by hand",
        declared=[_ACCOUNT],
        deeds=[applied(_ACCOUNT), merged(_ACCOUNT, {"secrets": [{"name": "extra"}]})],
        reported=[("K8S-002", "secrets[name=extra]", "added", HAND)],
    ),
)


def _as_applied(name: str, *bodies: Body) -> Sequence[LookAlike]:
    """The same objects applied in three ways, each of which owns other defaults."""
    ways = {
        "server-side": [applied(*bodies)],
        "client-side": [applied_by_client(body) for body in bodies],
        "created": [created(body) for body in bodies],
    }
    return [
        LookAlike(name=f"{name}, {way}", declared=bodies, deeds=deeds)
        for way, deeds in ways.items()
    ]


_EXPOSED: Body = obj(
    "v1", "Service", "web", "", spec={"type": "LoadBalancer", "ports": [{"port": 80}]}
)

CASE_2: Sequence[LookAlike] = (
    *_as_applied("everything that the API server fills in", _SERVICE, _WEB),
    LookAlike(
        name="a type that Git declares no more, server-side",
        declared=[_SERVICE],
        deeds=[applied(_EXPOSED)],
        reported=[("K8S-002", "spec.type", "added", APPLIER)],
    ),
    LookAlike(
        name="a type that Git declares no more, client-side",
        declared=[_SERVICE],
        deeds=[applied_by_client(_EXPOSED)],
        reported=[("K8S-002", "spec.type", "added", "kubectl-client-side-apply")],
    ),
    LookAlike(
        name="another value where a default was",
        declared=[_WEB],
        deeds=[applied(_WEB), merged(_WEB, {"spec": {"progressDeadlineSeconds": 300}})],
        reported=[("K8S-002", "spec.progressDeadlineSeconds", "added", HAND)],
    ),
)


def _settings(labels: Mapping[str, str] | None = None, **data: str) -> Body:
    body: Body = obj("v1", "ConfigMap", "settings", "", data=data)
    return body | {"metadata": {"name": "settings"} | ({"labels": labels} if labels else {})}


_ONE, _TWO = _settings(a="1"), _settings(a="1", b="2")
_NO_WRITERS: Mapping[str, Any] = {"op": "replace", "path": "/metadata/managedFields", "value": [{}]}

CASE_10: Sequence[LookAlike] = (
    LookAlike(
        name="a key that Git declares no more, owned by the applier",
        declared=[_ONE],
        deeds=[applied(_TWO)],
        reported=[("K8S-002", "data.b", "added", APPLIER)],
    ),
    LookAlike(
        name="a label that Git declares no more, owned by the applier",
        declared=[_ONE],
        deeds=[applied(_settings({"team": "shop"}, a="1"))],
        reported=[("K8S-002", "metadata.labels.team", "added", APPLIER)],
    ),
    LookAlike(
        name="a key that Git declares no more, applied by a client",
        declared=[_ONE],
        deeds=[applied_by_client(_TWO)],
        reported=[("K8S-002", "data.b", "added", "kubectl-client-side-apply")],
    ),
    LookAlike(
        name="a key that the applier gave up, which is gone with it",
        declared=[_ONE],
        deeds=[applied(_TWO), applied(_ONE)],
    ),
    LookAlike(
        name="a key of somebody else",
        declared=[_ONE],
        deeds=[applied(_ONE), merged(_ONE, {"data": {"b": "2"}}, "k9s")],
        reported=[("K8S-002", "data.b", "added", "k9s")],
    ),
    LookAlike(
        name="a key of nobody knows whom",
        declared=[_ONE],
        deeds=[applied(_TWO), patched(_TWO, _NO_WRITERS)],
        reported=[("K8S-002", "data.b", "added", "")],
    ),
)
