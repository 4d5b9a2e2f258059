"""Owners of which it is not known what they declare, and what carries their marks."""

from __future__ import annotations

from typing import Any

from auditor.state.unknown import UnknownOwners
from tests.builders import config_map, manifest, ref

APP = ref("Application", "web", group="argoproj.io", namespace="argocd")
RELEASE = ref("HelmRelease", "db", group="helm.toolkit.fluxcd.io", namespace="data")


def marked(**labels: str) -> dict[str, Any]:
    body = config_map()
    body["metadata"]["labels"] = {
        name.replace("__", "/").replace("_", "."): v for name, v in labels.items()
    }
    return body


def release(namespace: str) -> dict[str, Any]:
    prefix = "helm_toolkit_fluxcd_io"
    return marked(**{f"{prefix}__name": "db", f"{prefix}__namespace": namespace})


def unknown() -> UnknownOwners:
    owners = UnknownOwners()
    owners.replace({APP: ("no such chart",), RELEASE: ("no such chart",)})
    return owners


def test_what_carries_the_mark_is_doubted() -> None:
    """By the label of the tool, with the namespace where the mark has one."""
    assert unknown().keeps(manifest(release("data")))
    assert not unknown().keeps(manifest(release("elsewhere")))


def test_what_carries_no_mark_is_not() -> None:
    """Nothing is said of it."""
    assert not unknown().keeps(manifest(config_map()))
    assert not unknown().keeps(None)


def test_news_are_owners_of_which_more_or_less_is_known() -> None:
    """The same once more is no news."""
    owners = unknown()

    assert owners.replace({APP: ("another reason",)}) == {RELEASE}
    assert owners.replace({APP: ("another reason",)}) == frozenset()
    assert owners.reasons() == {APP: ("another reason",)}


def test_where_all_is_known_nothing_is_doubted() -> None:
    """As soon as the last reason is gone."""
    owners = unknown()
    owners.replace({})

    assert not owners.keeps(manifest(release("data")))
