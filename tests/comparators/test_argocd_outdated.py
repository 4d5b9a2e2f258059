"""Argo CD looks at an Application anew when it changes; that its status stays an old one is its fault."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given

from auditor.domain.finding import Deviation
from auditor.domain.pair import Pair
from comparators.reconciliation import reconciliation
from tests.builders import live, manifest, obj
from tests.comparators.pairs import entry
from tests.outcomes import JSON_VALUES

SOURCE = {"repoURL": "https://git.example.com/shop", "path": "web", "targetRevision": "main"}
DESTINATION = {"server": "https://kubernetes.default.svc", "namespace": "shop"}
IGNORED = [{"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]}]
Body = dict[str, Any]


def application(compared: Any, *conditions: str, **spec: Any) -> Body:
    """An Application of which something was compared."""
    known = {"source": SOURCE, "destination": DESTINATION} | spec
    status = {
        "sync": {"status": "Synced", "comparedTo": compared},
        "conditions": [{"type": kind, "message": "so it is"} for kind in conditions],
    }
    return obj("argoproj.io/v1alpha1", "Application", "shop", "argocd", spec=known, status=status)


def found(body: Body, **metadata: Any) -> list[Deviation]:
    """What is said of an Application that lives as declared."""
    spec = {name: value for name, value in body.items() if name != "status"}
    living = live(body, **metadata)
    return list(reconciliation(Pair(ref=living.ref, desired=manifest(spec), actual=living)))


COMPARED = {"source": SOURCE, "destination": DESTINATION}


def test_an_older_spec_was_compared() -> None:
    """Since the spec was written, by whoever does not write the status."""
    compared = COMPARED | {"source": SOURCE | {"path": "old"}}
    writing = [
        entry("kubectl", "f:spec f:source", time="2026-01-02T03:04:05Z"),
        entry("argocd-application-controller", "f:status f:sync", time="2026-01-02T05:00:00Z"),
    ]
    (one,) = found(application(compared), managedFields=writing)

    assert one.check == "ARGO-012"
    assert one.message.endswith("its status is about an earlier spec: source changed since")
    assert one.since == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("compared", "spec", "told"),
    [
        (COMPARED | {"destination": {"name": "far"}}, {}, "destination"),
        (COMPARED | {"ignoreDifferences": IGNORED}, {}, "ignoreDifferences"),
        ({"sources": [SOURCE], **COMPARED}, {"sources": [SOURCE, SOURCE]}, "sources"),
    ],
)
def test_any_part_tells(compared: Body, spec: Body, told: str) -> None:
    """By name."""
    (one,) = found(application(compared, **spec))

    assert one.message.endswith(f": {told} changed since")


@pytest.mark.parametrize(
    ("compared", "spec"),
    [
        pytest.param(COMPARED, {}, id="the same"),
        pytest.param(None, {}, id="nothing was ever compared"),
        pytest.param(
            {"source": {"repoURL": ""}, "sources": [SOURCE], "destination": DESTINATION},
            {"sources": [SOURCE], "source": {"repoURL": "unused"}},
            id="several sources",
        ),
        pytest.param(
            COMPARED,
            {"source": SOURCE | {"directory": {"recurse": False}, "helm": {}, "ref": ""}},
            id="what says nothing is left out",
        ),
        pytest.param(COMPARED, {"ignoreDifferences": IGNORED}, id="as versions before 2.6 have it"),
        pytest.param(
            {"source": {"path": "hydrated"}, "destination": DESTINATION},
            {"source": None, "sourceHydrator": {"drySource": {}}},
            id="hydrated",
        ),
    ],
)
def test_what_looks_alike_is_silent(compared: Any, spec: Body) -> None:
    """Argo CD looked at all of it."""
    assert found(application(compared, **spec)) == []


def test_an_error_says_why() -> None:
    """One cause, one finding."""
    (one,) = found(application(COMPARED | {"source": {}}, "InvalidSpecError"))

    assert one.check == "ARGO-005"


@given(JSON_VALUES, JSON_VALUES)
def test_any_fields_are_taken(one: Any, other: Any) -> None:
    """Whatever they hold, nothing breaks."""
    found(application(one, source=other, sources=one))
    found(application({"source": one, "ignoreDifferences": other}, ignoreDifferences=one))
