"""Chart repositories on loopback: one as HTTP repositories are, and one as OCI registries are.

Charts are packed here as helm packs them. ``requests`` counts what was asked for. It refuses to be more
than helm needs to pull: https://helm.sh/docs/topics/chart_repository/ and
https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pull.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import yaml
from aiohttp import web

TEMPLATE = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-settings\n"
    'data:\n  mode: "{{ .Values.mode }}"\n'
)


def pack(name: str, version: str, *, mode: str = "calm", **more: str) -> bytes:
    """Pack a chart with one template; ``more`` are further files, by name."""
    files = {
        "Chart.yaml": yaml.safe_dump({"apiVersion": "v2", "name": name, "version": version}),
        "values.yaml": yaml.safe_dump({"mode": mode}),
        "templates/settings.yaml": TEMPLATE,
        **more,
    }
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for path, text in files.items():
            entry = tarfile.TarInfo(f"{name}/{path}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return packed.getvalue()


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@dataclass
class ChartServer:
    """Archives by ``name-version``, served in both ways."""

    archives: dict[str, bytes] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    address: str = ""

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    @property
    def oci(self) -> str:
        return f"oci://{self.address}"

    def publish(self, name: str, version: str, *, mode: str = "calm", **more: str) -> bytes:
        self.archives[f"{name}-{version}"] = pack(name, version, mode=mode, **more)
        return self.archives[f"{name}-{version}"]

    async def index(self, request: web.Request) -> web.Response:
        self.requests.append(request.path)
        entries: dict[str, list[Mapping[str, object]]] = {}
        for key in self.archives:
            name, _, version = key.rpartition("-")
            entry = {"name": name, "version": version, "apiVersion": "v2", "urls": [f"{key}.tgz"]}
            entries.setdefault(name, []).append(entry)
        return web.Response(text=yaml.safe_dump({"apiVersion": "v1", "entries": entries}))

    async def archive(self, request: web.Request) -> web.Response:
        self.requests.append(request.path)
        return web.Response(body=self.archives[request.match_info["key"]])

    async def tags(self, request: web.Request) -> web.Response:
        self.requests.append(request.path)
        name = request.match_info["name"]
        versions = (key.rpartition("-") for key in self.archives)
        tags = [version for found, _, version in versions if found == name]
        return web.json_response({"name": name, "tags": tags})

    async def manifest(self, request: web.Request) -> web.Response:
        self.requests.append(request.path)
        archive = self.archives.get(f"{request.match_info['name']}-{request.match_info['tag']}")
        if archive is None and not request.match_info["tag"].startswith("sha256:"):
            return web.json_response({"errors": [{"code": "MANIFEST_UNKNOWN"}]}, status=404)
        archive = archive or next(iter(self.archives.values()))
        body = json.dumps(_oci_manifest(archive)).encode()
        kind = "application/vnd.oci.image.manifest.v1+json"
        headers = {"Content-Type": kind, "Docker-Content-Digest": digest(body)}
        return web.Response(body=body, headers=headers)

    async def blob(self, request: web.Request) -> web.Response:
        self.requests.append(request.path)
        blobs = {digest(each): each for each in (_CONFIG, *self.archives.values())}
        return web.Response(body=blobs[request.match_info["digest"]])


_CONFIG = b"{}"


def _oci_manifest(archive: bytes) -> dict[str, object]:
    kind = "application/vnd.cncf.helm"
    return {
        "schemaVersion": 2,
        "config": {
            "mediaType": f"{kind}.config.v1+json",
            "digest": digest(_CONFIG),
            "size": len(_CONFIG),
        },
        "layers": [
            {
                "mediaType": f"{kind}.chart.content.v1.tar+gzip",
                "digest": digest(archive),
                "size": len(archive),
            }
        ],
    }


@asynccontextmanager
async def serve_charts() -> AsyncIterator[ChartServer]:
    """Serve charts on a free port of loopback."""
    server = ChartServer()
    application = web.Application()
    application.add_routes(
        [
            web.get("/index.yaml", server.index),
            web.get("/v2/{name}/tags/list", server.tags),
            web.get("/v2/{name}/manifests/{tag}", server.manifest),
            web.get("/v2/{name}/blobs/{digest}", server.blob),
            web.get("/{key}.tgz", server.archive),
        ]
    )
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        server.address = f"{host}:{port}"
        yield server
    finally:
        await runner.cleanup()
