"""What of an object's JSON can change its verdict."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from auditor.domain.identity import GroupKind
from auditor.state.compared import compared_part, compared_parts
from tests.builders import config_map, deployment, live, wrote

Body = dict[str, Any]
STATUS: Body = {"f:status": {"f:replicas": {}}}


def body() -> Body:
    """A Deployment as an API server has it: a generation, a status, and two writers."""
    writers = [
        wrote("kubectl", {"f:spec": {"f:replicas": {}}}),
        wrote("kube-controller-manager", STATUS, subresource="status"),
    ]
    whole = dict(live(deployment(), generation=3, managedFields=writers).body)
    return whole | {"status": {"replicas": 2}}


def part(changed: Callable[[Body], object]) -> int | None:
    copied = copy.deepcopy(body())
    changed(copied)
    return compared_part(orjson.dumps(copied))


BEFORE = compared_part(orjson.dumps(body()))


@pytest.mark.parametrize(
    "change",
    [
        lambda b: b["status"].update(replicas=7),
        lambda b: b["metadata"].update(resourceVersion="99"),
        lambda b: b["metadata"]["managedFields"][0].update(time="2026-02-02T02:02:02Z"),
        lambda b: b["metadata"]["managedFields"].pop(),
    ],
    ids=["status", "resource version", "time of a write", "a writer of the status"],
)
def test_no_verdict_hangs_on(change: Callable[[Body], object]) -> None:
    """Looking again would find what was found before."""
    assert part(change) == BEFORE


@pytest.mark.parametrize(
    "change",
    [
        lambda b: b["metadata"].update(generation=4),
        lambda b: b["metadata"].update(labels={"team": "nobody"}),
        lambda b: b["metadata"].update(deletionTimestamp="2026-01-02T03:04:05Z"),
        lambda b: b["metadata"]["managedFields"][0].update(manager="kubectl-edit"),
        lambda b: b["metadata"]["managedFields"][0].update(fieldsV1={}),
    ],
    ids=["generation", "a label", "deletion", "another writer", "other fields"],
)
def test_a_verdict_hangs_on(change: Callable[[Body], object]) -> None:
    """Who wrote it counts as much as what was written."""
    assert part(change) != BEFORE


def test_an_object_without_generation_is_always_news() -> None:
    """Nothing tells its status, if it has any, from the rest."""
    assert compared_part(orjson.dumps(live(config_map()).body)) is None


def test_status_counts_where_it_is_read() -> None:
    """Of kinds whose status some comparator looks at, and of no other."""
    owner, other = GroupKind("argoproj.io", "Application"), GroupKind("apps", "Deployment")
    parts = compared_parts(frozenset({owner}))
    raw = orjson.dumps(body())

    assert parts(owner)(raw) is None
    assert parts(other)(raw) == BEFORE
