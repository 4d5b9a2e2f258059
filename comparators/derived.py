"""Defaults that depend on other fields.

What the API server fills in is mostly a constant, and then the schema holds it. The rules here are the
rest, each named so that the learned data can refer to it. They refuse to judge declared values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

ALLOCATED: Final = "allocated"
"""Picked by the control plane, and a person's doing where managedFields name one."""
ONE_WAY: Final = frozenset({ALLOCATED, "server"})
"""Rules that excuse what lives and is not declared, and not the other way round."""

Parent = Mapping[str, Any]
Rule = Callable[[Any, Parent, Mapping[str, Any]], bool]


def holds(rule: str, value: Any, parent: Parent, root: Mapping[str, Any]) -> bool:
    """Tell whether ``value`` is what the API server fills in beside its sibling fields.

    ``rule`` is the name of a rule, with an argument after a colon where it takes one.
    """
    name, _, argument = rule.partition(":")
    if name == ALLOCATED:
        return False
    if name == "sibling":
        return bool(value == parent.get(argument))
    if name == "metadata":
        return bool(value == root.get("metadata", {}).get(argument))
    return _RULES[name](value, parent, root)


def _image_pull_policy(value: Any, parent: Parent, _: Mapping[str, Any]) -> bool:
    """Always for no tag or ``latest``, else IfNotPresent.

    https://kubernetes.io/docs/concepts/containers/images/#imagepullpolicy-defaulting
    """
    image = str(parent.get("image") or parent.get("reference") or "")
    name, digest = image.partition("@")[::2]
    tag = name.rpartition("/")[2].partition(":")[2]
    latest = tag == "latest" or not (tag or digest)
    return bool(value == ("Always" if latest else "IfNotPresent"))


def _policy_types(value: Any, parent: Parent, _: Mapping[str, Any]) -> bool:
    """Egress only where egress rules stand.

    https://kubernetes.io/docs/concepts/services-networking/network-policies/#networkpolicy-resource
    """
    return bool(value == (["Ingress", "Egress"] if parent.get("egress") else ["Ingress"]))


def _one_address(value: Any, parent: Parent, _: Mapping[str, Any]) -> bool:
    """``clusterIPs`` repeats ``clusterIP``; a second one is of the second family."""
    return isinstance(value, list) and value[:1] == [parent.get("clusterIP")]


def _host_port(value: Any, parent: Parent, root: Mapping[str, Any]) -> bool:
    """On the host's network every container port is the host's.

    https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#ports
    """
    return bool(value == parent.get("containerPort")) and _is_on_host_network(root)


def _is_on_host_network(body: Mapping[str, Any]) -> bool:
    spec = body.get("spec")
    if not isinstance(spec, Mapping):
        return False
    inner = spec.get("template") or spec.get("jobTemplate")
    pod = isinstance(inner, Mapping) and _is_on_host_network(inner)
    return pod or bool(spec.get("hostNetwork"))


def _subject_group(value: Any, parent: Parent, _: Mapping[str, Any]) -> bool:
    """Users and groups are of RBAC's own group, accounts of the core group."""
    account = parent.get("kind") == "ServiceAccount"
    return bool(value == ("" if account else "rbac.authorization.k8s.io"))


def _pod_replacement_policy(value: Any, parent: Parent, _: Mapping[str, Any]) -> bool:
    """https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-replacement-policy."""
    return bool(value == ("Failed" if parent.get("podFailurePolicy") else "TerminatingOrFailed"))


def _scaling_policies(value: Any, _parent: Parent, _: Mapping[str, Any]) -> bool:
    """Down at once; up by four Pods or by doubling.

    https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#default-behavior
    """
    percent = {"type": "Percent", "value": 100, "periodSeconds": 15}
    return value in ([percent], [{"type": "Pods", "value": 4, "periodSeconds": 15}, percent])


def _list_kind(value: Any, parent: Parent, _: Mapping[str, Any]) -> bool:
    return bool(value == f"{parent.get('kind')}List")


def _singular(value: Any, parent: Parent, _: Mapping[str, Any]) -> bool:
    return bool(value == str(parent.get("kind")).lower())


_RULES: Final[Mapping[str, Rule]] = {
    "clusterIPs": _one_address,
    "hostPort": _host_port,
    "imagePullPolicy": _image_pull_policy,
    "listKind": _list_kind,
    "podReplacementPolicy": _pod_replacement_policy,
    "policyTypes": _policy_types,
    "scalingPolicies": _scaling_policies,
    "server": lambda _value, _parent, _root: True,
    "singular": _singular,
    "subjectGroup": _subject_group,
}
