"""What Argo CD's ApplicationSets say of the Applications that they make, and how those are known."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.domain.identity import ObjectRef
from auditor.domain.marks import Keeper, keepers_of, owner_of
from auditor.domain.owner_rules import said_by
from auditor.domain.pair import Pair
from tests.auditor.domain.test_owner_rules import difference
from tests.builders import CLUSTER, manifest, obj

SET = ObjectRef(CLUSTER, "argoproj.io", "ApplicationSet", "argocd", "shops")
REFERENCE = {"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet", "name": "shops"}


def application(name: str = "shop-dev", **metadata: Any) -> dict[str, Any]:
    """An Application that an ApplicationSet made."""
    body = obj("argoproj.io/v1alpha1", "Application", name, "argocd", spec={"project": "default"})
    body["metadata"] |= {"ownerReferences": [REFERENCE]} | metadata
    return body


def hidden(
    spec: dict[str, Any], *pointer: str, name: str = "shop-dev", **metadata: Any
) -> list[str]:
    """The rules of a set that hide one difference of an Application."""
    body = manifest(application(name, **metadata))
    pair = Pair(ref=body.ref, desired=body, actual=body)
    rules = said_by(SET, {"spec": spec}).rules
    one = difference(*pointer)
    return [rule.name for rule in rules if rule.objects.matches(pair) and rule.hides(one, pair)]


class TestMarks:
    def test_an_application_names_the_set_that_made_it(self) -> None:
        """As its owner, in its own namespace: sets make Applications nowhere else."""
        made = manifest(application())

        assert list(keepers_of(made)) == [Keeper("ApplicationSet", "argocd", "shops")]
        assert owner_of(made) is not None
        assert owner_of(made).name == "shops"  # type: ignore[union-attr]  # said above

    @pytest.mark.parametrize(
        "references",
        [
            None,
            "odd",
            [7],
            [{"apiVersion": "apps/v1", "kind": "ApplicationSet", "name": "shops"}],
            [{"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "shops"}],
        ],
    )
    def test_other_owners_are_no_sets(self, references: Any) -> None:
        """Nor is what has an odd shape."""
        assert list(keepers_of(manifest(application(ownerReferences=references)))) == []


class TestRules:
    @pytest.mark.parametrize(
        "annotation",
        [
            "notified.notifications.argoproj.io",
            "argocd.argoproj.io/refresh",
            "argocd.argoproj.io/hydrate",
        ],
    )
    def test_some_annotations_are_always_left_alone(self, annotation: str) -> None:
        """Argo CD writes them onto Applications itself."""
        assert hidden({}, "metadata", "annotations", annotation.replace("/", "~1"))
        assert not hidden({}, "metadata", "annotations", "example.com~1other")

    def test_preserved_fields_are_left_alone(self) -> None:
        """Annotations and labels by name."""
        spec = {"preservedFields": {"annotations": ["a.io/x"], "labels": ["y"]}}

        assert hidden(spec, "metadata", "annotations", "a.io~1x") == ["argocd/shops#1"]
        assert hidden(spec, "metadata", "labels", "y")
        assert not hidden(spec, "metadata", "labels", "x")

    def test_finalizers_of_a_deletion_that_has_hooks_are_left_alone(self) -> None:
        """Those that begin with the two names; what keeps resources is not."""
        finalizers = ["resources-finalizer.argocd.argoproj.io"]
        finalizers += ["post-delete-finalizer.argocd.argoproj.io/cleanup"]

        assert not hidden({}, "metadata", "finalizers", "0", finalizers=finalizers)
        assert hidden({}, "metadata", "finalizers", "1", finalizers=finalizers)

    def test_a_sync_that_runs_is_left_alone(self) -> None:
        """The field ``operation`` is how Argo CD is told to sync."""
        assert hidden({}, "operation", "sync")

    @pytest.mark.parametrize(
        ("entry", "pointer", "is_hidden"),
        [
            ({"jsonPointers": ["/spec/source/targetRevision"]}, "targetRevision", True),
            ({"jsonPointers": ["/spec/source/path"]}, "targetRevision", False),
            ({"jqPathExpressions": [".spec.source.targetRevision"]}, "targetRevision", True),
            ({"name": "shop-dev", "jsonPointers": ["/spec/source"]}, "path", True),
            ({"name": "shop-*", "jsonPointers": ["/spec/source"]}, "path", False),
            ({}, "path", False),
        ],
    )
    def test_differences_that_a_set_ignores_are_hidden(
        self, entry: dict[str, Any], pointer: str, *, is_hidden: bool
    ) -> None:
        """Of one Application, or of all that it makes; names are names."""
        found = hidden({"ignoreApplicationDifferences": [entry]}, "spec", "source", pointer)

        assert found == (["argocd/shops#2"] if is_hidden else [])

    def test_what_is_not_understood_is_told(self) -> None:
        """And hides nothing."""
        said = said_by(SET, {"spec": {"ignoreApplicationDifferences": [{"jsonPointers": ["x"]}]}})

        assert len(said.rules) == 1
        assert "not a JSON pointer" in said.unsupported[0]

    @pytest.mark.parametrize("spec", [None, 7, {"preservedFields": 7}])
    def test_a_set_of_odd_shape_says_what_all_sets_say(self, spec: Any) -> None:
        """Objects come as they are."""
        assert len(said_by(SET, {"spec": spec}).rules) == 1
