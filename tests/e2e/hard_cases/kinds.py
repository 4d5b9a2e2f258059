"""Cases 11 and 12: kinds of which little is known, and objects that live in another version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.builders import obj
from tests.e2e.hard_cases.stage import (
    HAND,
    Body,
    LookAlike,
    applied,
    applied_by_client,
    merged,
    patched,
    replaced,
)

GROUP = "hard.example.com"
_OPEN: Body = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
_TEXT: Body = {"type": "string"}
_CLOSED: Body = {
    "type": "object",
    "properties": {
        "lifetime": {"type": "string", "format": "duration"},
        "motto": _TEXT,
        "size": {"type": "integer"},
        "inner": {"type": "object", "properties": {"deep": _TEXT, "other": _TEXT}},
    },
}


def _definition(kind: str, spec: Body, *versions: str) -> Body:
    """A kind with one schema in all of its versions; the last one is stored."""
    schema = {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}
    plural = f"{kind.lower()}s"
    served = [
        {"name": name, "served": True, "storage": name == versions[-1], "schema": schema}
        for name in versions
    ]
    body = {
        "group": GROUP,
        "scope": "Namespaced",
        "names": {"kind": kind, "plural": plural},
        "versions": served,
    }
    definition = "CustomResourceDefinition"
    return obj("apiextensions.k8s.io/v1", definition, f"{plural}.{GROUP}", "", spec=body)


DEFINITIONS = (
    _definition("Widget", _CLOSED, "v1beta1", "v1"),
    _definition("Bag", _OPEN, "v1"),
)


def widget(version: str = "v1", **spec: Any) -> Body:
    """An object of a kind with a schema."""
    return obj(f"{GROUP}/{version}", "Widget", "w", "", spec=spec)


def bag(**spec: Any) -> Body:
    """An object of a kind that takes anything."""
    return obj(f"{GROUP}/v1", "Bag", "b", "", spec=spec)


_BAG = bag(size=1, tags=["a", "b"], inner={"deep": "x"}, enabled=True)


def _packed(name: str, change: Mapping[str, Any], *reported: tuple[str, str]) -> LookAlike:
    """A bag that somebody changed, and where and how it differs by that."""
    return LookAlike(
        name=name,
        declared=[_BAG],
        deeds=[applied(_BAG), merged(_BAG, {"spec": dict(change)})],
        reported=[("K8S-002", where, op, HAND) for where, op in reported],
    )


_INNER = widget(inner={"deep": "x"})
_MISTAKEN: Body = obj("v1", "ConfigMap", "settings", "", data={"a": "1"}, date={"b": "2"})
_UNKNOWN = widget(size=1, sise=2)

CASE_11: Sequence[LookAlike] = (
    _packed("an open schema, as applied", {}),
    _packed(
        "an open schema, a leaf under a parent of nobody",
        {"inner": {"deep": "y"}},
        ("spec.inner.deep", "changed"),
    ),
    _packed(
        "an open schema, a leaf added",
        {"inner": {"other": "y"}},
        ("spec.inner.other", "added"),
    ),
    _packed(
        "an open schema, a list in another order",
        {"tags": ["b", "a"]},
        ("spec.tags[0]", "changed"),
        ("spec.tags[1]", "changed"),
    ),
    _packed("an open schema, one for true", {"enabled": 1}, ("spec.enabled", "changed")),
    LookAlike(
        name="a schema, a leaf under a parent of nobody",
        declared=[_INNER],
        deeds=[applied(_INNER), merged(_INNER, {"spec": {"inner": {"deep": "y"}}})],
        reported=[("K8S-002", "spec.inner.deep", "changed", HAND)],
    ),
    LookAlike(
        name="a field that the server drops, built-in",
        declared=[_MISTAKEN],
        deeds=[applied_by_client(_MISTAKEN)],
        reported=[("K8S-008", "date", "removed", "")],
    ),
    LookAlike(
        name="a field that the server drops, custom",
        declared=[_UNKNOWN],
        deeds=[applied_by_client(_UNKNOWN)],
        reported=[("K8S-008", "spec.sise", "removed", "")],
    ),
)

_TARGET = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "absent"}
_SCALER: Body = obj(
    "autoscaling/v1",
    "HorizontalPodAutoscaler",
    "web",
    "",
    spec={
        "minReplicas": 1,
        "maxReplicas": 3,
        "targetCPUUtilizationPercentage": 50,
        "scaleTargetRef": _TARGET,
    },
)
_SCALER_V2: Body = _SCALER | {"apiVersion": "autoscaling/v2"}
_UTILIZATION = "/spec/metrics/0/resource/target/averageUtilization"
_OLD = widget("v1beta1", size=1)

CASE_12: Sequence[LookAlike] = (
    LookAlike(name="an autoscaler, converted", declared=[_SCALER], deeds=[applied(_SCALER)]),
    LookAlike(
        name="an autoscaler, converted, client-side",
        declared=[_SCALER],
        deeds=[applied_by_client(_SCALER)],
    ),
    LookAlike(
        name="an autoscaler, converted and changed in the newer version",
        declared=[_SCALER],
        deeds=[applied(_SCALER), patched(_SCALER_V2, replaced(_UTILIZATION, 60))],
        # In the declared version's words; the writer is recorded in those of the other version.
        reported=[("K8S-002", "spec.targetCPUUtilizationPercentage", "changed", "")],
    ),
    LookAlike(
        name="an autoscaler, changed in its own version",
        declared=[_SCALER],
        deeds=[applied(_SCALER), merged(_SCALER, {"spec": {"maxReplicas": 9}})],
        reported=[("K8S-002", "spec.maxReplicas", "changed", HAND)],
    ),
    LookAlike(name="a custom resource, converted", declared=[_OLD], deeds=[applied(_OLD)]),
    LookAlike(
        name="a custom resource, converted and changed in the newer version",
        declared=[_OLD],
        deeds=[applied(_OLD), merged(widget(), {"spec": {"size": 2}})],
        reported=[("K8S-002", "spec.size", "changed", HAND)],
    ),
)
