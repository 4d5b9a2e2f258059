"""Many real Deployments, on a real API server and in a Git repository that declares them."""

from __future__ import annotations

import asyncio
import json
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp

from tests.stack.control_plane import ControlPlane

NAMESPACE = "fleet"
PATH = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments"
_AT_ONCE = 24
_PER_FILE = 500


def deployment(number: int) -> dict[str, Any]:
    """A Deployment of about 3.5 kB once the API server has it."""
    name = f"app-{number:06d}"
    labels = {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "fleet", "tier": "web"}
    container = {
        "name": "app",
        "image": f"registry.example.com/fleet/{name}:1.4.2",
        "args": ["--listen=:8080", "--log-level=info"],
        "env": [{"name": f"SETTING_{key}", "value": f"value-{key}"} for key in range(8)],
        "ports": [
            {"containerPort": 8080, "name": "http"},
            {"containerPort": 9090, "name": "metrics"},
        ],
        "resources": {
            "requests": {"cpu": "100m", "memory": "128Mi"},
            "limits": {"cpu": "500m", "memory": "256Mi"},
        },
        "livenessProbe": {"httpGet": {"path": "/healthz", "port": "http"}, "periodSeconds": 10},
        "readinessProbe": {"httpGet": {"path": "/readyz", "port": "http"}, "periodSeconds": 5},
        "volumeMounts": [{"name": "config", "mountPath": "/etc/app"}],
    }
    pod = {
        "serviceAccountName": "default",
        "containers": [container],
        "volumes": [{"name": "config", "configMap": {"name": name}}],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": labels},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app.kubernetes.io/name": name}},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def declare(folder: Path, count: int) -> None:
    """Make a Git repository that declares so many of them."""
    folder.mkdir(parents=True)
    for start in range(0, count, _PER_FILE):
        items = [deployment(number) for number in range(start, min(start + _PER_FILE, count))]
        whole = {"apiVersion": "v1", "kind": "List", "items": items}
        (folder / f"fleet-{start:06d}.json").write_text(json.dumps(whole, indent=1))
    identity = ("-c", "user.name=bench", "-c", "user.email=bench@example.com")
    for arguments in (
        ("init", "--quiet"),
        ("add", "."),
        (*identity, "commit", "--quiet", "-m", "Declare the fleet"),
    ):
        subprocess.run(("git", *arguments), cwd=folder, check=True)


async def populate(cluster: ControlPlane, first: int, last: int) -> None:
    """Create Deployments ``first`` to ``last`` (exclusive), several at a time."""
    numbers = iter(range(first, last))
    async with session_of(cluster) as session, asyncio.TaskGroup() as group:
        for _ in range(_AT_ONCE):
            group.create_task(_create(session, numbers))


async def _create(session: aiohttp.ClientSession, numbers: Iterator[int]) -> None:
    for number in numbers:
        async with session.post(PATH, json=deployment(number)) as answer:
            answer.raise_for_status()


def session_of(cluster: ControlPlane) -> aiohttp.ClientSession:
    """An HTTP session as the cluster's administrator."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return aiohttp.ClientSession(
        cluster.url,
        headers={"Authorization": f"Bearer {cluster.token}"},
        connector=aiohttp.TCPConnector(ssl=context, limit=0),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=30),
        read_bufsize=2**21,
    )
