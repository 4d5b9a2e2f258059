"""Which environment something belongs to."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.domain.gitops.branch import Branch, DeadEnd, Destination
from auditor.domain.gitops.environment import (
    environment_below,
    environment_in,
    environment_of,
)
from tests.builders import manifest, obj


def told(
    name: str = "web", *, inherited: str | None = None, metadata: Any = None, **branch: Any
) -> str | None:
    owner = obj("argoproj.io/v1alpha1", "Application", name, namespace="argocd")
    owner["metadata"] |= metadata or {}
    return environment_of(manifest(owner), Branch(**branch), inherited=inherited)


@pytest.mark.parametrize(
    ("text", "environment"),
    [
        ("clusters/prod", "production"),
        ("apps/overlays/staging-eu", "staging"),
        ("shop-preview-42", "preview"),
        ("DEV_cluster", "development"),
        ("uat.example.com", "uat"),
        ("products/web", None),
        ("devices", None),
        ("", None),
    ],
)
def test_whole_words_tell(text: str, environment: str | None) -> None:
    """A word within a word does not."""
    assert environment_in(text) == environment


def test_a_label_says_it_outright() -> None:
    """Whatever names tell."""
    labels = {"labels": {"environment": "canary"}}

    assert told("web-prod", metadata=labels) == "canary"


def test_labels_are_brought_into_one_form() -> None:
    """So that `prod` and `production` are one environment."""
    assert told(metadata={"annotations": {"env": "PROD"}}) == "production"


def test_where_it_goes_counts_before_how_it_is_called() -> None:
    """And that before the path."""
    assert told("web-staging", destination=Destination(name="prod-1"), path="dev") == "production"
    assert told("web-staging", path="dev") == "staging"
    assert told(path="apps/dev") == "development"


def test_what_does_not_tell_inherits() -> None:
    """From the owner above."""
    assert told(inherited="production") == "production"
    assert told() is None


@pytest.mark.parametrize("labels", [None, "prod", ["prod"], {"env": 1}, {"env": ""}])
def test_odd_labels_tell_nothing(labels: Any) -> None:
    """A live object may hold anything."""
    assert told(metadata={"labels": labels}) is None


def below(*items: Branch | DeadEnd, name: str = "web", inherited: str | None = None) -> str | None:
    owner = obj("argoproj.io/v1alpha1", "Application", name, namespace="argocd")
    return environment_below(manifest(owner), items, inherited=inherited)


def test_the_first_branch_that_tells_counts_for_the_owner() -> None:
    """Before what is above it."""
    branches = (Branch(path="base"), Branch(path="prod"), Branch(path="dev"))

    assert below(*branches, inherited="staging") == "production"
    assert below(Branch(path="base"), inherited="staging") == "staging"


def test_an_owner_that_leads_nowhere_tells_by_its_name() -> None:
    """That it cannot be followed does not make it another environment's."""
    assert below(DeadEnd(reason="no such chart"), name="shop-uat", inherited="staging") == "uat"
    assert below(inherited="staging") == "staging"
