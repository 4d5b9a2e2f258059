"""Which objects a HorizontalPodAutoscaler scales, and between which bounds.

A replica count that an autoscaler may set is no drift, so whoever judges a workload must know its
autoscaler. This index answers from the target's side. It refuses to know whether an autoscaler is
declared in Git: `scaled_by` names it, and the desired state can be asked.

Fields: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/horizontal-pod-autoscaler-v2/
"""

from __future__ import annotations

from typing import Final

from auditor.domain.identity import GroupVersionKind, ObjectRef
from auditor.domain.manifest import Manifest
from auditor.domain.pair import Scaler

KIND: Final = GroupVersionKind("autoscaling", "v2", "HorizontalPodAutoscaler")
"""The version in which autoscalers are read; served since Kubernetes 1.23."""


class Scalers:
    """Autoscalers of one cluster by what they scale."""

    def __init__(self) -> None:
        self._targets: dict[ObjectRef, ObjectRef] = {}
        self._scalers: dict[ObjectRef, dict[ObjectRef, Scaler]] = {}

    def put(self, autoscaler: Manifest) -> frozenset[ObjectRef]:
        """Take note of an autoscaler; return the objects it scales or has scaled."""
        before = self.delete(autoscaler.ref)
        target = _target_of(autoscaler)
        if target is None:
            return before
        self._targets[autoscaler.ref] = target
        self._scalers.setdefault(target, {})[autoscaler.ref] = _scaler_of(autoscaler)
        return before | {target}

    def delete(self, autoscaler: ObjectRef) -> frozenset[ObjectRef]:
        """Forget an autoscaler; return what it scaled."""
        target = self._targets.pop(autoscaler, None)
        if target is None:
            return frozenset()
        scaling = self._scalers[target]
        del scaling[autoscaler]
        if not scaling:
            del self._scalers[target]
        return frozenset({target})

    def of(self, target: ObjectRef) -> Scaler | None:
        """Answer what scales an object; of several, the first by name."""
        autoscaler = self.scaled_by(target)
        return None if autoscaler is None else self._scalers[target][autoscaler]

    def scaled_by(self, target: ObjectRef) -> ObjectRef | None:
        """Name the autoscaler of an object; of several, the first by name."""
        return min(self._scalers.get(target, {}), default=None)


def _target_of(autoscaler: Manifest) -> ObjectRef | None:
    """Read ``spec.scaleTargetRef``, whose ``apiVersion`` says the group; its version is no matter."""
    target = (autoscaler.body.get("spec") or {}).get("scaleTargetRef") or {}
    if not target.get("kind") or not target.get("name"):
        return None
    gvk = GroupVersionKind.parse(target.get("apiVersion") or "v1", target["kind"])
    ref = autoscaler.ref
    return ObjectRef(ref.cluster, gvk.group, gvk.kind, ref.namespace, target["name"])


def _scaler_of(autoscaler: Manifest) -> Scaler:
    spec = autoscaler.body["spec"]
    minimum = spec.get("minReplicas")
    return Scaler(
        minimum=1 if minimum is None else minimum,
        maximum=spec.get("maxReplicas") or 1,
    )
