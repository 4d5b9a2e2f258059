"""The same facts are told in the same words, harmlessly."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.domain.difference import REDACTED, Difference, Op, Writer
from auditor.domain.fieldpath import FieldPath
from auditor.domain.manifest import Origin, Owner
from auditor.domain.report import Summary
from auditor.reports.wording import (
    is_safe,
    safe,
    show_difference,
    show_json,
    show_origin,
    show_owner,
    show_summary,
    show_value,
    show_writer,
)
from tests.doubles import START


@given(st.text())
def test_every_text_becomes_harmless(text: str) -> None:
    """Whatever it holds."""
    assert is_safe(safe(text))


@given(st.text())
def test_harmless_text_stays(text: str) -> None:
    """Making it harmless twice changes nothing more."""
    assert safe(safe(text)) == safe(text)


@given(st.recursive(st.text() | st.integers(), lambda inner: st.dictionaries(st.text(), inner)))
def test_json_that_is_made_harmless_means_the_same(document: object) -> None:
    """The escapes are those of JSON."""
    assert json.loads(show_json(document)) == document


def _difference(op: Op, desired: object, actual: object) -> Difference:
    return Difference(path=FieldPath(("x",)), pointer="/x", op=op, desired=desired, actual=actual)


@pytest.mark.parametrize(
    ("difference", "told"),
    [
        (_difference(Op.CHANGED, 2, "2"), '2 → "2"'),
        (_difference(Op.ADDED, None, {"a": [1]}), 'added: {"a":[1]}'),
        (_difference(Op.REMOVED, "x", None), 'removed: "x"'),
        (_difference(Op.CHANGED, REDACTED, REDACTED), "changed"),
        (_difference(Op.ADDED, None, REDACTED), "added"),
        (_difference(Op.REMOVED, REDACTED, None), "removed"),
    ],
)
def test_both_sides_are_told_desired_first(difference: Difference, told: str) -> None:
    """Of a secret, only that it differs."""
    assert show_difference(difference) == told


def test_long_values_are_cut_with_their_length() -> None:
    """Enough to recognise it by."""
    told = show_value("x" * 1000)

    assert len(told) < 120
    assert told.endswith("… (1002 characters)")


def test_a_writer_is_told_with_all_that_is_known() -> None:
    """Managers of subresources may leave no time."""
    assert show_writer(None) == "writer unknown"
    scaled = Writer(manager="kubectl", operation="Update", subresource="scale")
    assert show_writer(scaled) == "by kubectl (scale)"


@pytest.mark.parametrize(
    ("summary", "told"),
    [
        (Summary(), "0 objects: none judged"),
        (Summary(objects=1, in_sync=1), "1 object: 1 in sync"),
        (Summary(objects=3, drifted=1, unknown=2), "3 objects: 1 drifted, 2 unknown"),
    ],
)
def test_verdicts_are_counted(summary: Summary, told: str) -> None:
    """What is zero is left out."""
    assert show_summary(summary) == told


SET = "argoproj.io/ApplicationSet/argocd/shop"


@pytest.mark.parametrize(
    ("owner", "told"),
    [
        (Owner(tool="argocd", name="shop"), "argocd shop"),
        (Owner(tool="argocd", name="shop", environment="staging"), "argocd shop (staging)"),
        (
            Owner(
                tool="argocd", name="shop-a", chain=(SET, "argoproj.io/Application/argocd/shop-a")
            ),
            "argocd shop-a, below ApplicationSet argocd/shop",
        ),
        (
            Owner(tool="argocd", name="shop", chain=("argoproj.io/Application/argocd/root", SET)),
            "argocd ApplicationSet shop, below Application argocd/root",
        ),
        (
            Owner(
                tool="flux",
                name="db/redis",
                chain=("a/Kustomization/b/c", "x/HelmRelease/db/redis"),
            ),
            "flux HelmRelease db/redis, below Kustomization b/c",
        ),
        (Owner(tool="helm", name="a", chain=("odd",)), "helm a, below odd"),
    ],
)
def test_an_owner_is_told_with_all_that_lead_to_it(owner: Owner, told: str) -> None:
    """The nearest first; the owner itself is the last of its chain, and is told once."""
    assert show_owner(owner) == told


@given(st.builds(Owner, tool=st.text(), name=st.text(), chain=st.tuples(st.text(), st.text())))
def test_any_owner_is_told_harmlessly(owner: Owner) -> None:
    """Names come from clusters."""
    assert is_safe(show_owner(owner))


def test_a_place_is_told_with_its_commit_and_since_when() -> None:
    """As far as both are known."""
    place = Origin(repository="platform", revision="1a2b3c4d5e", path="apps/web.yaml", line=12)

    assert show_origin(place) == "platform apps/web.yaml:12 @ 1a2b3c4"
    assert show_origin(replace(place, authored=START)).startswith(
        f"platform apps/web.yaml:12 @ 1a2b3c4 of {START:%Y-%m-%d}"
    )
