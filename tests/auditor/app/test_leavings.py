"""That an object was found to be left over outlives whatever declared it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from auditor.app.leavings import Leavings
from auditor.domain.finding import Finding, Outcome, Verdict
from auditor.domain.identity import GroupVersionKind
from auditor.domain.judge import judge
from auditor.domain.manifest import Origin, Owner
from auditor.domain.pair import LeftOver, Pair, Superseded
from auditor.domain.rules import Rules
from comparators.presence import presence
from tests.builders import CLUSTER, deployment, live, manifest
from tests.doubles import START
from tests.doubles_pipeline import MemoryLedger

LIVING = live(deployment())
OWNER = Owner(tool="flux", name="apps", chain=("all", "apps"), environment="staging")
LATER = START + timedelta(hours=1)
ORIGIN = Origin(repository="platform", revision="c1", path="apps/web.yaml", line=3)


def found(**rest: Any) -> Finding:
    """What is found of a Deployment that lives and that nobody declares any more."""
    pair = replace(Pair(ref=LIVING.ref, desired=None, actual=LIVING), **rest)
    (finding,) = judge(pair, presence, Rules(), at=LATER).findings
    return finding


def declared_before() -> Finding:
    """The same, as long as it is remembered how it was declared."""
    earlier = replace(manifest(deployment()), owner=OWNER, origin=ORIGIN)
    return found(earlier=(Superseded(manifest=earlier, until=START),))


async def on_record(finding: Finding) -> Leavings:
    """What the ledger knows after a finding."""
    ledger = MemoryLedger()
    outcome = Outcome(ref=finding.ref, verdict=Verdict.DRIFTED, findings=(finding,))
    await ledger.record([outcome], at=START)
    return Leavings(ledger)


async def test_what_was_left_over_still_is() -> None:
    """In the same words: whose it was and where it was declared are on record."""
    leavings = await on_record(declared_before())

    again = found(left_over=leavings.of(LIVING.ref))

    assert again == declared_before()
    assert leavings.kinds(CLUSTER) == {GroupVersionKind("apps", "v1", "Deployment")}


async def test_another_object_is_not() -> None:
    """Nothing is on record of it, nor of another cluster."""
    leavings = await on_record(declared_before())

    assert leavings.of(LIVING.ref._replace(name="other")) is None
    assert leavings.kinds("elsewhere") == frozenset()


@pytest.mark.parametrize("marks", [{}, {"labels": {"app": "web"}}])
async def test_what_was_found_by_its_namespace_alone_is_not(marks: dict[str, Any]) -> None:
    """Which namespaces are governed is said by the configuration, and may be another today."""
    actual = live(deployment(), **marks)
    leavings = await on_record(found(governed=True, actual=actual))

    assert leavings.of(LIVING.ref) is None
    assert leavings.kinds(CLUSTER) == frozenset()


def test_an_object_that_bears_another_mark_is_the_other_owner_s() -> None:
    """What is on record says whose it was."""
    marks = {"meta.helm.sh/release-name": "web", "meta.helm.sh/release-namespace": "shop"}
    actual = live(deployment(), annotations=marks)

    finding = found(actual=actual, left_over=LeftOver(owner=OWNER, origin=ORIGIN))

    assert finding.owner == Owner(tool="helm", name="shop/web")
