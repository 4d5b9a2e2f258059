"""Objects find the rules of their owners."""

from __future__ import annotations

from typing import Any

from auditor.domain.identity import ObjectRef
from auditor.domain.manifest import Body
from auditor.domain.pair import Pair
from auditor.domain.rules import IgnoreRule
from auditor.state.owners import Owners
from tests.builders import CLUSTER, deployment, live, manifest, ref

TRACKING = "argocd.argoproj.io/tracking-id"


class Known:
    """Owners as a test sets them, and what was complained of."""

    def __init__(self) -> None:
        self.bodies: dict[ObjectRef, Body] = {}
        self.complaints: list[str] = []
        self.owners = Owners(self.bodies.get, lambda _ref, why: self.complaints.append(why))

    def application(
        self, name: str = "shop", namespace: str = "argocd", cluster: str = CLUSTER, **entry: Any
    ) -> ObjectRef:
        where = ObjectRef(cluster, "argoproj.io", "Application", namespace, name)
        whole = {"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]} | entry
        self.bodies[where] = {"spec": {"ignoreDifferences": [whole]}}
        self.owners.note([where])
        return where

    def flux(self, kind: str, field: dict[str, Any]) -> None:
        group = {"HelmRelease": "helm", "Kustomization": "kustomize"}[kind] + ".toolkit.fluxcd.io"
        where = ObjectRef(CLUSTER, group, kind, "ops", "shop")
        self.bodies[where] = {"spec": field}
        self.owners.note([where])

    def names(self, cluster: str = CLUSTER, **metadata: Any) -> list[str]:
        """The rules of a living object that carries these metadata."""
        body = deployment()
        return [rule.name for rule in self._rules(live(body, cluster=cluster, **metadata))]

    def _rules(self, marked: Any) -> tuple[IgnoreRule, ...]:
        return self.owners.rules_for(Pair(ref=marked.ref, desired=None, actual=marked))


def tracked(app: str = "shop") -> dict[str, str]:
    return {TRACKING: f"{app}:apps/Deployment:shop/web"}


def test_a_tracked_object_has_the_rules_of_its_application() -> None:
    """Another application's are not its."""
    known = Known()
    known.application()
    known.application("other")

    assert known.names(annotations=tracked()) == ["argocd/shop#1"]
    assert known.names() == []


def test_a_copied_mark_leads_nowhere() -> None:
    """It names another object."""
    known = Known()
    known.application()

    assert known.names(annotations={TRACKING: "shop:apps/Deployment:shop/api"}) == []


def test_objects_are_tracked_by_label_too() -> None:
    """As Argo CD did by default."""
    known = Known()
    known.application()

    assert known.names(labels={"app.kubernetes.io/instance": "shop"}) == ["argocd/shop#1"]


def test_an_application_in_any_namespace_is_told_by_its_namespace() -> None:
    """Of two of one name."""
    known = Known()
    known.application(namespace="team-a", jsonPointers=[], managedFieldsManagers=["keda"])
    known.application(namespace="team-b")

    assert known.names(annotations=tracked("team-b_shop")) == ["argocd/shop#1"]


def test_the_owner_in_the_same_cluster_comes_first() -> None:
    """Each cluster may have an Argo CD of its own; one may serve all."""
    known = Known()
    known.application(cluster="hub")
    assert known.names(annotations=tracked()) == ["argocd/shop#1"]

    known.application(managedFieldsManagers=["keda"])
    assert known.names(annotations=tracked()) == ["argocd/shop#1"] * 2


def test_of_several_possible_owners_none_counts() -> None:
    """A wrong owner would hide what must be seen."""
    known = Known()
    known.application(cluster="hub-1")
    known.application(cluster="hub-2")

    assert known.names(annotations=tracked()) == []


def test_flux_owners_of_one_name_are_told_apart() -> None:
    """A Kustomization often is named as its release."""
    known = Known()
    known.flux("HelmRelease", {"driftDetection": {"ignore": [{"paths": ["/spec/replicas"]}]}})
    known.flux("Kustomization", {"ignore": []})
    labels = {"name": "shop", "namespace": "ops"}

    of_release = {f"helm.toolkit.fluxcd.io/{name}": value for name, value in labels.items()}
    of_other = {f"kustomize.toolkit.fluxcd.io/{name}": value for name, value in labels.items()}

    assert known.names(labels=of_release) == ["flux/ops/shop#1"]
    assert known.names(labels=of_other) == []


def test_an_owner_that_changes_its_mind_is_noticed_once() -> None:
    """Its status changes all the time, and that is no news."""
    known = Known()
    where = known.application(jqPathExpressions=['.spec | select(.a == "x") | .b'])
    assert known.owners.take_changed()
    assert not known.owners.take_changed()

    known.bodies[where] = {**known.bodies[where], "status": {"health": "fine"}}
    known.owners.note([where])
    assert not known.owners.take_changed()

    known.bodies[where] = {"spec": {}}
    known.owners.note([where])
    assert known.owners.take_changed()
    assert known.names(annotations=tracked()) == []


def test_an_owner_that_is_gone_says_nothing_more() -> None:
    """Neither declared nor alive."""
    known = Known()
    where = known.application(jqPathExpressions=["input"])
    del known.bodies[where]
    known.owners.note([where])

    assert known.names(annotations=tracked()) == []
    assert known.owners.unsupported() == 0


def test_what_is_not_understood_is_complained_of_once() -> None:
    """And counted as long as it stands there."""
    known = Known()
    where = known.application(jqPathExpressions=["input"])
    known.owners.note([where])

    assert len(known.complaints) == 1
    assert known.owners.unsupported() == 1


def test_a_mark_counts_where_it_is_declared() -> None:
    """Whoever writes it on the living object alone excuses nothing."""
    known = Known()
    body = deployment()
    body["metadata"]["annotations"] = {"kustomize.toolkit.fluxcd.io/reconcile": "disabled"}

    declared = Pair(ref=ref(), desired=manifest(body), actual=live(deployment()))
    lives = Pair(ref=ref(), desired=manifest(deployment()), actual=live(body))

    assert [rule.name for rule in known.owners.rules_for(declared)] == ["flux/reconcile-disabled"]
    assert known.owners.rules_for(lives) == ()
