"""Stand-ins for an API server, and the bytes that one sends."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec

from auditor.errors import SourceRefused, WatchExpired

HANG: Final = None
"""A piece that never comes."""


class ScriptedApi:
    """An `ApiTransport` that answers each path as scripted, in order, and then says nothing more.

    An answer is bytes (whole), a list of pieces (streamed; `HANG` keeps the stream open), or an error. A
    path whose answers are used up hangs, and `idle` lets a test wait until one does.
    """

    def __init__(self) -> None:
        self.asked: list[tuple[str, Mapping[str, str]]] = []
        self._answers: dict[str, list[Any]] = defaultdict(list)
        self._idle = asyncio.Event()

    def script(self, path: str, *answers: bytes | list[Any] | Exception) -> None:
        self._answers[path].extend(answers)
        self._idle.clear()

    async def idle(self) -> None:
        async with asyncio.timeout(10):
            await self._idle.wait()

    async def get(self, path: str, params: Mapping[str, str], *, accept: str) -> bytes:
        answer = await self._next(path, params)
        assert isinstance(answer, bytes), f"{path} was asked for whole, and {answer!r} is scripted"
        return answer

    @asynccontextmanager
    async def stream(
        self, path: str, params: Mapping[str, str], *, accept: str
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        answer = await self._next(path, params)
        assert isinstance(answer, list), f"{path} was streamed, and {answer!r} is scripted"
        yield self._pieces(answer)

    async def _pieces(self, pieces: list[Any]) -> AsyncIterator[bytes]:
        for piece in pieces:
            if piece is HANG:
                await self._hang()
            if isinstance(piece, Exception):
                raise piece
            yield piece

    async def _next(self, path: str, params: Mapping[str, str]) -> Any:
        self.asked.append((path, params))
        if not self._answers[path]:
            await self._hang()
        answer = self._answers[path].pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def _hang(self) -> None:
        self._idle.set()
        await asyncio.get_running_loop().create_future()


def at_version(body: Mapping[str, Any], version: str) -> dict[str, Any]:
    """A body as the API server stored it."""
    return {**body, "metadata": {**body["metadata"], "resourceVersion": version}}


def event(type_: str, body: Mapping[str, Any], version: str) -> bytes:
    """One line of a watch, as an API server writes it."""
    return msgspec.json.encode({"type": type_, "object": at_version(body, version)}) + b"\n"


def bookmark(version: str, *, ends_list: bool = False) -> bytes:
    """A bookmark, and the one that ends a streamed list."""
    annotations = {"annotations": {"k8s.io/initial-events-end": "true"}} if ends_list else {}
    body = {"kind": "Deployment", "apiVersion": "apps/v1", "metadata": annotations}
    return event("BOOKMARK", body, version)


def error_event(code: int, reason: str = "Expired", *, retry_after: int | None = None) -> bytes:
    """An error in the middle of a stream."""
    details = {} if retry_after is None else {"details": {"retryAfterSeconds": retry_after}}
    status = {"kind": "Status", "metadata": {}, "code": code, "reason": reason, "message": "no"}
    return msgspec.json.encode({"type": "ERROR", "object": status | details}) + b"\n"


def page(*bodies: Mapping[str, Any], version: str = "10", token: str = "") -> bytes:
    """A page of a list; as in lists of built-in kinds, objects do not say their kind."""
    items = [{k: v for k, v in body.items() if k not in {"apiVersion", "kind"}} for body in bodies]
    metadata = {"resourceVersion": version} | ({"continue": token} if token else {})
    return msgspec.json.encode({"kind": "DeploymentList", "metadata": metadata, "items": items})


def refused(status: int, *, retry_after: float | None = None) -> SourceRefused:
    """A server's refusal."""
    return SourceRefused(f"refused: {status}", status=status, retry_after=retry_after)


def expired() -> WatchExpired:
    """410 as a status."""
    return WatchExpired("too old resource version")


class Wire:
    """A TCP line to a server on this machine that can be cut, or left open and dead."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._whole = asyncio.Event()
        self._whole.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0
        self.is_refused = False

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Wire]:
        server = await asyncio.start_server(self._carry, "127.0.0.1")
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self
            self.cut()

    def cut(self) -> None:
        """End every connection, and let nobody in until mended."""
        self.is_refused = True
        self._whole.set()
        for writer in self._writers:
            writer.transport.abort()

    def mend(self) -> None:
        self.is_refused = False
        self._whole.set()

    def freeze(self) -> None:
        """Carry nothing more, and tell nobody."""
        self._whole.clear()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_refused:
            writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
        ends = {writer, far_writer}
        self._writers |= ends
        async with asyncio.TaskGroup() as group:
            group.create_task(self._pump(reader, far_writer))
            group.create_task(self._pump(far_reader, writer))
        self._writers -= ends

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while piece := await reader.read(65536):
                await self._whole.wait()
                writer.write(piece)
        writer.close()
