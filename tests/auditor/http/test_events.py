"""Whoever listens hears every transition once, in order, or is told otherwise."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from prometheus_client import CollectorRegistry

from auditor.http.broadcast import LISTENERS, WAITING, Broadcast, TooManyListeners
from auditor.ports.delivery import Resume
from auditor.telemetry.http import HttpEvents
from tests.auditor.http.world import World
from tests.findings import announcement


async def _events(answer: aiohttp.ClientResponse) -> AsyncIterator[dict[str, str]]:
    """Read events as https://html.spec.whatwg.org/multipage/server-sent-events.html says."""
    fields: dict[str, str] = {}
    async for raw in answer.content:
        line = raw.decode().rstrip("\n")
        if not line and "data" in fields:
            yield fields
        if not line:
            fields = {}
        elif line.startswith(":"):
            yield {"comment": line}
        else:
            name, _, value = line.partition(": ")
            fields[name] = value


async def _take(answer: aiohttp.ClientResponse, count: int) -> list[dict[str, str]]:
    taken: list[dict[str, str]] = []
    async with asyncio.timeout(10):
        async for event in _events(answer):
            taken.append(event)
            if len(taken) == count:
                break
    return taken


async def test_transitions_are_heard_as_they_are_published() -> None:
    """The id is the sequence, the name the transition, the data a CloudEvent."""
    world = World()
    async with world.serving() as client, client.get("/api/v1/events") as answer:
        await world.broadcast.publish([announcement(7), announcement(8, "api")])
        first, second = await _take(answer, 2)

    data: dict[str, Any] = json.loads(first["data"])
    assert answer.headers["Content-Type"] == "text/event-stream"
    assert (first["id"], first["event"]) == ("7", "opened")
    assert data["type"] == "io.driftauditor.finding.opened.v1"
    assert json.loads(second["data"])["subject"] == "apps/Deployment/shop/api"


@pytest.mark.parametrize("how", ["header", "query"])
async def test_who_comes_back_hears_what_was_missed(how: str) -> None:
    """By the header that browsers send, or by a parameter."""
    world = World()
    async with world.serving() as client:
        await world.broadcast.publish([announcement(number) for number in range(1, 6)])
        headers = {"Last-Event-ID": "3"} if how == "header" else {}
        path = "/api/v1/events" + ("?after=3" if how == "query" else "")
        async with client.get(path, headers=headers) as answer:
            heard = [event["id"] for event in await _take(answer, 2)]

    assert heard == ["4", "5"]


@pytest.mark.parametrize("last", ["3", "99"])
async def test_who_was_away_too_long_is_told_of_the_gap(last: str) -> None:
    """What is not kept any more, or was never sent by this ledger, cannot be made up."""
    world = World()
    async with world.serving() as client:
        await world.broadcast.publish([announcement(number) for number in range(1, 31)])
        async with client.get("/api/v1/events", headers={"Last-Event-ID": last}) as answer:
            (event,) = await _take(answer, 1)

    assert event["event"] == "gap"
    assert "/api/v1/findings" in event["data"]


async def test_silence_is_filled_with_comments() -> None:
    """So that proxies keep the connection, and a lost client is noticed."""
    async with World().serving(heartbeat=0.01) as client, client.get("/api/v1/events") as answer:
        assert (await _take(answer, 1)) == [{"comment": ":"}]


async def test_a_client_that_leaves_is_forgotten() -> None:
    """At once, not at the next heartbeat."""
    world = World()
    async with world.serving() as client:
        async with client.get("/api/v1/events"):
            assert world.sample("auditor_event_streams") == 1
        async with asyncio.timeout(10):
            while world.sample("auditor_event_streams"):
                await client.get("/livez")


async def test_the_server_stops_while_clients_listen() -> None:
    """Their streams end, and nobody waits for them."""
    world = World()
    async with asyncio.timeout(10):
        async with world.serving() as client:
            answer = await client.get("/api/v1/events")
            await world.broadcast.close()
            assert await answer.content.read() == b"retry: 2000\n\n"


def _broadcast() -> tuple[Broadcast, CollectorRegistry]:
    registry = CollectorRegistry()
    return Broadcast(HttpEvents(registry)), registry


async def test_a_slow_client_is_let_go_and_others_are_not() -> None:
    """Memory stays bounded, and nobody waits for the slowest."""
    broadcast, registry = _broadcast()
    with broadcast.listen(None) as slow, broadcast.listen(None) as quick:
        for sequence in range(WAITING + 1):
            await broadcast.publish([announcement(sequence)])
            await quick.frames()

        assert slow.done
        assert await slow.frames() == b""
        assert not quick.done
    assert registry.get_sample_value("auditor_event_streams_dropped_total") == 1


async def test_only_so_many_clients_are_taken_in() -> None:
    """One that leaves makes room."""
    broadcast, _ = _broadcast()
    listeners = [broadcast.listen(None) for _ in range(LISTENERS)]
    for listener in listeners:
        listener.__enter__()

    with pytest.raises(TooManyListeners), broadcast.listen(None):
        pass

    listeners[0].__exit__(None, None, None)
    with broadcast.listen(None):
        pass
    for listener in listeners[1:]:
        listener.__exit__(None, None, None)


async def test_it_starts_at_the_present() -> None:
    """A sink that keeps nothing has nothing delivered."""
    broadcast, _ = _broadcast()

    assert await broadcast.open(Resume(position=None)) == frozenset()
    assert not broadcast.durable
