"""The API answers what is asked, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from auditor.domain.finding import Severity, State, Verdict
from auditor.domain.pair import Doubt
from auditor.wire.report import ReportDocument
from auditor.wire.suppression import SuppressedDocument
from tests.auditor.http.world import World
from tests.builders import ref
from tests.findings import HIDDEN, tracked


async def _ask(world: World, path: str) -> tuple[int, Any]:
    async with world.serving() as client, client.get(path) as answer:
        return answer.status, await answer.json()


def _world() -> World:
    world = World()
    world.known.tracked = [
        tracked("web", severity=Severity.LOW),
        tracked("api", severity=Severity.CRITICAL),
        tracked("old", state=State.RESOLVED),
        tracked("job", ref=ref("Job", "job", group="batch", namespace="ops"), check="K8S-001"),
    ]
    world.known.standings = [
        (ref(name="web"), Verdict.DRIFTED, None),
        (ref(name="api"), Verdict.IN_SYNC, None),
        (ref("Job", "job", group="batch", namespace="ops"), Verdict.UNKNOWN, Doubt.FORBIDDEN),
    ]
    return world


def _names(document: dict[str, Any]) -> list[str]:
    return [finding["object"]["name"] for finding in document["findings"]]


async def test_open_findings_come_worst_first() -> None:
    """With the summary of all objects, in the published form."""
    status, document = await _ask(_world(), "/api/v1/findings")

    assert status == 200
    assert _names(document) == ["api", "job", "web"]
    assert document["summary"] == {
        "objects": 3, "in_sync": 1, "drifted": 1, "pending": 0, "unknown": 1,
    }  # fmt: skip
    ReportDocument.model_validate(document)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("severity=critical", ["api"]),
        ("severity=critical,low", ["api", "web"]),
        ("severity=critical&severity=low", ["api", "web"]),
        ("namespace=ops", ["job"]),
        ("kind=Deployment&severity=low", ["web"]),
        ("group=batch", ["job"]),
        ("check=K8S-001", ["job"]),
        ("state=resolved", ["old"]),
        ("cluster=prod&name=web", ["web"]),
        ("cluster=stage", []),
        ("category=missing", []),
        ("limit=1", ["api"]),
    ],
)
async def test_findings_are_picked_by_their_fields(query: str, names: list[str]) -> None:
    """All conditions hold together; one of several values is enough."""
    _, document = await _ask(_world(), f"/api/v1/findings?{query}")

    assert _names(document) == names


async def test_what_the_limit_cuts_off_is_counted() -> None:
    """A short answer does not look like a complete one."""
    _, document = await _ask(_world(), "/api/v1/findings?limit=1")

    assert document["total"] == 3


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("severty=high", "did you mean severity?"),
        ("severity=hihg", "did you mean high?"),
        ("state=closed", "known: open, resolved, suppressed"),
        ("limit=0", "from 1 to 10000"),
        ("limit=all", "from 1 to 10000"),
        ("owner=me", "known: category, check"),
    ],
)
async def test_a_filter_that_means_nothing_is_refused(query: str, error: str) -> None:
    """An ignored filter would look like an answer."""
    status, document = await _ask(_world(), f"/api/v1/findings?{query}")

    assert status == 400
    assert error in document["error"]


@pytest.mark.parametrize("length", [32, 12])
async def test_one_finding_is_had_by_its_id(length: int) -> None:
    """Whatever its state; the beginning is enough."""
    world = _world()
    resolved = world.known.tracked[2]

    status, document = await _ask(world, f"/api/v1/findings/{resolved.fingerprint[:length]}")

    assert (status, document["state"]) == (200, "resolved")


async def test_one_finding_comes_with_its_history() -> None:
    """Each transition that is kept, with its time."""
    world = _world()

    _, document = await _ask(world, f"/api/v1/findings/{world.known.tracked[0].fingerprint}")

    (step,) = document["history"]
    assert (step["transition"], step["at"]) == ("opened", "2026-01-02T03:04:05Z")


async def test_an_id_that_is_too_short_is_refused() -> None:
    """It could mean several."""
    world = _world()
    world.known.tracked = [tracked("web"), tracked("web", state=State.RESOLVED)]
    prefix = world.known.tracked[0].fingerprint[:6]

    status, document = await _ask(world, f"/api/v1/findings/{prefix}")

    assert status == 409
    assert "write more of it" in document["error"]


async def test_a_finding_that_is_not_there_is_not_found() -> None:
    """And said so."""
    status, document = await _ask(_world(), "/api/v1/findings/none")

    assert (status, document["error"]) == (404, "there is no finding of this id")


async def test_a_ledger_that_is_away_is_said() -> None:
    """No findings would be a lie."""
    world = _world()
    world.known.readable = False

    status, document = await _ask(world, "/api/v1/findings")

    assert status == 503
    assert "the disk is away" in document["error"]


async def test_objects_are_listed_with_their_verdicts() -> None:
    """In the order of their names, and with the doubt where unknown."""
    _, document = await _ask(_world(), "/api/v1/objects?verdict=unknown")

    assert document["objects"] == [
        {
            "cluster": "prod", "group": "batch", "kind": "Job", "namespace": "ops", "name": "job",
            "verdict": "unknown", "doubt": "forbidden",
        }
    ]  # fmt: skip
    assert document["total"] == 1


async def test_objects_are_picked_by_their_fields() -> None:
    """As findings are."""
    _, document = await _ask(_world(), "/api/v1/objects?kind=Deployment&name=api")

    assert [one["name"] for one in document["objects"]] == ["api"]


async def test_long_answers_are_compressed() -> None:
    """A thousand findings are mostly repetition."""
    world = World()
    world.known.tracked = [tracked(f"web-{number}") for number in range(100)]

    headers = {"Accept-Encoding": "gzip"}
    async with (
        world.serving() as client,
        client.get("/api/v1/findings", headers=headers) as answer,
    ):
        assert answer.headers["Content-Encoding"] == "gzip"
        assert len((await answer.json())["findings"]) == 100


async def test_an_unknown_path_is_answered_in_json() -> None:
    """Programs read errors too."""
    async with World().serving() as client, client.get("/api/v2/findings") as answer:
        assert "see /" in (await answer.json())["error"]


async def test_what_rules_hide_is_listed_with_the_rule() -> None:
    """Object, field, rule, reason, owner and expiry."""
    world = World()
    world.known.hidden = [(ref(name="web"), HIDDEN), (ref(name="api"), replace(HIDDEN, rule="a"))]

    status, document = await _ask(world, "/api/v1/suppressed?rule=hpa&kind=Deployment")

    assert (status, document["total"]) == (200, 1)
    ((where, hidden),) = (one.value() for one in SuppressedDocument(**document).suppressed)
    assert (where, hidden) == (ref(name="web"), HIDDEN)


async def test_hidden_differences_have_no_severity() -> None:
    """Nobody judged them, so asking for it is refused."""
    status, document = await _ask(World(), "/api/v1/suppressed?severity=high")

    assert status == 400
    assert "unknown parameter 'severity'" in document["error"]
