"""Artifacts of files for tests: every push in one line, at a time of the test's choosing.

Pushed as ``flux push artifact`` does, over the registry's own API:
https://github.com/opencontainers/distribution-spec/blob/main/spec.md#push
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import http.client
import io
import json
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from tests.doubles import START
from tests.git_repositories import File, as_bytes
from tests.stack.registry import PASSWORD, USER, Registry

FLUX = "application/vnd.cncf.flux.content.v1.tar+gzip"
PLAIN = "application/vnd.oci.image.layer.v1.tar+gzip"
CHART = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
_CONFIG = "application/vnd.cncf.flux.config.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def member(path: str, *, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    """A member of an archive, without content."""
    made = tarfile.TarInfo(path)
    made.type, made.linkname = kind, target
    return made


def archive(
    files: Mapping[str, File], others: Iterable[tarfile.TarInfo] = (), *, packed: bool = True
) -> bytes:
    """Put files, and whatever else, into an archive."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as opened:
        for path, file in files.items():
            made = member(path)
            made.size = len(as_bytes(file))
            opened.addfile(made, io.BytesIO(as_bytes(file)))
        for other in others:
            opened.addfile(other)
    return gzip.compress(content.getvalue(), mtime=0) if packed else content.getvalue()


@dataclass
class Pushing:
    """One path of a registry, that a test pushes to."""

    registry: Registry
    path: str

    @property
    def url(self) -> str:
        return f"oci://{self.registry.host}/{self.path}"

    def push(
        self,
        layers: Iterable[tuple[str, bytes]],
        *,
        tag: str,
        notes: Mapping[str, str] | None = None,
        config: tuple[str, bytes] = (_CONFIG, b"{}"),
    ) -> str:
        """Push an artifact of layers under a tag; return its digest."""
        listed = [self._described(kind, self._blob(content)) for kind, content in layers]
        manifest: dict[str, Any] = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self._described(config[0], self._blob(config[1])),
            "layers": listed,
            "annotations": dict(notes or {}),
        }
        return self.put_manifest(json.dumps(manifest).encode(), tag=tag)

    def put_manifest(self, manifest: bytes, *, tag: str, kind: str = MANIFEST) -> str:
        """Push a manifest as it is."""
        self._ask("PUT", f"/v2/{self.path}/manifests/{tag}", manifest, {"Content-Type": kind})
        return _digest(manifest)

    def point(self, tag: str, digest: str) -> None:
        """Move a tag to an artifact that is there."""
        accept = {"Accept": MANIFEST}
        manifest = self._ask("GET", f"/v2/{self.path}/manifests/{digest}", headers=accept)
        self.put_manifest(manifest, tag=tag)

    def remove(self, tag: str) -> None:
        """Remove a tag, and nothing else."""
        self._ask("DELETE", f"/v2/{self.path}/manifests/{tag}")

    def _blob(self, content: bytes) -> bytes:
        digest = _digest(content)
        place = f"/v2/{self.path}/blobs/uploads/"
        self._ask(
            "POST",
            f"{place}?digest={digest}",
            content,
            {"Content-Type": "application/octet-stream"},
        )
        return content

    @staticmethod
    def _described(kind: str, content: bytes) -> dict[str, Any]:
        return {"mediaType": kind, "digest": _digest(content), "size": len(content)}

    def _ask(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> bytes:
        login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        asked = {"Authorization": f"Basic {login}"} if self.registry.is_private else {}
        connection = http.client.HTTPConnection(self.registry.host)
        try:
            connection.request(method, path, body, asked | dict(headers or {}))
            answer = connection.getresponse()
            content = answer.read()
            if answer.status == 202 and method == "POST":
                self._finish(connection, answer, path.partition("digest=")[2], body)
            assert answer.status < 300, (answer.status, content)
            return content
        finally:
            connection.close()

    def _finish(
        self, connection: http.client.HTTPConnection, answer: Any, digest: str, body: bytes
    ) -> None:
        """Send the content where the registry wants it: it takes none with the first request."""
        place = answer.headers["Location"].partition(self.registry.host)[2]
        login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        asked = {"Authorization": f"Basic {login}"} if self.registry.is_private else {}
        joint = "&" if "?" in place else "?"
        asked["Content-Type"] = "application/octet-stream"
        connection.request("PUT", f"{place}{joint}digest={digest}", body, asked)
        finished = connection.getresponse()
        finished.read()
        assert finished.status == 201, finished.status


@dataclass
class ScriptedArtifact:
    """An artifact that a test commits to, as to a repository: each time, all files are pushed anew."""

    pushing: Pushing
    tag: str = "main"
    kind: str = FLUX
    files: dict[str, bytes] = field(default_factory=dict)
    digests: list[str] = field(default_factory=list)

    def commit(self, files: Mapping[str, File]) -> str:
        """Push changed files; every artifact is made a minute after the one before."""
        for path, content in files.items():
            self.files.pop(path, None)
            if content is not None:
                self.files[path] = as_bytes(content)
        made = START + timedelta(minutes=len(self.digests))
        notes = {
            "org.opencontainers.image.created": made.isoformat(),
            "org.opencontainers.image.authors": "Ada",
            "org.opencontainers.image.revision": f"main@sha1:{len(self.digests):040}",
        }
        layer = (self.kind, archive(self.files))
        self.digests.append(self.pushing.push([layer], tag=self.tag, notes=notes))
        return self.digests[-1]

    def rewrite(self, files: Mapping[str, File]) -> str:
        """Push other files in place of all."""
        self.files.clear()
        return self.commit(files)


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
