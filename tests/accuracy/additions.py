"""What people add to objects that others own: labels, sidecars, rights, open ports.

This module refuses to know how a comparison works: it says where an addition is to be reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from auditor.domain.difference import Op
from auditor.domain.fieldpath import FieldPath, Key, Member, Segment

Body = Mapping[str, Any]
Steps = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """One change, and the one difference that it makes.

    ``is_untracked``: the API server records no writers on the object.
    """

    kind: str
    patch: tuple[Mapping[str, Any], ...]
    path: FieldPath
    ops: frozenset[Op]
    is_untracked: bool = False


def additions_to(desired: Body, actual: Body) -> Iterator[Mutation]:
    """Everything that can be added to one object."""
    for adder in _ADDERS:
        yield from adder(desired, actual)


def pointer(steps: Steps) -> str:
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


Adder = Callable[[Body, Body], Iterator[Mutation]]


def _add(kind: str, steps: Steps, value: Any, path: tuple[Segment, ...]) -> Mutation:
    return Mutation(
        kind=f"add {kind}",
        patch=({"op": "add", "path": pointer(steps), "value": value},),
        path=FieldPath(path),
        ops=frozenset({Op.ADDED}),
    )


@dataclass(frozen=True, slots=True)
class _Spot:
    """A place in a body: by pointer, and by path where that names items by key."""

    body: Body
    steps: Steps
    trail: tuple[Segment, ...]

    @classmethod
    def at(cls, body: Body, *steps: str | int) -> _Spot:
        """A place without keyed items on the way."""
        return cls(body, steps, steps)

    def below(self, *steps: str) -> _Spot:
        """A place further down."""
        return _Spot(self.body, (*self.steps, *steps), (*self.trail, *steps))

    @property
    def value(self) -> Any:
        """What is there."""
        return value_at(self.body, self.steps)


def _entry(kind: str, spot: _Spot, name: str, value: Any) -> Iterator[Mutation]:
    """Add an entry to a map, making the map where there is none."""
    if isinstance(spot.value, dict):
        yield _add(kind, (*spot.steps, name), value, (*spot.trail, name))
    elif spot.value is None and isinstance(value_at(spot.body, spot.steps[:-1]), dict):
        yield _add(kind, spot.steps, {name: value}, (*spot.trail, name))


def _item(kind: str, spot: _Spot, value: Any, segment: Segment | None = None) -> Iterator[Mutation]:
    """Add an item at the end of a list; without a list it makes one, if the item has a key."""
    if isinstance(spot.value, list):
        place = len(spot.value) if segment is None else segment
        yield _add(kind, (*spot.steps, "-"), value, (*spot.trail, place))
    elif spot.value is None and segment is not None:
        yield _add(kind, spot.steps, [value], (*spot.trail, segment))


def value_at(body: Any, steps: Steps) -> Any:
    for step in steps:
        if isinstance(body, dict):
            body = body.get(step)
        elif isinstance(body, list) and isinstance(step, int) and step < len(body):
            body = body[step]
        else:
            return None
    return body


def _metadata(_: Body, actual: Body) -> Iterator[Mutation]:
    metadata = _Spot.at(actual, "metadata")
    yield from _entry("label", metadata.below("labels"), "drift/label", "x")
    yield from _entry("annotation", metadata.below("annotations"), "drift/note", "x")
    if not actual["metadata"].get("finalizers"):
        steps, stuck = ("metadata", "finalizers"), "drift.example.com/stuck"
        yield _add("finalizer", steps, [stuck], (*steps, Member(stuck)))


_POD_SPECS: tuple[Steps, ...] = (
    ("spec", "template", "spec"),
    ("spec", "jobTemplate", "spec", "template", "spec"),
)
_TYPED = frozenset({"v1", "apps/v1", "batch/v1"})


def _pods(desired: Body, actual: Body) -> Iterator[Mutation]:
    for steps in _POD_SPECS:
        spot = _Spot.at(actual, *steps)
        if desired["apiVersion"] in _TYPED and isinstance(spot.below("containers").value, list):
            yield from _pod(spot, value_at(desired, steps) or {})
            labels = _Spot.at(actual, *steps[:-1], "metadata", "labels")
            yield from _entry("template label", labels, "drift", "x")


def _pod(spot: _Spot, declared: Body) -> Iterator[Mutation]:
    named, sidecar = Key((("name", "drift"),)), {"name": "drift", "image": "miner:1"}
    yield from _item("sidecar", spot.below("containers"), sidecar, named)
    yield from _item("volume", spot.below("volumes"), {"name": "drift", "emptyDir": {}}, named)
    toleration = {"key": "drift", "operator": "Exists"}
    tolerations = spot.below("tolerations")
    yield from _whole("toleration", tolerations, toleration, declared.get("tolerations"))
    selector = spot.below("nodeSelector")
    if selector.value is None:  # owned as a whole, so it is added as a whole
        yield _add("node selector", selector.steps, {"drift": "x"}, selector.trail)
    else:
        yield from _entry("node selector", selector, "drift", "x")
    for name in sorted({"hostNetwork", "hostPID"} - declared.keys()):
        flag = spot.below(name)
        yield _add("host access", flag.steps, True, flag.trail)  # noqa: FBT003 - a value
    for place, container in enumerate(spot.below("containers").value):
        key = Key((("name", container["name"]),))
        steps, trail = spot.below("containers").steps, spot.below("containers").trail
        same = (c for c in declared["containers"] if c["name"] == container["name"])
        said: Body = next(same, {})
        yield from _container(_Spot(spot.body, (*steps, place), (*trail, key)), said)


def _whole(kind: str, spot: _Spot, value: Any, declared: Any = None) -> Iterator[Mutation]:
    """Add an item to an atomic list, or the whole list where none is declared."""
    if declared == [] and spot.value is None:
        yield _add(kind, spot.steps, [value], (*spot.trail, 0))
    elif spot.value is None:
        yield _add(kind, spot.steps, [value], spot.trail)
    elif spot.value:
        yield from _item(kind, spot, value)


def _container(spot: _Spot, declared: Body) -> Iterator[Mutation]:
    env, port = Key((("name", "DRIFT"),)), Key((("containerPort", 9999), ("protocol", "TCP")))
    yield from _item("env", spot.below("env"), {"name": "DRIFT", "value": "1"}, env)
    yield from _item("port", spot.below("ports"), {"containerPort": 9999}, port)
    yield from _whole("argument", spot.below("args"), "--drift", declared.get("args"))
    if "securityContext" not in spot.value:
        context = spot.below("securityContext")
        yield _add("privileges", context.steps, {"privileged": True}, context.trail)


def _data(desired: Body, actual: Body) -> Iterator[Mutation]:
    if desired["apiVersion"] == "v1" and desired["kind"] in {"ConfigMap", "Secret"}:
        value = "eA==" if desired["kind"] == "Secret" else "x"
        yield from _entry("data key", _Spot.at(actual, "data"), "drift", value)


def _rights(desired: Body, actual: Body) -> Iterator[Mutation]:
    if not desired["apiVersion"].startswith("rbac.authorization.k8s.io/"):
        return
    if desired.get("rules") and "aggregationRule" not in desired:
        rule = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
        yield from _item("RBAC rule", _Spot.at(actual, "rules"), rule)
        yield from _item("RBAC verb", _Spot.at(actual, "rules", 0, "verbs"), "escalate")
    if desired.get("subjects"):
        subject = {"kind": "User", "name": "mallory", "apiGroup": "rbac.authorization.k8s.io"}
        yield from _item("RBAC subject", _Spot.at(actual, "subjects"), subject)


def _network(desired: Body, actual: Body) -> Iterator[Mutation]:
    kind = (desired["apiVersion"], desired["kind"])
    if kind == ("v1", "Service"):
        port = {"name": "drift", "port": 9999, "protocol": "TCP"}
        key = Key((("port", 9999), ("protocol", "TCP")))
        yield from _item("Service port", _Spot.at(actual, "spec", "ports"), port, key)
    if kind == ("networking.k8s.io/v1", "NetworkPolicy") and desired["spec"].get("ingress"):
        yield from _item("network rule", _Spot.at(actual, "spec", "ingress"), {})


def _custom(desired: Body, actual: Body) -> Iterator[Mutation]:
    """Fields that a custom resource may have, where its definition takes any."""
    group = desired["apiVersion"].rpartition("/")[0]
    if "." in group and not group.endswith("k8s.io") and isinstance(actual.get("spec"), dict):
        yield _add("custom field", ("spec", "drift"), "x", ("spec", "drift"))
        nested = {"a": [1, {"b": "c"}]}
        yield _add("custom field", ("spec", "drift"), nested, ("spec", "drift"))


_ADDERS: tuple[Adder, ...] = (_metadata, _pods, _data, _rights, _network, _custom)
