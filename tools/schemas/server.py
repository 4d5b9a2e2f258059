"""An API server, reached through ``kubectl proxy``, which takes care of credentials.

This module refuses to keep anything on the server: everything created is a dry run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen


class RefusedError(Exception):
    """The API server would not take an object; the text says why."""


class Server:
    """What the generator asks of an API server."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    def version(self) -> str:
        """The server's version, ``v1.36.3``."""
        return str(self._get("/version")["gitVersion"])

    def documents(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Every OpenAPI document that describes kinds, with its group and version."""
        for path, entry in self._get("/openapi/v3")["paths"].items():
            parts = path.split("/")
            if path.startswith(("api/", "apis/")) and len(parts) == (2 if parts[0] == "api" else 3):
                yield "/".join(parts[1:]), self._get(entry["serverRelativeURL"])

    def created(self, body: Mapping[str, Any]) -> Any:
        """What an object would become if it were created.

        Raises:
            RefusedError: the server would not take it.

        """
        resource, is_namespaced = self._resources[(body["apiVersion"], body["kind"])]
        root = "/api" if "/" not in body["apiVersion"] else "/apis"
        place = (
            f"/namespaces/{body['metadata'].get('namespace', 'default')}" if is_namespaced else ""
        )
        url = f"{self._url}{root}/{body['apiVersion']}{place}/{resource}"
        return self._send(Request(f"{url}?dryRun=All&fieldManager=learning", _encoded(body)))  # noqa: S310

    @cached_property
    def _resources(self) -> dict[tuple[str, str], tuple[str, bool]]:
        versions = ["v1"]
        for group in self._get("/apis")["groups"]:
            versions += [version["groupVersion"] for version in group["versions"]]
        found = {}
        for version in versions:
            root = "/api" if "/" not in version else "/apis"
            for resource in self._get(f"{root}/{version}")["resources"]:
                if "/" not in resource["name"]:
                    found[(version, resource["kind"])] = (resource["name"], resource["namespaced"])
        return found

    def _get(self, path: str) -> Any:
        return self._send(Request(self._url + path))  # noqa: S310 - an address that was typed

    def _send(self, request: Request) -> Any:
        request.add_header("Content-Type", "application/json")
        try:
            with urlopen(request, timeout=30) as response:  # noqa: S310 - as above
                return json.load(response)
        except HTTPError as error:
            raise RefusedError(json.load(error).get("message", error.reason)) from error


def _encoded(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body).encode()
