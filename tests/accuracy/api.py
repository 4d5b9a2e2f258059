"""An API server, for asking and for changing things under another writer's name.

Changes are dry runs unless told otherwise: the API server admits, merges and attributes them as if they
were meant, and keeps nothing. This module refuses to retry.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from http.client import HTTPConnection, HTTPSConnection
from typing import Any, Self
from urllib.parse import quote, urlsplit

from auditor.domain.identity import GroupVersionKind

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
Body = dict[str, Any]


class RefusedError(Exception):
    """The API server said no; ``code`` is its HTTP status."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Resource:
    """Where a kind is served."""

    root: str
    plural: str
    is_namespaced: bool
    has_status: bool

    def path(self, namespace: str, name: str = "") -> str:
        """The path of an object, or of all of a namespace."""
        scope = f"/namespaces/{namespace}" if self.is_namespaced else ""
        return f"{self.root}{scope}/{self.plural}" + (f"/{quote(name, safe='')}" if name else "")


class Api:
    """One API server."""

    def __init__(self, url: str, token: str) -> None:
        self._address = urlsplit(url)
        self._token = token

    def __enter__(self) -> Self:
        """Connect at the first question."""
        return self

    def __exit__(self, *_: object) -> None:
        """Hang up."""
        self._connection.close()

    def get(self, path: str) -> Any:
        """Read one path."""
        return self._send("GET", path)

    def patch(self, path: str, patch: Any, *, writer: str, kind: str, dry: bool = True) -> Any:
        """Change an object under the name of a field manager; returns what it is then."""
        options = f"fieldManager={quote(writer)}" + ("&dryRun=All" if dry else "")
        forced = "&force=true" if kind == APPLY_PATCH else ""
        return self._send("PATCH", f"{path}?{options}{forced}", json.dumps(patch), kind)

    def place(self, body: Mapping[str, Any]) -> str:
        """The path of an object."""
        metadata = body["metadata"]
        resource = self.resource(GroupVersionKind.parse(body["apiVersion"], body["kind"]))
        return resource.path(metadata.get("namespace") or "default", metadata["name"])

    def resource(self, gvk: GroupVersionKind) -> Resource:
        """Where a kind is served.

        Raises:
            KeyError: the server does not serve the kind.

        """
        return self.resources[gvk]

    @cached_property
    def resources(self) -> dict[GroupVersionKind, Resource]:
        """Every kind that is served, when first asked for."""
        found: dict[GroupVersionKind, Resource] = {}
        for version in self._versions():
            root = f"/apis/{version}" if "/" in version else f"/api/{version}"
            listed = self.get(root)["resources"]
            names = {entry["name"] for entry in listed}
            for entry in listed:
                if "/" not in entry["name"]:
                    found[GroupVersionKind.parse(version, entry["kind"])] = Resource(
                        root, entry["name"], entry["namespaced"], f"{entry['name']}/status" in names
                    )
        return found

    def _versions(self) -> Iterator[str]:
        yield "v1"
        for group in self.get("/apis")["groups"]:
            yield from (version["groupVersion"] for version in group["versions"])

    def documents(self) -> Iterator[tuple[str, str, Any]]:
        """Every OpenAPI document: group and version, hash, document."""
        for path, entry in self.get("/openapi/v3")["paths"].items():
            parts = path.split("/")
            if len(parts) == {"api": 2, "apis": 3}.get(parts[0]):
                url = entry["serverRelativeURL"]
                yield "/".join(parts[1:]), url.rpartition("=")[2], self.get(url)

    @cached_property
    def _connection(self) -> HTTPConnection:
        context = ssl._create_unverified_context()  # noqa: S323 - a server of this machine
        host, port = self._address.hostname or "", self._address.port
        return HTTPSConnection(host, port, timeout=60, context=context)

    def _send(self, verb: str, path: str, body: str | None = None, kind: str = "") -> Any:
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json"}
        if kind:
            headers["Content-Type"] = kind
        self._connection.request(verb, path, body, headers)
        with self._connection.getresponse() as response:
            answer = json.loads(response.read())
        if response.status >= 300:
            raise RefusedError(response.status, str(answer.get("message", "")))
        return answer
