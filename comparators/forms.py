"""Kinds that may be declared in another form than they live in.

``stringData`` becomes ``data``, an aggregated role's rules are gathered for it, a placeholder stands
where a trust bundle will be injected, an old API version lives on as a new one. Each rule turns the
declaration (and where it must, the living object) into the form in which both can be compared; what it
does not change, it shares. This module refuses to touch anything that a schema can express.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any, Final

from auditor.domain.identity import GroupKind
from auditor.domain.pair import Pair
from comparators.sealed import is_sealed

Body = Mapping[str, Any]
Sides = tuple[Body, Body]
_PLACEHOLDERS: Final = frozenset({"", "\n", "Cg==", "Cg"})
"""What stands for "to be injected" where a field must not be empty; ``Cg==`` is a line break."""
_ADMITTED: Final = tuple(
    {
        "key": f"node.kubernetes.io/{condition}",
        "operator": "Exists",
        "effect": "NoExecute",
        "tolerationSeconds": 300,
    }
    for condition in ("not-ready", "unreachable")
)


def aligned(pair: Pair, desired: Body, actual: Body) -> Sides:
    """Bring both sides of a pair into one form."""
    align = _FORMS.get(pair.ref.group_kind)
    return align(desired, actual) if align else (desired, actual)


def _secret(desired: Body, actual: Body) -> Sides:
    """``stringData`` is write-only and wins over ``data``.

    https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/secret-v1/
    """
    texts = desired.get("stringData")
    if not isinstance(texts, dict):
        return desired, actual
    data = desired.get("data")
    encoded = {name: _encoded(text) for name, text in texts.items()}
    rest = {name: value for name, value in desired.items() if name != "stringData"}
    return {**rest, "data": {**(data if isinstance(data, dict) else {}), **encoded}}, actual


def _encoded(text: Any) -> Any:
    """A text as ``data`` has it; what is not known stays what it is."""
    return text if is_sealed(text) else b64encode(str(text or "").encode()).decode()


def _cluster_role(desired: Body, actual: Body) -> Sides:
    """The rules of an aggregated role are the controller's.

    https://kubernetes.io/docs/reference/access-authn-authz/rbac/#aggregated-clusterroles
    """
    if not desired.get("aggregationRule"):
        return desired, actual
    return _without(desired, "rules"), _without(actual, "rules")


def _labelled_by_template(desired: Body, actual: Body) -> Sides:
    """What says neither labels nor a selector takes its template's labels.

    https://kubernetes.io/docs/concepts/workloads/controllers/replicationcontroller/#labels-on-the-replicationcontroller
    """
    spec = _inner(desired, "spec")
    labels = _inner(_inner(_inner(spec, "template"), "metadata"), "labels")
    metadata = _inner(desired, "metadata")
    if labels and not metadata.get("labels"):
        desired = {**desired, "metadata": {**metadata, "labels": labels}}
    if labels and desired.get("kind") == "ReplicationController" and not spec.get("selector"):
        desired = {**desired, "spec": {**spec, "selector": labels}}
    return desired, actual


def _pod(desired: Body, actual: Body) -> Sides:
    """A Pod requests what it is limited to, and tolerates its node's failing for five minutes.

    https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/ and
    https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/
    """
    spec = dict(_inner(desired, "spec"))
    for name in ("containers", "initContainers"):
        if isinstance(spec.get(name), list):
            spec[name] = [_at(item, ("resources",), _requesting) for item in spec[name]]
    declared = spec.get("tolerations")
    lived = _inner(actual, "spec").get("tolerations")
    if isinstance(declared, list) and isinstance(lived, list):
        admitted = [item for item in lived if item in _ADMITTED and item not in declared]
        spec["tolerations"] = declared + admitted
    return {**desired, "spec": spec}, actual


def _requesting(resources: Body) -> Body:
    limits = _inner(resources, "limits")
    return {**resources, "requests": {**limits, **_inner(resources, "requests")}}


def _webhooks(desired: Body, actual: Body) -> Sides:
    webhooks = desired.get("webhooks")
    if not isinstance(webhooks, list):
        return desired, actual
    cleaned = [_at(item, ("clientConfig",), _unplaced) for item in webhooks]
    return {**desired, "webhooks": cleaned}, actual


def _definition(desired: Body, actual: Body) -> Sides:
    path = ("spec", "conversion", "webhook", "clientConfig")
    return _at(desired, path, _unplaced), actual


def _api_service(desired: Body, actual: Body) -> Sides:
    return _at(desired, ("spec",), _unplaced), actual


def _autoscaler(desired: Body, actual: Body) -> Sides:
    """A declaration in ``autoscaling/v1`` lives as ``v2``: its one target is a metric there.

    https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/horizontal-pod-autoscaler-v2/
    """
    if desired.get("apiVersion") == actual.get("apiVersion"):
        return desired, actual
    return _as_v2(desired), _as_v2(actual)


def _as_v2(body: Body) -> Body:
    spec = body.get("spec")
    if body.get("apiVersion") != "autoscaling/v1" or not isinstance(spec, dict):
        return body
    target = spec.get("targetCPUUtilizationPercentage")
    rest = _without(spec, "targetCPUUtilizationPercentage")
    if target is None:
        return {**body, "spec": rest}
    resource = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": target}}
    return {**body, "spec": {**rest, "metrics": [{"type": "Resource", "resource": resource}]}}


def _unplaced(config: Body) -> Body:
    return _without(config, "caBundle") if config.get("caBundle") in _PLACEHOLDERS else config


def _inner(body: Body, name: str) -> Body:
    inner = body.get(name)
    return inner if isinstance(inner, Mapping) else {}


def _at(body: Any, path: tuple[str, ...], change: Callable[[Body], Body]) -> Any:
    """Change one nested object, copying only the way to it."""
    if not isinstance(body, Mapping):
        return body
    if not path:
        return change(body)
    inner = body.get(path[0])
    changed = _at(inner, path[1:], change)
    return body if changed is inner else {**body, path[0]: changed}


def _without(body: Body, name: str) -> Body:
    return {key: value for key, value in body.items() if key != name}


_ADMISSION: Final = "admissionregistration.k8s.io"
_FORMS: Final[Mapping[GroupKind, Callable[[Body, Body], Sides]]] = {
    GroupKind("", "Secret"): _secret,
    GroupKind("", "Pod"): _pod,
    GroupKind("", "ReplicationController"): _labelled_by_template,
    GroupKind("batch", "Job"): _labelled_by_template,
    GroupKind("rbac.authorization.k8s.io", "ClusterRole"): _cluster_role,
    GroupKind(_ADMISSION, "MutatingWebhookConfiguration"): _webhooks,
    GroupKind(_ADMISSION, "ValidatingWebhookConfiguration"): _webhooks,
    GroupKind("apiextensions.k8s.io", "CustomResourceDefinition"): _definition,
    GroupKind("apiregistration.k8s.io", "APIService"): _api_service,
    GroupKind("autoscaling", "HorizontalPodAutoscaler"): _autoscaler,
}
