"""Owners say whether an object is theirs, and whether they will take it away."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.domain import checks
from auditor.domain.claims import Claim, claim_on
from auditor.domain.finding import Finding
from auditor.domain.judge import judge
from auditor.domain.manifest import Owner
from auditor.domain.pair import Doubt, Pair, Superseded
from auditor.domain.rules import Rules
from comparators.presence import presence
from tests.builders import config_map, live, manifest, obj
from tests.doubles import START
from tests.neighbours import alive
from tests.outcomes import JSON_VALUES

KUSTOMIZE, HELM = "kustomize.toolkit.fluxcd.io", "helm.toolkit.fluxcd.io"
TRACKING = "argocd.argoproj.io/tracking-id"
LISTED = "shop_settings__ConfigMap"
FLUX_MARK = {f"{KUSTOMIZE}/name": "apps", f"{KUSTOMIZE}/namespace": "ops"}
RELEASE_MARK = {f"{HELM}/name": "web", f"{HELM}/namespace": "ops"}
ARGO_MARK = {TRACKING: "shop:/ConfigMap:shop/settings"}
Body = dict[str, Any]


def kustomization(*listed: str, **spec: Any) -> Body:
    entries = [{"id": one, "v": "v1"} for one in listed]
    status = {"inventory": {"entries": entries}}
    spec = {"prune": True} | spec
    return obj(f"{KUSTOMIZE}/v1", "Kustomization", "apps", "ops", spec=spec, status=status)


def release(*listed: str, **spec: Any) -> Body:
    entries = [{"id": one, "v": "v1"} for one in listed]
    status = {"inventory": {"entries": entries}}
    return obj(f"{HELM}/v2", "HelmRelease", "web", "ops", spec=spec, status=status)


def application(automated: Body | None = None, *options: str, **status: Any) -> Body:
    policy: Body = {"syncOptions": list(options)}
    policy |= {} if automated is None else {"automated": automated}
    spec = {"syncPolicy": policy}
    return obj("argoproj.io/v1alpha1", "Application", "shop", "argocd", spec=spec, status=status)


def left(*owners: Body, **metadata: Any) -> Pair:
    """A ConfigMap that nobody declares, and its owners."""
    orphan = live(config_map(), **metadata)
    return Pair(
        ref=orphan.ref, desired=None, actual=orphan, governed=True, neighbours=alive(*owners)
    )


def claimed(pair: Pair) -> Claim:
    claim = claim_on(pair)
    assert claim is not None
    return claim


def found(pair: Pair) -> Finding:
    """The one finding about it."""
    (finding,) = judge(pair, presence, Rules(), at=START + timedelta(days=1)).findings
    return finding


def remedies(pair: Pair) -> list[tuple[str, str]]:
    return [(one.kind, one.details["how"]) for one in found(pair).remedies]


class TestWhatFluxPrunes:
    def test_goes_at_its_next_turn(self) -> None:
        """Which can be hurried."""
        pair = left(kustomization(LISTED), labels=FLUX_MARK)

        assert claimed(pair).stays == ""
        assert found(pair).message.endswith("flux's ops/apps; it should be pruned and is not")
        assert remedies(pair) == [
            ("revert", "flux --namespace ops reconcile kustomization apps --with-source"),
            ("codify", "declare ConfigMap/shop/settings in Git"),
        ]

    @pytest.mark.parametrize(
        ("spec", "metadata", "stays"),
        [
            ({"prune": False}, {"labels": FLUX_MARK}, "Kustomization ops/apps does not prune"),
            ({"suspend": True}, {"labels": FLUX_MARK}, "Kustomization ops/apps is suspended"),
            (
                {},
                {"labels": FLUX_MARK, "annotations": {f"{KUSTOMIZE}/prune": "Disabled"}},
                f"it says {KUSTOMIZE}/prune: disabled",
            ),
            (
                {},
                {"labels": FLUX_MARK | {f"{KUSTOMIZE}/reconcile": "disabled"}},
                f"it says {KUSTOMIZE}/reconcile: disabled",
            ),
            ({}, {}, "it lost the labels without which Flux takes nothing away"),
        ],
    )
    def test_stays_where_flux_is_told_so(self, spec: Body, metadata: Body, stays: str) -> None:
        """Then somebody has to delete it or declare it."""
        pair = left(kustomization(LISTED, **spec), **metadata)

        assert claimed(pair).stays == stays
        assert found(pair).message.endswith(f"; it stays: {stays}")
        assert remedies(pair) == [
            ("codify", "declare ConfigMap/shop/settings in Git"),
            ("revert", "kubectl delete configmap settings --namespace shop"),
        ]

    def test_stays_once_it_is_let_go_of(self) -> None:
        """The controller wrote it and lists it no more."""
        wrote = [
            {"manager": "kustomize-controller", "operation": "Apply", "fieldsV1": {"f:data": {}}}
        ]
        pair = left(kustomization("shop_x__ConfigMap"), labels=FLUX_MARK, managedFields=wrote)

        assert not claimed(pair).is_copy
        assert claimed(pair).stays.endswith("applied it once and lists it no more")

    def test_of_a_release_goes_unless_it_is_kept(self) -> None:
        """Helm asks the living object.

        https://helm.sh/docs/howto/charts_tips_and_tricks/#tell-helm-not-to-uninstall-a-resource
        """
        keep = {"helm.sh/resource-policy": "keep"}

        assert claimed(left(release(LISTED), labels=RELEASE_MARK)).stays == ""
        kept = left(release(LISTED), labels=RELEASE_MARK, annotations=keep)
        assert claimed(kept).stays == "it says helm.sh/resource-policy: keep"

    def test_may_be_listed_without_its_namespace_by_a_release(self) -> None:
        """Of a kind that was not known when it was installed."""
        assert claimed(left(release("_settings__ConfigMap"))).is_listed


class TestOwner:
    def test_of_what_lost_its_mark_is_who_lists_it(self) -> None:
        """With the owners above, as far as it is declared itself."""
        pair = left(kustomization(LISTED))
        (keeper,) = pair.neighbours
        above = Owner(tool="flux", name="ops/all", chain=("top",), environment="staging")
        declared = replace(manifest(kustomization()), owner=above)
        known = replace(pair, neighbours=(replace(keeper, desired=declared),))

        assert found(pair).owner == Owner(tool="flux", name="ops/apps", chain=(str(keeper.ref),))
        assert found(known).owner == Owner(
            tool="flux", name="ops/apps", chain=("top", str(keeper.ref)), environment="staging"
        )

    def test_of_a_copy_is_nobody(self) -> None:
        """What its mark says is not true, and declared it need not bear it."""
        writer = [{"manager": "kubectl-create", "operation": "Update", "fieldsV1": {"f:data": {}}}]
        copied = left(kustomization("shop_x__ConfigMap"), labels=FLUX_MARK, managedFields=writer)

        assert found(copied).check == checks.UNMANAGED.id
        assert found(copied).owner is None
        assert "its mark is copied: flux's ops/apps has not applied it" in found(copied).message
        assert remedies(copied)[0] == (
            "codify",
            "declare ConfigMap/shop/settings in Git, without the mark of ops/apps",
        )

    def test_of_an_argo_copy_is_nobody_either(self) -> None:
        """Its tracking id means another object."""
        copied = left(annotations={TRACKING: "shop:/ConfigMap:shop/original"})

        assert (found(copied).check, found(copied).owner) == (checks.UNMANAGED.id, None)
        assert found(copied).message.endswith(
            "its mark is copied: argocd's shop means another object by it"
        )

    def test_of_whom_nothing_certain_is_known_says_nothing(self) -> None:
        """Its inventory may be an old one."""
        pair = left(kustomization("shop_x__ConfigMap"), labels=FLUX_MARK)
        stale = tuple(replace(one, doubt=Doubt.STALE) for one in pair.neighbours)

        assert claim_on(replace(pair, neighbours=stale)) is None

    def test_that_lists_an_object_counts_before_one_that_is_named(self) -> None:
        """A copied mark beside a true one."""
        pair = left(release("shop_x__ConfigMap"), kustomization(LISTED), labels=RELEASE_MARK)

        assert claimed(pair).owner.name == "ops/apps"

    def test_that_declared_it_lately_is_believed(self) -> None:
        """Flux may have let go of it in the meantime."""
        pair = left(kustomization("shop_x__ConfigMap"), labels=FLUX_MARK)
        before = Superseded(manifest=manifest(config_map()), until=START)

        assert claimed(pair).is_copy
        assert not claimed(replace(pair, earlier=(before,))).is_copy

    def test_says_nothing_of_what_is_declared(self) -> None:
        """Nor of what is gone."""
        pair = left(kustomization(LISTED), labels=FLUX_MARK)

        assert claim_on(replace(pair, desired=manifest(config_map()))) is None
        assert claim_on(replace(pair, actual=None)) is None


class TestWhatArgoPrunes:
    @pytest.mark.parametrize(
        ("owner", "option", "stays", "command"),
        [
            (
                application({"prune": True}),
                "",
                "",
                "argocd app sync shop --app-namespace argocd --prune",
            ),
            (
                application({}),
                "",
                "Application argocd/shop does not prune by itself",
                "argocd app sync shop --app-namespace argocd --prune",
            ),
            (
                application(),
                "",
                "Application argocd/shop does not sync by itself",
                "argocd app sync shop --app-namespace argocd --prune",
            ),
            (
                application({"prune": True, "enabled": False}),
                "",
                "Application argocd/shop does not sync by itself",
                "argocd app sync shop --app-namespace argocd --prune",
            ),
            (
                application({"prune": True}),
                "PruneLast=true, Prune=false",
                "Argo CD is told not to prune it (Prune=false)",
                "",
            ),
            (
                application({"prune": True}, "Prune=false"),
                "Prune=confirm",
                "Argo CD waits until somebody confirms (Prune=confirm)",
                "argocd app confirm-deletion shop --app-namespace argocd",
            ),
            (
                application({"prune": True}, "Prune=false"),
                "",
                "Argo CD is told not to prune it (Prune=false)",
                "",
            ),
        ],
    )
    def test_is_told_by_options(self, owner: Body, option: str, stays: str, command: str) -> None:
        """Those of the object before those of its Application."""
        annotations = ARGO_MARK | {"argocd.argoproj.io/sync-options": option}
        claim = claimed(left(owner, annotations=annotations))

        assert (claim.stays, claim.command) == (stays, command)

    def test_is_hurried_by_a_sync_that_prunes(self) -> None:
        """Where Argo CD does not do it by itself, declaring it comes first."""
        pair = left(application({}), annotations=ARGO_MARK)

        assert [kind for kind, _ in remedies(pair)] == ["codify", "revert"]
        assert remedies(pair)[1][1].endswith("--prune")


@given(
    st.sampled_from([kustomization(LISTED), release(LISTED), application({})]),
    JSON_VALUES,
    JSON_VALUES,
)
def test_any_owner_is_taken(owner: Body, spec: Any, status: Any) -> None:
    """Whatever its fields hold, nothing breaks."""
    marks = {"labels": FLUX_MARK | RELEASE_MARK, "annotations": ARGO_MARK}

    claim_on(left(owner | {"spec": spec, "status": status}, **marks))
    claim_on(left(owner | {"spec": {"syncPolicy": spec}, "status": {"inventory": status}}, **marks))
