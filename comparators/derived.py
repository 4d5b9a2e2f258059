"""Defaults that depend on other fields.

What the API server fills in is mostly a constant, and then the schema holds it. The rules here are the
rest, each named so that the learned data can refer to it. They refuse to judge declared values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

Parent = Mapping[str, Any]
Rule = Callable[[Any, Parent, Mapping[str, Any]], bool]


def holds(rule: str, value: Any, parent: Parent, root: Mapping[str, Any]) -> bool:
    """Tell whether ``value`` is what the API server fills in beside its sibling fields.

    ``rule`` is the name of a rule, with an argument after a colon where it takes one.
    """
    name, _, argument = rule.partition(":")
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


_RULES: Final[Mapping[str, Rule]] = {
    "allocated": lambda _value, _parent, _root: True,
    "imagePullPolicy": _image_pull_policy,
    "policyTypes": _policy_types,
    "clusterIPs": _one_address,
}
