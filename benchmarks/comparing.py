"""What it costs to compare one object: ours, DeepDiff, the API server's dry run, ``kubectl diff``.

All four see the same pairs: real objects out of public repositories as a real API server keeps them, large
CustomResourceDefinitions among them. The yardstick is decoding the same live objects with orjson, whose
cost on a machine says how fast that machine is.
"""

from __future__ import annotations

import asyncio
import copy
import json
import logging
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import orjson
import structlog
import yaml
from deepdiff import DeepDiff

from auditor.app.scan import Audit, once, silently
from auditor.config.document import Configuration
from auditor.domain.identity import ObjectRef
from auditor.domain.judge import Comparison
from auditor.domain.pair import Pair
from benchmarks.fleet import session_of
from tests.stack import build
from tests.stack.control_plane import ControlPlane
from tests.stack.workspace import Workspace

T = TypeVar("T")
ARGO_CD_US = 5100
"""Microseconds that Argo CD's diff library took for one of 180 such objects, on two such cores."""
_REPEATS = 30
_SHARED = Path(__file__).resolve().parents[2] / "shared" / "corpora"
_SOURCES = (
    "GoogleCloudPlatform+microservices-demo/release/kubernetes-manifests.yaml",
    "argoproj+argo-cd/manifests/install.yaml",
    "cert-manager+cert-manager/deploy/crds",
)


def measure() -> dict[str, Any]:
    """Microseconds an object, medians over all objects; milliseconds for what asks a server."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with Workspace.temporary() as workspace, tempfile.TemporaryDirectory() as folder:
        cluster = ControlPlane.launch(workspace)
        cluster.stop_controllers()
        place = Path(folder, "platform")
        _declare(place)
        cluster.kubectl("apply", "--server-side", "-f", str(place))
        return asyncio.run(_measure(cluster, place))


async def _measure(cluster: ControlPlane, place: Path) -> dict[str, Any]:
    async with once(_configuration(cluster, place)) as audit:
        await audit.look(silently)
        pairs = _pairs(audit)
        result = _locally(pairs, audit.graph.judging.compare)
        result["server_dry_run_ms"] = await _dry_run(cluster, pairs)
    result["kubectl_diff_ms"] = _kubectl_diff(cluster, place, len(pairs))
    return result


def _locally(pairs: Sequence[Pair], compare: Comparison) -> dict[str, Any]:
    large = [p for p in pairs if p.ref.kind == "CustomResourceDefinition"]
    drifted = [_drifted(pair) for pair in pairs]

    def compared(pair: Pair) -> object:
        return list(compare(pair))

    clean_us = _median([_time(compared, p) for p in pairs])
    drifted_us = _median([_time(compared, p) for p in drifted])
    mean_us = statistics.fmean([_time(compared, p) for p in pairs])
    encoded = [orjson.dumps(pair.actual.body) for pair in pairs if pair.actual]
    yardstick = _median([_time(orjson.loads, raw) for raw in encoded])
    few = pairs[:: max(1, len(pairs) // 25)]
    deep = _median([_time(_deepdiff, p, repeats=1) for p in few])
    return {
        "objects": len(pairs),
        "clean_us": clean_us,
        "clean_mean_us": round(mean_us, 1),
        "drifted_us": drifted_us,
        "large_crd_us": _median([_time(compared, p) for p in large]),
        "orjson_decode_us": yardstick,
        "clean_in_orjson_decodes": round(clean_us / yardstick, 2),
        "deepdiff_us": deep,
        "times_cheaper_than_deepdiff": round(deep / clean_us),
        "times_cheaper_than_argo_cd": round(ARGO_CD_US / mean_us),
    }


def _time(work: Callable[[T], object], of: T, *, repeats: int = _REPEATS) -> float:
    """The fastest of several runs, in microseconds: what the work costs when nothing disturbs it."""
    best = float("inf")
    for _ in range(repeats):
        started = time.perf_counter()
        work(of)
        best = min(best, time.perf_counter() - started)
    return best * 1e6


def _median(values: Sequence[float]) -> float:
    return round(statistics.median(values), 1) if values else 0.0


def _deepdiff(pair: Pair) -> object:
    assert pair.desired
    assert pair.actual
    return DeepDiff(pair.desired.body, pair.actual.body, ignore_order=True)


def _pairs(audit: Audit) -> list[Pair]:
    pairs = [audit.graph.judging.pair_of(ref) for ref in audit.graph.desired.refs("bench")]
    return [pair for pair in pairs if pair.desired and pair.actual and pair.doubt is None]


def _drifted(pair: Pair) -> Pair:
    """The same pair after somebody labelled the object."""
    assert pair.actual
    body = copy.deepcopy(dict(pair.actual.body))
    body["metadata"].setdefault("labels", {})["drifted"] = "yes"
    entry = {
        "manager": "kubectl-label",
        "operation": "Update",
        "apiVersion": body["apiVersion"],
        "time": "2026-01-02T03:04:05Z",
        "fieldsType": "FieldsV1",
        "fieldsV1": {"f:metadata": {"f:labels": {"f:drifted": {}}}},
    }
    body["metadata"]["managedFields"] = [*body["metadata"].get("managedFields", ()), entry]
    return replace(pair, actual=replace(pair.actual, body=body))


async def _dry_run(cluster: ControlPlane, pairs: Sequence[Pair]) -> float:
    times = []
    params = {"dryRun": "All", "fieldManager": "kubectl", "force": "true"}
    headers = {"Content-Type": "application/apply-patch+yaml"}
    async with session_of(cluster) as session:
        for pair in pairs:
            if not pair.desired or not pair.desired.body:
                continue
            started = time.perf_counter()
            address = _address(pair.ref, pair.desired.version)
            data = json.dumps(pair.desired.body)
            async with session.patch(address, params=params, data=data, headers=headers) as answer:
                await answer.read()
            times.append(time.perf_counter() - started)
    return round(statistics.median(times) * 1e3, 1)


def _address(ref: ObjectRef, version: str) -> str:
    plural = ref.kind.lower() + ("ies" if ref.kind.endswith("cy") else "s")
    plural = plural.replace("cyies", "cies")
    root = f"/apis/{ref.group}/{version}" if ref.group else f"/api/{version}"
    within = f"/namespaces/{ref.namespace}" if ref.namespace else ""
    return f"{root}{within}/{plural}/{ref.name}"


def _kubectl_diff(cluster: ControlPlane, place: Path, count: int) -> float:
    command = (build.program("kubectl"), "--kubeconfig", cluster.kubeconfig, "diff")
    started = time.perf_counter()
    subprocess.run((*command, "--server-side", "-f", place), capture_output=True, check=False)
    return round((time.perf_counter() - started) / count * 1e3, 1)


def _declare(place: Path) -> None:
    """Put the manifests into one folder, what is namespaced into one namespace."""
    place.mkdir()
    bodies: list[dict[str, Any]] = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "bench"}}
    ]
    for source in _SOURCES:
        files = [_SHARED / source]
        if files[0].is_dir():
            files = sorted(files[0].glob("*.yaml"))
        for file in files:
            bodies += [body for body in yaml.safe_load_all(file.read_text()) if body]
    for body in bodies:
        if body["kind"] not in {"CustomResourceDefinition", "ClusterRole", "ClusterRoleBinding"}:
            body["metadata"].setdefault("namespace", "bench")
    del bodies[0]["metadata"]["namespace"]
    (place / "all.yaml").write_text(yaml.safe_dump_all(bodies, sort_keys=False))


def _configuration(cluster: ControlPlane, place: Path) -> Configuration:
    for arguments in (
        ("init", "--quiet"),
        ("add", "."),
        ("-c", "user.name=b", "-c", "user.email=b@example.com", "commit", "-qm", "Declare"),
    ):
        subprocess.run(("git", *arguments), cwd=place, check=True)
    kubeconfig = str(cluster.kubeconfig)
    return Configuration.model_validate(
        {
            "apiVersion": "auditor/v1",
            "clusters": [{"name": "bench", "kubeconfig": kubeconfig, "secrets": True}],
            "repositories": [{"name": "bench", "url": str(place)}],
            "desired": [{"repository": "bench", "cluster": "bench"}],
        }
    )
