"""What owners say should be ignored, is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from auditor.domain import checks
from auditor.domain.difference import Difference, Op, Writer
from auditor.domain.exemptions import exemptions_of
from auditor.domain.fieldpath import FieldPath
from auditor.domain.finding import Category, Deviation
from auditor.domain.identity import ObjectRef
from auditor.domain.owner_rules import Said, said_by
from auditor.domain.pair import Pair
from auditor.domain.rules import IgnoreRule, Rules, Sifted, sift
from tests.builders import CLUSTER, deployment, live, manifest, ref
from tests.doubles import START

APPLICATION = ObjectRef(CLUSTER, "argoproj.io", "Application", "argocd", "shop")
RELEASE = ObjectRef(CLUSTER, "helm.toolkit.fluxcd.io", "HelmRelease", "flux-system", "shop")
KUSTOMIZATION = ObjectRef(CLUSTER, "kustomize.toolkit.fluxcd.io", "Kustomization", "ops", "shop")
IMAGE = ("spec", "template", "spec", "containers", 0, "image")


def difference(*segments: str | int, op: Op = Op.CHANGED, manager: str = "keda") -> Difference:
    pointer = "".join(f"/{segment}" for segment in segments)
    writer = Writer(manager=manager, operation="Update")
    return Difference(path=FieldPath(segments), pointer=pointer, op=op, writer=writer)


REPLICAS, IMAGES = difference("spec", "replicas"), difference(*IMAGE, manager="kubectl-edit")


def argo(**entry: Any) -> Said:
    """What an Application with one entry says."""
    whole = {"group": "apps", "kind": "Deployment"} | entry
    return said_by(APPLICATION, {"spec": {"ignoreDifferences": [whole]}})


def flux(**entry: Any) -> Said:
    """What a HelmRelease with one entry says."""
    return said_by(RELEASE, {"spec": {"driftDetection": {"ignore": [entry]}}})


def sifted(rules: tuple[IgnoreRule, ...], *differences: Difference, **spec: Any) -> Sifted:
    """Sift differences of a Deployment by rules of its owner."""
    body = deployment(**spec)
    pair = Pair(ref=ref(), desired=manifest(body), actual=live(body))
    deviation = Deviation(
        check=checks.CHANGED.id, category=Category.CHANGED, message="", differences=differences
    )
    return sift([deviation], pair, Rules(ignore=rules), at=START)


def hidden(said: Said, *differences: Difference) -> list[str]:
    """The pointers of the differences that are hidden."""
    assert said.unsupported == ()
    found = sifted(said.rules, *(differences or (REPLICAS, IMAGES))).suppressed
    return [one.difference.pointer for one in found if one.difference]


def test_a_pointer_of_an_application_hides() -> None:
    """And the rule is named after the Application, so that it can be listed."""
    (suppression,) = sifted(
        argo(jsonPointers=["/spec/replicas"]).rules, REPLICAS, IMAGES
    ).suppressed

    assert suppression.rule == "argocd/shop#1"
    assert suppression.reason == "ignoreDifferences of Application shop"
    assert suppression.owner == "argocd"


@pytest.mark.parametrize(
    ("entry", "pointers"),
    [
        ({"jsonPointers": ["/spec/template"]}, [IMAGES.pointer]),
        ({"jqPathExpressions": [".spec.template.spec.containers[].image"]}, [IMAGES.pointer]),
        (
            {
                "jqPathExpressions": [
                    '.spec.template.spec.containers[] | select(.name == "web") | .image'
                ]
            },
            [IMAGES.pointer],
        ),
        ({"jqPathExpressions": ['.spec.template.spec.containers[] | select(.name == "x")']}, []),
        ({"managedFieldsManagers": ["keda"]}, [REPLICAS.pointer]),
        ({"managedFieldsManagers": ["ked*"]}, []),
        ({"kind": "*", "group": "*", "jsonPointers": ["/spec/replicas"]}, [REPLICAS.pointer]),
        ({"kind": "StatefulSet", "jsonPointers": ["/spec/replicas"]}, []),
        ({"group": None, "jsonPointers": ["/spec/replicas"]}, []),
        (
            {"name": "web", "namespace": "shop", "jsonPointers": ["/spec/replicas"]},
            ["/spec/replicas"],
        ),
        ({"name": "we*", "jsonPointers": ["/spec/replicas"]}, []),
        ({"namespace": "other", "jsonPointers": ["/spec/replicas"]}, []),
        ({}, []),
    ],
)
def test_an_entry_of_an_application_hides_what_it_means(
    entry: dict[str, Any], pointers: list[str]
) -> None:
    """Group and kind are patterns, names are names; nothing named is nothing hidden."""
    assert hidden(argo(**entry)) == pointers


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({"jqPathExpressions": [".spec | length"]}, "cannot follow"),
        ({"jsonPointers": ["spec/replicas"]}, "must begin with /"),
        ({"kind": "{Deployment,DaemonSet}", "jsonPointers": ["/spec"]}, "only * and ?"),
    ],
)
def test_what_is_not_understood_hides_nothing_and_is_told(entry: dict[str, Any], why: str) -> None:
    """With the entry that it stands in."""
    said = argo(**entry)

    assert said.rules == ()
    (told,) = said.unsupported
    assert told.startswith("argocd/shop#1: ")
    assert why in told


def test_the_rest_of_an_entry_counts_all_the_same() -> None:
    """One expression that is not understood spoils no other."""
    said = argo(jqPathExpressions=[".spec.replicas", "input"])

    assert len(said.unsupported) == 1
    assert sifted(said.rules, REPLICAS).kept == ()


def test_a_removed_field_is_looked_up_in_the_declaration() -> None:
    """It lives no more."""
    said = argo(jqPathExpressions=['.spec.template.spec.containers[] | select(.name == "web")'])

    assert hidden(said, difference(*IMAGE, op=Op.REMOVED)) == [IMAGES.pointer]


@pytest.mark.parametrize(
    ("target", "pointers"),
    [
        (None, [REPLICAS.pointer]),
        ({"kind": "Deployment"}, [REPLICAS.pointer]),
        ({"kind": "(Deployment|StatefulSet)", "name": "w.b"}, [REPLICAS.pointer]),
        ({"kind": "Deploy"}, []),
        ({"namespace": "ops"}, []),
        ({"labelSelector": "tier = front, team=shop"}, [REPLICAS.pointer]),
        ({"labelSelector": "tier=back"}, []),
        ({"annotationSelector": "tier=front"}, []),
    ],
)
def test_a_release_hides_by_pointers_and_target(
    target: dict[str, str] | None, pointers: list[str]
) -> None:
    """Expressions fit the whole name."""
    body = deployment()
    body["metadata"]["labels"] = {"tier": "front", "team": "shop"}
    said = flux(paths=["/spec/replicas"], target=target)
    pair = Pair(ref=ref(), desired=manifest(body), actual=live(body))

    assert said.unsupported == ()
    assert [r for r in said.rules if r.objects.matches(pair) and r.hides(REPLICAS, pair)] == list(
        said.rules if pointers else ()
    )


def test_a_kustomization_hides_likewise() -> None:
    """In a field of another name."""
    said = said_by(KUSTOMIZATION, {"spec": {"ignore": [{"paths": ["/spec/replicas"]}]}})

    assert hidden(said) == [REPLICAS.pointer]
    assert said.rules[0].name == "flux/ops/shop#1"
    assert said.rules[0].reason == "ignore of Kustomization ops/shop"


@pytest.mark.parametrize("target", [{"labelSelector": "tier in (a)"}, {"name": "(a+)+"}])
def test_a_target_that_is_not_understood_hides_nothing(target: dict[str, str]) -> None:
    """Leaving a condition out would hide more than was said."""
    said = flux(paths=["/spec"], target=target)

    assert (said.rules, len(said.unsupported)) == ((), 1)


@pytest.mark.parametrize("spec", [None, 7, {"ignoreDifferences": {"kind": "x"}},
                                  {"ignoreDifferences": [7, {"jsonPointers": 7}]}])  # fmt: skip
def test_an_owner_of_odd_shape_says_nothing(spec: Any) -> None:
    """Objects come as they are."""
    assert said_by(APPLICATION, {"spec": spec}) == Said()


class TestExemptions:
    """Objects that ask to be left alone."""

    def checks(self, **metadata: Any) -> Iterator[frozenset[str]]:
        body = deployment()
        body["metadata"] |= metadata
        return (rule.checks for rule in exemptions_of(manifest(body)))

    @pytest.mark.parametrize("place", ["annotations", "labels"])
    @pytest.mark.parametrize(
        ("mark", "value", "missing"),
        [
            ("kustomize.toolkit.fluxcd.io/reconcile", "disabled", True),
            ("kustomize.toolkit.fluxcd.io/ssa", "Ignore", True),
            ("kustomize.toolkit.fluxcd.io/ssa", "IfNotPresent", False),
            ("helm.toolkit.fluxcd.io/driftDetection", "disabled", True),
        ],
    )
    def test_are_honoured(self, place: str, mark: str, value: str, *, missing: bool) -> None:
        """What is created once must still be there."""
        (named,) = self.checks(**{place: {mark: value}})

        assert "K8S-002" in named
        assert ("K8S-001" in named) is missing

    @pytest.mark.parametrize("value", ["enabled", "Merge", ""])
    def test_other_values_mean_nothing(self, value: str) -> None:
        """Reconciled as usual."""
        marks = {"kustomize.toolkit.fluxcd.io/ssa": value}

        assert list(self.checks(annotations=marks)) == []

    def test_hide_the_object_as_a_whole(self) -> None:
        """With the mark as the reason."""
        body = deployment()
        body["metadata"]["annotations"] = {"kustomize.toolkit.fluxcd.io/reconcile": "disabled"}
        found = sifted(exemptions_of(manifest(body)), REPLICAS, IMAGES)

        assert found.kept == ()
        assert {one.rule for one in found.suppressed} == {"flux/reconcile-disabled"}
