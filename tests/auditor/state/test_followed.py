"""Owners of which it is not known what they declare, and what carries their marks."""

from __future__ import annotations

from typing import Any

from auditor.state.followed import FollowedOwners
from tests.builders import config_map, manifest, ref

APP = ref("Application", "web", group="argoproj.io", namespace="argocd")
RELEASE = ref("HelmRelease", "db", group="helm.toolkit.fluxcd.io", namespace="data")


BOTH = {APP: "production", RELEASE: None}


def marked(**labels: str) -> dict[str, Any]:
    body = config_map()
    body["metadata"]["labels"] = {
        name.replace("__", "/").replace("_", "."): v for name, v in labels.items()
    }
    return body


def release(namespace: str) -> dict[str, Any]:
    prefix = "helm_toolkit_fluxcd_io"
    return marked(**{f"{prefix}__name": "db", f"{prefix}__namespace": namespace})


def unknown() -> FollowedOwners:
    owners = FollowedOwners()
    owners.replace(BOTH, {APP: ("no such chart",), RELEASE: ("no such chart",)})
    return owners


def test_what_carries_the_mark_is_doubted() -> None:
    """By the label of the tool, with the namespace where the mark has one."""
    assert unknown().doubts(manifest(release("data")))
    assert not unknown().doubts(manifest(release("elsewhere")))


def test_what_carries_no_mark_is_not() -> None:
    """Nothing is said of it."""
    assert not unknown().doubts(manifest(config_map()))
    assert not unknown().doubts(None)


def test_news_are_owners_of_which_more_or_less_is_known() -> None:
    """The same once more is no news."""
    owners = unknown()

    assert owners.replace(BOTH, {APP: ("another reason",)}) == {RELEASE}
    assert owners.replace(BOTH, {APP: ("another reason",)}) == frozenset()
    assert owners.unknown() == {APP: ("another reason",)}


def test_where_all_is_known_nothing_is_doubted() -> None:
    """As soon as the last reason is gone."""
    owners = unknown()
    owners.replace(BOTH, {})

    assert not owners.doubts(manifest(release("data")))


def test_an_owner_is_known_when_nothing_of_it_is_unknown() -> None:
    """One that is not followed is never known."""
    owners = unknown()
    owners.replace(BOTH, {APP: ("no such chart",)})

    assert APP in owners
    assert not owners.knows(APP)
    assert owners.knows(RELEASE)
    assert not owners.knows(ref())


def test_an_owner_has_the_environment_that_it_leads_to() -> None:
    """Where that is known."""
    owners = unknown()

    assert owners.environment(APP) == "production"
    assert owners.environment(RELEASE) is None
    assert owners.environment(ref()) is None


def test_roots_are_ahead_until_they_were_followed() -> None:
    """Arriving twice is no news."""
    owners = FollowedOwners(["platform", "shop"])

    assert owners.arrive(["shop"])
    assert owners.ahead == {"platform"}
    assert not owners.arrive(["shop"])
