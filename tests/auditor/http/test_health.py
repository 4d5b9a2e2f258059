"""Health and metrics are told as orchestrators and Prometheus ask for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from prometheus_client import Gauge, Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as plain_text

from tests.auditor.http.world import World


def _names(parse: Callable[[str], Iterable[Metric]], text: str) -> set[str]:
    return {family.name for family in parse(text)}


async def test_a_running_worker_is_live() -> None:
    """Whatever it waits for."""
    world = World()
    world.known.waits_for = {"cluster prod": "not listed yet"}

    async with world.serving() as client, client.get("/livez") as answer:
        assert answer.status == 200


async def test_readiness_shows_every_condition() -> None:
    """With the reason of each, and 503 until all are met."""
    world = World()
    world.known.waits_for = {"cluster prod": "apps/Deployment is not listed yet"}

    async with world.serving() as client, client.get("/readyz") as answer:
        document = await answer.json()

    assert answer.status == 503
    assert document["ready"] is False
    assert {
        "name": "cluster prod",
        "met": False,
        "reason": "apps/Deployment is not listed yet",
    } in document["conditions"]


async def test_a_complete_worker_is_ready() -> None:
    """All conditions met."""
    async with World().serving() as client, client.get("/readyz") as answer:
        assert answer.status == 200
        assert (await answer.json())["ready"] is True


async def test_metrics_are_shown_as_text() -> None:
    """The form that every scraper reads."""
    world = World()
    Gauge("auditor_queue_depth", "Names waiting.", registry=world.registry).set(3)

    async with world.serving() as client, client.get("/metrics") as answer:
        families = _names(plain_text, await answer.text())

    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    assert "auditor_queue_depth" in families


async def test_metrics_are_shown_as_openmetrics_where_asked_for() -> None:
    """As Prometheus asks by default."""
    accept = {"Accept": "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"}
    world = World()
    Gauge("auditor_queue_depth", "Names waiting.", registry=world.registry).set(3)

    async with world.serving() as client, client.get("/metrics", headers=accept) as answer:
        families = _names(open_metrics, await answer.text())

    assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
    assert "auditor_queue_depth" in families


@pytest.mark.parametrize("path", ["/", "/livez", "/metrics", "/api/v1/findings", "/nowhere"])
async def test_every_answer_is_hardened(path: str) -> None:
    """Browsers guess nothing, frame nothing, load nothing."""
    async with World().serving() as client, client.get(path) as answer:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Server"] == "auditor"


async def test_the_page_says_where_things_are() -> None:
    """And every place that it names is there."""
    async with World().serving() as client, client.get("/") as answer:
        text = await answer.text()
        for path in ("/api/v1/findings", "/api/v1/objects", "/metrics", "/readyz", "/livez"):
            assert f'href="{path}"' in text
            async with client.get(path) as place:
                assert place.status == 200

    assert "http" not in text.replace("<!doctype html>", "").split("<dl>")[0]


async def test_requests_are_counted_by_route() -> None:
    """By the pattern: paths with ids would make a series each."""
    world = World()
    async with world.serving() as client:
        await client.get("/api/v1/findings/1")
        await client.get("/api/v1/findings/2")
        await client.get("/nowhere")

    found = world.sample("auditor_http_requests_total", route="/api/v1/findings/{id}", status="404")
    assert found == 2
    assert world.sample("auditor_http_requests_total", route="none", status="404") == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_nothing_can_be_changed(method: str) -> None:
    """The API reads."""
    async with World().serving() as client, client.request(method, "/api/v1/findings") as answer:
        assert answer.status == 405
        assert "GET" in answer.headers["Allow"]
