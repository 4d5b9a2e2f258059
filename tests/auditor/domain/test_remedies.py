"""What can be done depends on whose an object is, and on what is wrong with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from auditor.domain import checks
from auditor.domain.checks import Check
from auditor.domain.finding import Deviation, Remedy
from auditor.domain.history import Layers
from auditor.domain.manifest import Owner
from auditor.domain.pair import Pair
from auditor.domain.remedies import placed, remedies_for
from tests.builders import deployment, live, manifest, obj

REFRESH = "argocd.argoproj.io/application-set-refresh=true"
FLUX = "kustomize.toolkit.fluxcd.io/v1"


def offered(check: Check, desired: dict[str, Any] | None, *chain: str) -> list[tuple[str, str]]:
    """Kinds and words of what is offered about an object below these owners."""
    owner = Owner(tool="argocd", name="shop", chain=chain) if chain else None
    declared = replace(manifest(desired), owner=owner) if desired else None
    living = live(desired or deployment())
    pair = Pair(ref=living.ref, desired=declared, actual=living)
    said = Deviation(check=check.id, category=check.category, message="so")
    return [(one.kind, one.details["how"]) for one in remedies_for(pair, said)]


@pytest.mark.parametrize(
    ("chain", "how"),
    [
        ((), "kubectl apply -f apps/web.yaml"),
        (("odd",), "kubectl apply -f apps/web.yaml"),
        (
            ("argoproj.io/ApplicationSet/argocd/shop", "argoproj.io/Application/argocd/shop-prod"),
            "argocd app sync shop-prod --app-namespace argocd",
        ),
        (
            ("argoproj.io/ApplicationSet/argocd/shop",),
            f"kubectl --namespace argocd annotate applicationset shop {REFRESH}",
        ),
        (
            ("kustomize.toolkit.fluxcd.io/Kustomization/flux-system/apps",),
            "flux --namespace flux-system reconcile kustomization apps --with-source",
        ),
        (
            ("helm.toolkit.fluxcd.io/HelmRelease/db/redis",),
            "flux --namespace db reconcile helmrelease redis --with-source",
        ),
    ],
)
def test_the_nearest_owner_brings_it_back(chain: tuple[str, ...], how: str) -> None:
    """Who has none is applied by hand."""
    (revert, codify) = offered(checks.CHANGED, deployment(), *chain)

    assert revert == ("revert", how)
    assert codify == ("codify", "change apps/web.yaml:1 in platform to what lives")


def test_what_nobody_declares_is_declared_or_deleted() -> None:
    """By name."""
    assert offered(checks.UNMANAGED, None) == [
        ("codify", "declare apps/Deployment/shop/web in Git"),
        ("revert", "kubectl delete deployment.apps web --namespace shop"),
    ]


def test_what_is_late_is_waited_for() -> None:
    """Or hurried."""
    assert [kind for kind, _ in offered(checks.LAGGING, deployment())] == ["wait", "revert"]


def test_what_fails_says_why() -> None:
    """Applying it once more would not help."""
    ((kind, how),) = offered(checks.NOT_READY, obj(FLUX, "Kustomization", "apps", "flux-system"))

    assert kind == "wait"
    assert how.endswith(
        "kubectl describe kustomization.kustomize.toolkit.fluxcd.io apps --namespace flux-system"
    )


def test_what_is_suspended_is_resumed() -> None:
    """Unless that is meant."""
    by_hand = obj(FLUX, "Kustomization", "apps", "flux-system", spec={})
    meant = obj(FLUX, "Kustomization", "apps", "flux-system", spec={"suspend": True})

    assert offered(checks.SUSPENDED, by_hand)[0][0] == "revert"
    assert offered(checks.SUSPENDED, meant) == [("wait", "it is declared so")]


@pytest.mark.parametrize(
    ("renderer", "reverted"),
    [
        ("kustomize", "kubectl apply -k prod"),
        ("helm", "upgrade the release of the chart at prod with helm, as it was installed"),
        ("other", "apply what is rendered from prod again"),
    ],
)
def test_what_is_rendered_is_not_applied_file_by_file(renderer: str, reverted: str) -> None:
    """And what lives is written where the field is said."""
    body = deployment()
    told = manifest(body).origin
    assert told
    place = replace(told, path="prod/patch.yaml", line=7)
    pair = Pair(ref=live(body).ref, desired=manifest(body), actual=live(body))
    said = Deviation(check="K8S-002", category=checks.CHANGED.category, message="so")
    layers = Layers(kind="Deployment", name="web", said=(), base="prod", renderer=renderer)

    offered_there = placed(remedies_for(pair, said), told, place, layers)

    assert [(one.kind, one.details["how"]) for one in offered_there] == [
        ("revert", reverted),
        ("codify", "change prod/patch.yaml:7 in platform to what lives"),
    ]
    alone = placed(remedies_for(pair, said), told, place, None)
    assert alone[0].details["how"] == "kubectl apply -f prod/patch.yaml"


def test_other_remedies_stay_as_they_are() -> None:
    """The owner brings it back, wherever it is declared."""
    told = manifest(deployment()).origin
    assert told
    remedies = (Remedy(kind="revert", details={"how": "argocd app sync shop"}), Remedy(kind="wait"))

    assert placed(remedies, told, replace(told, path="elsewhere.yaml"), None) == remedies
