"""The server opens a port, says which, and lets go of it."""

from __future__ import annotations

import aiohttp
import pytest
from prometheus_client import CollectorRegistry

from auditor.errors import ConfigError
from auditor.http.broadcast import Broadcast
from auditor.http.server import HttpServer
from auditor.telemetry.http import HttpEvents


def _server() -> HttpServer:
    events = HttpEvents(CollectorRegistry())
    return HttpServer([], Broadcast(events), events)


async def test_any_free_port_is_told() -> None:
    """Port 0 is answered with the one that was taken."""
    async with _server() as server:
        address = await server.listen("127.0.0.1", 0)
        async with aiohttp.ClientSession() as client, client.get(address) as answer:
            assert answer.status == 200


async def test_every_address_is_told_as_one_that_can_be_opened() -> None:
    """Nobody can open 0.0.0.0 in a browser everywhere."""
    async with _server() as server:
        address = await server.listen("0.0.0.0", 0)  # noqa: S104 - the point of the test

    assert address.startswith("http://127.0.0.1:")


async def test_a_taken_port_is_named_with_its_remedy() -> None:
    """The message names the field of the configuration."""
    async with _server() as first, _server() as second:
        port = int((await first.listen("127.0.0.1", 0)).rpartition(":")[2])

        with pytest.raises(ConfigError, match=rf"http.listen: cannot listen on 127.0.0.1:{port}"):
            await second.listen("127.0.0.1", port)


async def test_a_left_port_is_free() -> None:
    """Leaving closes it, so that the next can have it."""
    async with _server() as first:
        port = int((await first.listen("127.0.0.1", 0)).rpartition(":")[2])

    async with _server() as second:
        assert (await second.listen("127.0.0.1", port)).endswith(str(port))
