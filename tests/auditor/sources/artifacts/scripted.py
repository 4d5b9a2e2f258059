"""HTTP servers that answer as a test tells them, on ports of their own, and remember what they were sent."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.test_utils import TestServer

Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Scripted:
    """A server that answers as told, and remembers what it was sent."""

    answering: Answering
    host: str = ""
    seen: list[tuple[str, str]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.seen.append((request.path_qs, request.headers.get("Authorization", "")))
        return await self.answering(request)


@asynccontextmanager
async def serving(
    answering: Answering, encryption: ssl.SSLContext | None = None
) -> AsyncIterator[Scripted]:
    """Serve on a port of its own, which makes it a server of its own."""
    scripted = Scripted(answering)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", scripted.answer)
    server = TestServer(app)
    await server.start_server(ssl=encryption)
    try:
        scripted.host = f"127.0.0.1:{server.port}"
        yield scripted
    finally:
        await server.close()
