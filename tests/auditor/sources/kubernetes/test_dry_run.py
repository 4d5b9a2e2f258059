"""What is sent for a dry run, and what becomes of the answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auditor.domain.identity import GroupVersionKind
from auditor.errors import SourceUnavailable
from auditor.sources.kubernetes.dry_run import DryRuns, applied_form
from auditor.sources.kubernetes.target import Target
from tests.builders import deployment, manifest


class Server:
    """Answers every dry run with the same bytes, and remembers the last."""

    def __init__(self, answer: bytes = b"{}") -> None:
        self.answer = answer
        self.path = ""
        self.body: dict[str, Any] = {}

    async def dry_run(self, path: str, body: bytes) -> bytes:
        self.path, self.body = path, json.loads(body)
        return self.answer


def place_of(gvk: GroupVersionKind, namespace: str) -> Target | None:
    return Target(gvk=gvk, resource="deployments", namespace=namespace)


async def test_the_declaration_goes_to_its_own_place() -> None:
    """And the answer is an object."""
    server = Server(b'{"kind":"Deployment"}')

    answer = await DryRuns(server, place_of).ask(manifest(deployment()))

    assert answer == {"kind": "Deployment"}
    assert server.path == "/apis/apps/v1/namespaces/shop/deployments/web"
    assert server.body == deployment()


async def test_a_kind_that_is_not_served_is_not_asked_about() -> None:
    """There is no place to ask at."""
    with pytest.raises(SourceUnavailable, match="does not serve apps/v1/Deployment"):
        await DryRuns(Server(), lambda _gvk, _namespace: None).ask(manifest(deployment()))


async def test_an_answer_that_is_no_object_is_not_repeated() -> None:
    """It may hold values."""
    with pytest.raises(SourceUnavailable) as caught:
        await DryRuns(Server(b'"hunter2"'), place_of).ask(manifest(deployment()))

    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_what_only_the_server_writes_is_not_applied() -> None:
    """Declarations that were exported from a cluster carry it."""
    body = deployment() | {"status": {"replicas": 2}}
    body["metadata"] |= {"resourceVersion": "7", "managedFields": [], "labels": {"a": "b"}}

    applied = applied_form(manifest(body))

    assert applied["metadata"] == {"name": "web", "namespace": "shop", "labels": {"a": "b"}}
    assert "status" not in applied
