"""A release runs the chart version that it asks for, or says why not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from auditor.domain.finding import Deviation
from auditor.domain.pair import Pair
from comparators.reconciliation import reconciliation
from tests.builders import live, manifest, obj
from tests.comparators.pairs import entry
from tests.comparators.test_flux_needs import WRITTEN
from tests.outcomes import JSON_VALUES

Body = dict[str, Any]


def release(version: str, runs: str | None, kind: str = "HelmRepository") -> Body:
    """A release that asks for a version and runs one."""
    asked = {"chart": "web", "version": version, "sourceRef": {"kind": kind, "name": "charts"}}
    history = [{"chartVersion": runs}, {"chartVersion": "0.0.1"}] if runs else []
    spec = {"interval": "10m", "chart": {"spec": asked}}
    status = {"history": history}
    return obj("helm.toolkit.fluxcd.io/v2", "HelmRelease", "web", "ops", spec=spec, status=status)


def found(owner: Body, **metadata: Any) -> list[Deviation]:
    """What is said of a release that lives as declared."""
    living = live(owner, **metadata)
    return list(reconciliation(Pair(ref=living.ref, desired=manifest(owner), actual=living)))


def test_of_another_version_is_found() -> None:
    """Since the version was written."""
    writing = [entry("kustomize-controller", "f:spec f:chart f:spec f:version")]
    (one,) = found(release("1.2.3", "1.2.2"), managedFields=writing)

    assert (one.check, one.since) == ("FLUX-016", WRITTEN)
    assert one.message.endswith("runs version 1.2.2 of its chart, and 1.2.3 is asked for")
    assert str(one.differences[0].path) == "status.history[0].chartVersion"
    assert one.differences[0].actual == "1.2.2"


@pytest.mark.parametrize(
    ("version", "runs"),
    [
        ("1.2.3", "1.2.3"),
        ("v1.2.3", "1.2.3"),
        ("1.2.3", "1.2.3+build.4"),
        ("1.2.x", "1.2.2"),
        (">=1.2.3", "1.2.2"),
        ("1.2", "1.3.0"),
        ("*", "1.2.2"),
        ("1.2.3 || 1.2.2", "1.2.2"),
        ("1.2.3", None),
    ],
)
def test_that_fits_is_not(version: str, runs: str | None) -> None:
    """Ranges are the source-controller's to resolve."""
    assert found(release(version, runs)) == []


def test_that_comes_with_its_files_has_no_version_to_ask_for() -> None:
    """The field does not count there."""
    assert found(release("1.2.3", "1.2.2", kind="GitRepository")) == []


def test_that_could_not_be_installed_is_told_as_that() -> None:
    """One cause, one finding."""
    body = release("1.2.3", "1.2.2")
    failed = {"type": "Ready", "status": "False", "reason": "UpgradeFailed"}
    body["status"] |= {"conditions": [failed]}

    assert [one.check for one in found(body)] == ["FLUX-001"]


@given(JSON_VALUES, JSON_VALUES)
def test_any_fields_are_taken(one: Any, other: Any) -> None:
    """Whatever they hold, nothing breaks."""
    found(release("1.2.3", "1.2.2") | {"spec": {"chart": one}, "status": {"history": other}})
    found(release("1.2.3", "1.2.2") | {"spec": {"chart": {"spec": one}}})
