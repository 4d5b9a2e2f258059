"""The HTTP transport, against a real HTTP server: what goes out, and what failures become."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from auditor.errors import ConfigError, SourceRefused, SourceUnavailable, WatchExpired
from auditor.ports import ApiTransport, DryRunning
from auditor.sources.kubernetes.access import Address
from auditor.sources.kubernetes.client import USER_AGENT, ApiServer
from tests.auditor.sources.kubernetes.test_access import kubeconfig, plugin
from tests.doubles import FakeClock

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def api(folder: Path, handler: Handler, **user: Any) -> AsyncIterator[ApiTransport]:
    """A client of a server that answers everything with one handler."""
    application = web.Application()
    application.router.add_get("/{path:.*}", handler)
    application.router.add_patch("/{path:.*}", handler)
    async with TestServer(application) as server:
        cluster = {"name": "c", "cluster": {"server": str(server.make_url("/"))}}
        path = kubeconfig(folder / "config", user=user or None, clusters=[cluster])
        async with ApiServer(Address(cluster="prod", kubeconfig=path), FakeClock()) as client:
            yield client


def answering(status: int, body: str = "{}", **headers: str) -> Handler:
    """A handler that always answers the same."""

    async def handle(_: web.Request) -> web.Response:
        return web.Response(status=status, text=body, headers=headers)

    return handle


async def get(client: ApiTransport, path: str = "/api/v1/pods") -> bytes:
    return await client.get(path, {"limit": "5"}, accept="application/json")


async def drain(client: ApiTransport) -> None:
    """Read a stream to its end."""
    async with client.stream("/x", {}, accept="application/json") as stream:
        async for _ in stream:
            pass


async def test_request_says_who_asks(tmp_path: Path) -> None:
    """Path, query, token, what is accepted and the User-Agent arrive as given."""
    seen: list[web.Request] = []

    async def handle(request: web.Request) -> web.Response:
        seen.append(request)
        return web.Response(body=b"whole answer")

    async with api(tmp_path, handle) as client:
        answer = await get(client)

    assert answer == b"whole answer"
    assert str(seen[0].rel_url) == "/api/v1/pods?limit=5"
    assert seen[0].headers["Authorization"] == "Bearer s3cret"
    assert seen[0].headers["Accept"] == "application/json"
    assert seen[0].headers["User-Agent"] == USER_AGENT


async def test_dry_run_changes_nothing(tmp_path: Path) -> None:
    """It is a forced server-side apply that is not kept, and the object goes out as it is."""
    seen: list[tuple[web.Request, bytes]] = []

    async def handle(request: web.Request) -> web.Response:
        seen.append((request, await request.read()))
        return web.Response(body=b"what it would be")

    async with api(tmp_path, handle) as client:
        assert isinstance(client, DryRunning)
        answer = await client.dry_run("/api/v1/namespaces/shop/configmaps/c", b'{"a":"\\u00e9"}')

    ((request, body),) = seen
    assert (answer, body) == (b"what it would be", b'{"a":"\\u00e9"}')
    assert request.method == "PATCH"
    assert dict(request.query) == {
        "dryRun": "All",
        "fieldManager": "drift-auditor",
        "force": "true",
    }
    assert request.headers["Content-Type"].startswith("application/apply-patch+yaml")


async def test_refused_dry_run_does_not_repeat_the_object(tmp_path: Path) -> None:
    """The server may quote values in what it says; the status is enough."""
    said = '{"kind":"Status","reason":"Invalid","message":"Invalid value: hunter2"}'

    async with api(tmp_path, answering(422, said)) as client:
        assert isinstance(client, DryRunning)
        with pytest.raises(SourceRefused) as caught:
            await client.dry_run("/x", b"{}")

    assert caught.value.status == 422
    assert "hunter2" not in str(caught.value)


async def test_stream_is_read_as_it_comes(tmp_path: Path) -> None:
    """Pieces arrive before the answer ends."""
    heard = asyncio.Event()

    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"first\n")
        await heard.wait()
        await response.write(b"second\n")
        return response

    async with api(tmp_path, handle) as client:
        pieces = []
        async with client.stream("/x", {}, accept="application/json") as stream:
            async for piece in stream:
                pieces.append(piece)
                heard.set()

    assert pieces == [b"first\n", b"second\n"]


async def test_refusal_is_an_error_of_the_tree(tmp_path: Path) -> None:
    """A status is kept, and what the server asks for."""
    body = '{"message": "not you"}'
    async with api(tmp_path, answering(403, body, **{"Retry-After": "3"})) as client:
        with pytest.raises(SourceRefused, match="not you") as refused:
            await get(client)

    assert refused.value.status == 403
    assert refused.value.retry_after == 3


async def test_stream_that_is_refused(tmp_path: Path) -> None:
    """A stream is refused like anything else, before a piece is read."""
    async with api(tmp_path, answering(410)) as client:
        with pytest.raises(WatchExpired):
            async with client.stream("/x", {}, accept="application/json"):
                pytest.fail("the stream was opened")


async def test_server_that_is_not_there(tmp_path: Path) -> None:
    """A closed port is named with its address."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        server = f"http://127.0.0.1:{taken.getsockname()[1]}"
        path = kubeconfig(
            tmp_path / "config", clusters=[{"name": "c", "cluster": {"server": server}}]
        )
        async with ApiServer(Address(cluster="prod", kubeconfig=path), FakeClock()) as client:
            with pytest.raises(SourceUnavailable, match=server):
                await get(client)


async def test_connection_that_breaks_in_the_middle(tmp_path: Path) -> None:
    """A stream that is cut off is an error, and not an end."""

    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"first\n")
        assert request.transport is not None
        request.transport.abort()
        return response

    async with api(tmp_path, handle) as client:
        with pytest.raises(SourceUnavailable):
            await drain(client)


async def test_refused_credentials_are_renewed_once(tmp_path: Path) -> None:
    """401: the plugin runs again, and the same request goes out with what it gives."""
    login = tmp_path / "login"

    async def handle(request: web.Request) -> web.Response:
        if request.headers["Authorization"] != "Bearer new":
            plugin(login, "new")
            return web.Response(status=401, text="{}")
        return web.Response(text="welcome")

    async with api(tmp_path, handle, **plugin(login, "old")) as client:
        assert await get(client) == b"welcome"


async def test_credentials_that_stay_refused(tmp_path: Path) -> None:
    """Where nothing new can be had, the refusal stands, and says what to do."""
    async with api(tmp_path, answering(401)) as client:
        with pytest.raises(SourceRefused, match="renew them") as refused:
            await get(client)

    assert refused.value.status == 401


async def test_many_streams_at_once(tmp_path: Path) -> None:
    """More kinds than a connection pool usually allows are watched at once."""
    opened = 0

    async def handle(request: web.Request) -> web.StreamResponse:
        nonlocal opened
        response = web.StreamResponse()
        await response.prepare(request)
        opened += 1
        await asyncio.get_running_loop().create_future()
        return response

    async with api(tmp_path, handle) as client, asyncio.TaskGroup() as group:
        tasks = [group.create_task(drain(client)) for _ in range(150)]
        async with asyncio.timeout(10):
            while opened < 150:  # noqa: ASYNC110 - the server counts
                await asyncio.sleep(0)
        for task in tasks:
            task.cancel()

    assert opened == 150


async def test_certificate_that_is_none(tmp_path: Path) -> None:
    """A file that is no certificate is a wrong configuration."""
    (tmp_path / "ca.crt").write_text("no certificate")
    cluster = {"server": "https://x", "certificate-authority": str(tmp_path / "ca.crt")}
    path = kubeconfig(tmp_path / "config", clusters=[{"name": "c", "cluster": cluster}])

    with pytest.raises(ConfigError, match="certificate"):
        async with ApiServer(Address(cluster="prod", kubeconfig=path), FakeClock()):
            pytest.fail("it was opened")
