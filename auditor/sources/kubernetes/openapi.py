"""Fetches the schemas of the API versions in use, each once as long as it stays the same.

The index names every document with its hash, so a document is fetched only when it changed, and a cache on
disk survives restarts. It refuses to understand schemas: they are handed on as bytes.
https://kubernetes.io/docs/concepts/overview/kubernetes-api/#openapi-v3
"""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

import msgspec

from auditor.errors import SourceUnavailable
from auditor.ports import ApiTransport
from auditor.sources.kubernetes.link import JSON

Deliver = Callable[[str, str, bytes], None]
"""Takes an API version (``apps/v1``), the hash of its document, and the document."""
_HASH: Final = re.compile(r"[0-9A-Fa-f]{16,128}")


class _Document(msgspec.Struct, rename={"url": "serverRelativeURL"}):
    url: str


class _Index(msgspec.Struct):
    paths: dict[str, _Document] = {}


class Schemas:
    """Keeps whoever compiles schemas supplied with the present ones of one cluster."""

    def __init__(self, transport: ApiTransport, deliver: Deliver, cache: Path | None) -> None:
        self._transport = transport
        self._deliver = deliver
        self._cache = cache
        self._delivered: dict[str, str] = {}

    async def refresh(self, api_versions: Iterable[str]) -> None:
        """Deliver the documents of these API versions that changed since the last time.

        Raises:
            SourceUnavailable: not all could be fetched; all others were delivered.

        """
        index = _index(await self._transport.get("/openapi/v3", {}, accept=JSON))
        failure: SourceUnavailable | None = None
        for api_version in sorted(set(api_versions)):
            document = index.get(_path(api_version))
            try:
                if document is not None:
                    await self._supply(api_version, document.url)
            except SourceUnavailable as error:
                failure = error
        if failure is not None:
            raise failure

    async def _supply(self, api_version: str, url: str) -> None:
        parts = urlsplit(url)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        digest = query.get("hash", "")
        if digest and self._delivered.get(api_version) == digest:
            return
        body = await self._cached(digest)
        if body is None:
            body = await self._transport.get(parts.path, query, accept=JSON)
            await self._keep(digest, body)
        self._deliver(api_version, digest, body)
        self._delivered[api_version] = digest

    async def _cached(self, digest: str) -> bytes | None:
        file = self._file(digest)
        if file is None:
            return None
        try:
            return await asyncio.to_thread(file.read_bytes)
        except OSError:
            return None

    async def _keep(self, digest: str, body: bytes) -> None:
        """Losing the cache costs one request, so a disk that fails is no matter."""
        file = self._file(digest)
        if file is not None:
            try:
                await asyncio.to_thread(_write, file, body)
            except OSError:
                return

    def _file(self, digest: str) -> Path | None:
        """The hash comes from outside, so it is a file name only if it is a hash."""
        if self._cache is None or not _HASH.fullmatch(digest):
            return None
        return self._cache / f"{digest}.json"


def _path(api_version: str) -> str:
    return f"apis/{api_version}" if "/" in api_version else f"api/{api_version}"


def _index(body: bytes) -> dict[str, _Document]:
    try:
        return msgspec.json.decode(body, type=_Index).paths
    except msgspec.DecodeError as error:
        raise SourceUnavailable("the index of schemas cannot be read") from error


def _write(file: Path, body: bytes) -> None:
    """Write under another name first: a half-written file must never be found under its hash."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent)
    with os.fdopen(handle, "wb") as draft:
        draft.write(body)
    Path(name).replace(file)
