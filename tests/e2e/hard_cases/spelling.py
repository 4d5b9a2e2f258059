"""Cases 3, 4 and 5: the same in other words, in another order, under another key; or not the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.builders import obj
from tests.e2e.hard_cases.kinds import widget
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

_POD = "spec.template.spec"
_CONTAINER = f"{_POD}.containers[name=web]"


def _web(**pod: Any) -> Body:
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": pod}
    spec = {"selector": {"matchLabels": labels}, "template": template}
    return obj("apps/v1", "Deployment", "web", "", spec=spec)


def _sized(**spellings: Any) -> Body:
    container = {"name": "web", "image": "web:1", "args": ["1000m"], "resources": spellings}
    return _web(containers=[container])


_SPELLED = _sized(
    limits={"cpu": "1000m", "memory": "1024Mi", "ephemeral-storage": "1000M"},
    requests={"cpu": 0.5, "memory": "1G"},
)
_LIMIT = "/spec/template/spec/containers/0/resources/limits/memory"
_SETTINGS: Body = obj("v1", "ConfigMap", "settings", "", data={"cpu": "1000m"})
_NOTED: Body = _SETTINGS | {"metadata": {"name": "settings", "annotations": {"cpu": "1000m"}}}

CASE_3: Sequence[LookAlike] = (
    LookAlike(name="quantities, server-side", declared=[_SPELLED], deeds=[applied(_SPELLED)]),
    LookAlike(
        name="quantities, client-side", declared=[_SPELLED], deeds=[applied_by_client(_SPELLED)]
    ),
    LookAlike(
        name="powers of ten for powers of two",
        declared=[_SPELLED],
        deeds=[applied(_SPELLED), patched(_SPELLED, replaced(_LIMIT, "1024M"))],
        reported=[("K8S-002", f"{_CONTAINER}.resources.limits.memory", "changed", HAND)],
    ),
    LookAlike(
        name="an argument is text",
        declared=[_SPELLED],
        deeds=[
            applied(_SPELLED),
            patched(_SPELLED, replaced("/spec/template/spec/containers/0/args/0", "1")),
        ],
        reported=[("K8S-002", f"{_CONTAINER}.args[0]", "changed", HAND)],
    ),
    LookAlike(
        name="a ConfigMap's value is text",
        declared=[_SETTINGS],
        deeds=[applied(_SETTINGS), merged(_SETTINGS, {"data": {"cpu": "1"}})],
        reported=[("K8S-002", "data.cpu", "changed", HAND)],
    ),
    LookAlike(
        name="an annotation is text",
        declared=[_NOTED],
        deeds=[applied(_NOTED), merged(_NOTED, {"metadata": {"annotations": {"cpu": "1"}}})],
        reported=[("K8S-002", "metadata.annotations.cpu", "changed", HAND)],
    ),
    LookAlike(
        name="a duration in another spelling",
        declared=[widget(lifetime="8760h")],
        deeds=[
            applied(widget(lifetime="8760h")),
            merged(widget(), {"spec": {"lifetime": "8760h0m0s"}}),
        ],
    ),
    LookAlike(
        name="another duration",
        declared=[widget(lifetime="8760h")],
        deeds=[
            applied(widget(lifetime="8760h")),
            merged(widget(), {"spec": {"lifetime": "8761h"}}),
        ],
        reported=[("K8S-002", "spec.lifetime", "changed", HAND)],
    ),
    LookAlike(
        name="text that reads like a duration",
        declared=[widget(motto="8760h")],
        deeds=[
            applied(widget(motto="8760h")),
            merged(widget(), {"spec": {"motto": "8760h0m0s"}}),
        ],
        reported=[("K8S-002", "spec.motto", "changed", HAND)],
    ),
)

_HOST, _PORT = {"name": "HOST", "value": "h"}, {"name": "PORT", "value": "1"}
_URL = {"name": "URL", "value": "$(HOST):1"}
_ONE, _TWO = {"name": "one", "image": "a:1"}, {"name": "two", "image": "b:1"}
_TMP, _VAR = {"name": "tmp", "mountPath": "/tmp"}, {"name": "var", "mountPath": "/var"}  # noqa: S108 - in a container
_MAIN = {
    "name": "web",
    "image": "web:1",
    "args": ["--a", "--b"],
    "command": ["/run", "fast"],
    "env": [_HOST, _PORT, _URL],
    "ports": [{"containerPort": 80, "name": "http"}, {"containerPort": 81, "name": "admin"}],
    "volumeMounts": [_TMP, _VAR],
}
_LOG = {"name": "log", "image": "log:1"}
_TOLERATED = [{"key": "a", "operator": "Exists"}, {"key": "b", "operator": "Exists"}]
_ORDERED = _web(
    initContainers=[_ONE, _TWO],
    containers=[_MAIN, _LOG],
    tolerations=_TOLERATED,
    volumes=[{"name": "tmp", "emptyDir": {}}, {"name": "var", "emptyDir": {}}],
)
_PODS, _FIRST = "/spec/template/spec", "/spec/template/spec/containers/0"
_CPU = {"type": "Utilization", "averageUtilization": 50}


def _metric(name: str) -> Body:
    return {"type": "Resource", "resource": {"name": name, "target": _CPU}}


_METRICS = [_metric("memory"), _metric("cpu")]
_SCALER: Body = obj(
    "autoscaling/v2",
    "HorizontalPodAutoscaler",
    "web",
    "",
    spec={
        "maxReplicas": 3,
        "metrics": _METRICS,
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "absent"},
    },
)


def _reordered(name: str, path: str, items: Sequence[Any], *differing: str) -> LookAlike:
    """One list in another order, and the paths that differ by that.

    Nobody is recorded to have put named items into another order; plain lists are written as a whole.
    """
    writer = HAND if len(differing) > 1 else ""
    return LookAlike(
        name=name,
        declared=[_ORDERED],
        deeds=[applied(_ORDERED), patched(_ORDERED, replaced(path, list(items)))],
        reported=[("K8S-002", where, "changed", writer) for where in differing],
    )


_ARGUMENTS = [f"{_CONTAINER}.args[{place}]" for place in (0, 1)]
_COMMAND = [f"{_CONTAINER}.command[{place}]" for place in (0, 1)]

CASE_4: Sequence[LookAlike] = (
    _reordered("containers", f"{_PODS}/containers", [_LOG, _MAIN]),
    _reordered("ports of a container", f"{_FIRST}/ports", _MAIN["ports"][::-1]),
    _reordered("mounts", f"{_FIRST}/volumeMounts", [_VAR, _TMP]),
    _reordered("tolerations", f"{_PODS}/tolerations", _TOLERATED[::-1]),
    _reordered("variables that do not refer", f"{_FIRST}/env", [_PORT, _HOST, _URL]),
    _reordered(
        "a variable used before it is set",
        f"{_FIRST}/env",
        [_URL, _HOST, _PORT],
        f"{_CONTAINER}.env",
    ),
    _reordered(
        "init containers", f"{_PODS}/initContainers", [_TWO, _ONE], f"{_POD}.initContainers"
    ),
    _reordered("arguments", f"{_FIRST}/args", ["--b", "--a"], *_ARGUMENTS),
    _reordered("a command", f"{_FIRST}/command", ["fast", "/run"], *_COMMAND),
    LookAlike(
        name="metrics of an autoscaler",
        declared=[_SCALER],
        deeds=[applied(_SCALER), patched(_SCALER, replaced("/spec/metrics", _METRICS[::-1]))],
    ),
)

_UDP = {"name": "dns", "port": 53, "protocol": "UDP"}
_TCP = {"name": "dns-tcp", "port": 53}
_HTTP = {"name": "http", "port": 80}
_DNS: Body = obj("v1", "Service", "dns", "", spec={"ports": [_UDP, _TCP, _HTTP]})


def _listening(name: str, ports: Sequence[Body], *reported: tuple[str, str]) -> LookAlike:
    """Other ports than declared, and where and how they differ by that."""
    return LookAlike(
        name=name,
        declared=[_DNS],
        deeds=[applied(_DNS), patched(_DNS, replaced("/spec/ports", list(ports)))],
        reported=[("K8S-002", where, op, HAND) for where, op in reported],
    )


CASE_5: Sequence[LookAlike] = (
    LookAlike(name="a protocol left to the server", declared=[_DNS], deeds=[applied(_DNS)]),
    LookAlike(
        name="a protocol left to the server, client-side",
        declared=[_DNS],
        deeds=[applied_by_client(_DNS)],
    ),
    _listening("another order", [_HTTP, _TCP, _UDP]),
    _listening(
        "another name for one of two with one number",
        [_UDP, _TCP | {"name": "tcp"}, _HTTP],
        ("spec.ports[port=53,protocol=TCP].name", "changed"),
    ),
    _listening(
        "another number, which is the key itself",
        [_UDP, _TCP, _HTTP | {"port": 81, "targetPort": 80}],
        ("spec.ports[port=80,protocol=TCP].port", "changed"),
    ),
    _listening(
        "one more in front",
        [{"name": "x", "port": 1}, _UDP, _TCP, _HTTP],
        ("spec.ports[port=1,protocol=TCP]", "added"),
    ),
    LookAlike(
        name="one less, which nobody owns any more",
        declared=[_DNS],
        deeds=[applied(_DNS), patched(_DNS, replaced("/spec/ports", [_UDP, _TCP]))],
        reported=[("K8S-002", "spec.ports[port=80,protocol=TCP]", "removed", "")],
    ),
)
