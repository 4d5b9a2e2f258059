"""Whose a finding's object is, and to which environment it belongs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from auditor.domain.belonging import owner_in
from auditor.domain.manifest import Manifest, Owner
from auditor.domain.pair import Neighbour, Pair, Superseded
from tests.builders import deployment, live, manifest, obj
from tests.doubles import START

ROOT = "argoproj.io/Application/argocd/root"
SET = "argoproj.io/ApplicationSet/argocd/shop"
ABOVE = Owner(tool="argocd", name="root", chain=(ROOT,), environment="staging")
GENERATED = Owner(tool="argocd", name="shop", chain=(ROOT, SET), environment="staging")
REFERENCE = {"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet", "name": "shop"}


def application(name: str = "web", **spec: Any) -> dict[str, Any]:
    """An Application that tells no environment but what is said here."""
    destination = spec.pop("destination", {"name": "in-cluster"})
    source = {"repoURL": "https://git.example.com/shop", "path": spec.pop("path", "web")}
    body = {"destination": destination, "source": source, **spec}
    return obj("argoproj.io/v1alpha1", "Application", name, "argocd", spec=body)


def generator(owner: Owner | None = ABOVE) -> Manifest:
    """The ApplicationSet that made it."""
    body = obj("argoproj.io/v1alpha1", "ApplicationSet", "shop", "argocd", spec={})
    return replace(manifest(body), owner=owner)


def stale(body: dict[str, Any], **rest: Any) -> Pair:
    """An Application that lives and is generated no more."""
    living = live(body, ownerReferences=[REFERENCE])
    return Pair(ref=living.ref, desired=None, actual=living, **rest)


def told(pair: Pair) -> Owner:
    """Whose it is; somebody's it must be."""
    owner = owner_in(pair)
    assert owner
    return owner


def test_what_is_generated_no_more_has_all_owners_above_its_generator() -> None:
    """Whoever reads the finding needs to know what leads to the generator."""
    owner = told(stale(application(), generator=generator()))

    assert (owner.tool, owner.name, owner.chain) == ("argocd", "shop", (ROOT, SET))


def test_a_generator_that_nobody_owns_stands_alone() -> None:
    """It lies in a configured path."""
    assert told(stale(application(), generator=generator(owner=None))).chain == (SET,)


def test_what_is_generated_no_more_tells_its_environment_itself() -> None:
    """By its path, as if it were followed; else its generator does."""
    around: dict[str, Any] = {"generator": generator(), "environment": "staging"}
    itself = told(stale(application(path="shops/prod"), **around))
    silent = told(stale(application(), **around))

    assert (itself.environment, silent.environment) == ("production", "staging")


def test_what_cannot_be_read_tells_by_its_name() -> None:
    """A living object may hold anything."""
    odd = stale(application("shop-uat", destination={}), generator=generator())

    assert told(odd).environment == "uat"


def test_one_whose_generator_is_not_known_has_its_mark_alone() -> None:
    """Nobody knows what leads to it."""
    assert told(stale(application())).chain == ()


def test_a_followed_owner_belongs_to_what_it_leads_to() -> None:
    """And not to the environment of what declares it."""
    declared = replace(manifest(application()), owner=GENERATED)
    pair = Pair(ref=declared.ref, desired=declared, actual=None, environment="production")

    assert told(pair) == replace(GENERATED, environment="production")


def test_an_owner_that_is_declared_no_more_still_tells() -> None:
    """With the owners that its last declaration had."""
    before = replace(manifest(application(path="shops/prod")), owner=GENERATED)
    living = live(application(path="shops/prod"))
    earlier = (Superseded(manifest=before, until=START),)

    owner = told(Pair(ref=living.ref, desired=None, actual=living, earlier=earlier))

    assert owner == replace(GENERATED, environment="production")


def left_over(**rest: Any) -> Pair:
    """A Deployment that lives and that nobody declares."""
    marks = {"argocd.argoproj.io/tracking-id": "web:apps/Deployment:shop/web"}
    living = live(deployment(), annotations=marks)
    return Pair(ref=living.ref, desired=None, actual=living, governed=True, **rest)


def test_what_is_left_over_has_all_owners_above_the_one_that_it_is_marked_with() -> None:
    """And the environment of what that one leads to, or tells of itself where nobody follows it."""
    web = replace(manifest(application(path="web/prod")), owner=GENERATED)
    known = Neighbour(ref=web.ref, desired=web, actual=live(application(path="web/prod")))
    followed = told(left_over(neighbours=(replace(known, environment="staging"),)))
    alive = told(left_over(neighbours=(replace(known, desired=None),)))

    assert followed.chain == (*GENERATED.chain, "argoproj.io/Application/argocd/web")
    assert (followed.name, followed.environment, alive.environment) == (
        "web",
        "staging",
        "production",
    )


def test_what_is_left_over_of_an_owner_that_is_gone_has_its_mark_alone() -> None:
    """Nobody knows where it was."""
    assert told(left_over()) == Owner(tool="argocd", name="web")


def test_what_leads_to_nothing_belongs_where_its_owner_does() -> None:
    """Whatever it is called."""
    declared = replace(manifest(deployment("web-prod")), owner=ABOVE)

    assert owner_in(Pair(ref=declared.ref, desired=declared, actual=None)) == ABOVE


def test_what_nobody_owns_belongs_to_nobody() -> None:
    """An environment alone makes no owner."""
    declared = manifest(application(path="shops/prod"))
    pair = Pair(ref=declared.ref, desired=declared, actual=None, environment="production")

    assert owner_in(pair) is None
