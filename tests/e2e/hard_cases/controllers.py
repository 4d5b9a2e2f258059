"""Cases 6, 7 and 9: fields that a controller fills, and the same fields filled by somebody else."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from tests.builders import deployment, obj
from tests.e2e.hard_cases.stage import (
    HAND,
    Body,
    Deed,
    LookAlike,
    Reported,
    applied,
    has,
    kubectl,
    patched,
    put,
    replaced,
    scaled,
)

_CONTROLLER = "kube-controller-manager"
_WEB: Body = deployment(namespace="", replicas=1)


def _scaler(namespace: str = "", *, minimum: int = 3, **target: str) -> Body:
    """An autoscaler of the Deployment; there is nothing to measure, but a minimum to keep."""
    aim = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"} | target
    spec = {"minReplicas": minimum, "maxReplicas": 5, "scaleTargetRef": aim}
    return obj("autoscaling/v2", "HorizontalPodAutoscaler", "web", namespace, spec=spec)


def _replicas(writer: str) -> Sequence[Reported]:
    return [("K8S-002", "spec.replicas", "changed", writer)]


_SCALED = has(_WEB, '"replicas":3')


def _astray(name: str, scaler: Body) -> LookAlike:
    """An autoscaler that is not this Deployment's, so that nobody may scale it."""
    return LookAlike(
        name=name,
        declared=[_WEB, scaler],
        deeds=[applied(_WEB, scaler), scaled(_WEB, 4, _CONTROLLER)],
        reported=_replicas(_CONTROLLER),
    )


CASE_6: Sequence[LookAlike] = (
    LookAlike(
        name="scaled by the autoscaler, in its range",
        declared=[_WEB, _scaler()],
        deeds=[applied(_WEB, _scaler())],
        until=_SCALED,
    ),
    LookAlike(
        name="scaled by an autoscaler that does not stand in Git",
        declared=[_WEB],
        deeds=[applied(_WEB), applied(_scaler(), writer="keda-operator")],
        until=_SCALED,
    ),
    LookAlike(
        name="scaled by a person, in the range",
        declared=[_WEB, _scaler()],
        deeds=[applied(_WEB, _scaler())],
        until=_SCALED,
        then=[kubectl("scale", "deployment/web", "--replicas=4")],
        reported=_replicas("kubectl"),
    ),
    LookAlike(
        # To none, because an autoscaler leaves alone what was scaled to none: nobody corrects it.
        name="out of the range",
        declared=[_WEB, _scaler()],
        deeds=[applied(_WEB), scaled(_WEB, 0, _CONTROLLER), applied(_scaler())],
        # The API server records nobody for what is scaled to none.
        reported=_replicas(""),
    ),
    LookAlike(
        name="no autoscaler at all",
        declared=[_WEB],
        deeds=[applied(_WEB), scaled(_WEB, 4, _CONTROLLER)],
        reported=_replicas(_CONTROLLER),
    ),
    _astray("an autoscaler of another namespace", _scaler("default")),
    _astray("an autoscaler of another kind", _scaler(kind="StatefulSet")),
    _astray("an autoscaler of another API group", _scaler(apiVersion="example.com/v1")),
    _astray("an autoscaler of another name", _scaler(name="other")),
)


_MINE, _OTHER = (base64.b64encode(text).decode() for text in (b"my bundle", b"another bundle"))
_RULE = {
    "apiGroups": ["nowhere.example.com"],
    "apiVersions": ["v1"],
    "operations": ["CREATE"],
    "resources": ["nothings"],
}
_BUNDLE = "webhooks[name=a.example.com].clientConfig.caBundle"


def _hook(name: str, **client: str) -> Body:
    """A check that is never asked, since nothing of its group exists."""
    webhook = {
        "name": "a.example.com",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "failurePolicy": "Fail",
        "rules": [_RULE],
        "clientConfig": {"service": {"namespace": "shop", "name": "policy"}, **client},
    }
    group = "admissionregistration.k8s.io/v1"
    return obj(group, "ValidatingWebhookConfiguration", f"hard-{name}", "", webhooks=[webhook])


def _trusting(name: str, body: Body, *deeds: Deed, **said: Any) -> LookAlike:
    return LookAlike(name=name, declared=[body], deeds=[applied(body), *deeds], **said)


def _injected(body: Body, writer: str = "cainjector") -> Deed:
    return patched(body, put("/webhooks/0/clientConfig/caBundle", _OTHER), writer=writer)


_BARE, _BY_HAND, _PINNED = _hook("bare"), _hook("by-hand"), _hook("pinned", caBundle=_MINE)
_BLANK, _LAX, _WIDE = _hook("blank", caBundle="Cg=="), _hook("lax"), _hook("wide")
_ON_UPDATE = replaced("/webhooks/0/rules/0/operations", ["CREATE", "UPDATE"])
_IGNORING = replaced("/webhooks/0/failurePolicy", "Ignore")

CASE_7: Sequence[LookAlike] = (
    _trusting("injected where Git has none", _BARE, _injected(_BARE)),
    _trusting("injected where Git has a placeholder", _BLANK, _injected(_BLANK)),
    _trusting(
        "written by hand where Git has none",
        _BY_HAND,
        _injected(_BY_HAND, HAND),
        reported=[("K8S-002", _BUNDLE, "added", HAND)],
    ),
    _trusting(
        "another than the one that Git pins",
        _PINNED,
        _injected(_PINNED),
        reported=[("K8S-002", _BUNDLE, "changed", "cainjector")],
        severity="critical",
    ),
    _trusting(
        "no longer enforced",
        _LAX,
        patched(_LAX, _IGNORING),
        reported=[("K8S-002", "webhooks[name=a.example.com].failurePolicy", "changed", HAND)],
        severity="critical",
    ),
    _trusting(
        "asked more often",
        _WIDE,
        patched(_WIDE, _ON_UPDATE),
        reported=[
            ("K8S-002", "webhooks[name=a.example.com].rules[0].operations[1]", "added", HAND)
        ],
    ),
)


_PODS = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}
_EVERYTHING = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}


def _role(name: str, **rest: Any) -> Body:
    return obj("rbac.authorization.k8s.io/v1", "ClusterRole", f"hard-{name}", "", **rest)


_PART = _role("part", rules=[_PODS])
_PART["metadata"]["labels"] = {"hard": "yes"}
_GATHERED = {"clusterRoleSelectors": [{"matchLabels": {"hard": "yes"}}]}
_SUM = _role("sum", aggregationRule=_GATHERED)
_SUM_OF_NONE = _role("sum-of-none", aggregationRule=_GATHERED, rules=[])
_TAKEN, _WIDENED = _role("taken", rules=[_PODS]), _role("widened", rules=[_PODS])
_SHUFFLED = _role("shuffled", rules=[_PODS])
_NONE, _NULL = _role("none", rules=[]), _role("null", rules=None)

CASE_9: Sequence[LookAlike] = (
    LookAlike(
        name="gathered by the controller",
        declared=[_PART, _SUM],
        deeds=[applied(_PART, _SUM)],
        until=has(_SUM, '"pods"'),
    ),
    LookAlike(
        name="gathered by the controller where Git says none",
        declared=[_PART, _SUM_OF_NONE],
        deeds=[applied(_PART, _role("sum-of-none", aggregationRule=_GATHERED))],
        until=has(_SUM_OF_NONE, '"pods"'),
    ),
    _trusting(
        "everything is allowed",
        _TAKEN,
        patched(_TAKEN, put("/rules/-", _EVERYTHING)),
        reported=[("K8S-002", "rules[1]", "added", HAND)],
        severity="critical",
    ),
    _trusting(
        "one verb more",
        _WIDENED,
        patched(_WIDENED, put("/rules/0/verbs/-", "delete")),
        reported=[("K8S-002", "rules[0].verbs[2]", "added", HAND)],
        severity="high",
    ),
    _trusting(
        "verbs in another order",
        _SHUFFLED,
        patched(_SHUFFLED, replaced("/rules/0/verbs", ["list", "get"])),
    ),
    _trusting("no rules, as an empty list", _NONE),
    _trusting("no rules, as null", _NULL),
)
