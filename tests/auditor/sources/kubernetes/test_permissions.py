"""The permissions of an audit are few, and enough."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.config.clusters import WATCHED
from auditor.domain.scopes import BUILT_IN
from auditor.sources.kubernetes.permissions import permissions_for, plural_of
from auditor.sources.kubernetes.plan import Selection
from auditor.state.builtin import schemas
from tests.builders import config_map, crd, deployment, manifest, obj, secret


def test_nothing_declared_needs_what_is_always_watched() -> None:
    """Kinds that come and go, and autoscalers."""
    resources = permissions_for([], Selection()).resources

    assert resources == {
        "apiextensions.k8s.io": ("customresourcedefinitions",),
        "apiregistration.k8s.io": ("apiservices",),
        "autoscaling": ("horizontalpodautoscalers",),
    }


def test_declared_kinds_are_read() -> None:
    """Each once, by its plural."""
    declared = [manifest(deployment("a")), manifest(deployment("b")), manifest(config_map())]

    resources = permissions_for(declared, Selection()).resources

    assert resources["apps"] == ("deployments",)
    assert resources[""] == ("configmaps",)


def test_nothing_is_patched_unless_dry_runs_are_wanted() -> None:
    """An audit only reads."""
    verbs = [
        rule["verbs"] for rule in permissions_for([manifest(deployment())], Selection()).rules()
    ]

    assert all(one == ["get", "list", "watch"] for one in verbs)


def test_dry_runs_need_to_patch_what_is_declared_and_no_more() -> None:
    """Kinds that are only watched are not in it, nor are Secrets that are not audited."""
    declared = [manifest(deployment()), manifest(secret())]

    rules = permissions_for(declared, Selection(include=("*", "*/*")), confirmed=True).rules()

    patching = [rule for rule in rules if "patch" in rule["verbs"]]
    assert patching == [{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["patch"]}]


def test_dry_runs_take_in_secrets_that_are_audited() -> None:
    """Allowed once, they are treated as any other kind."""
    permissions = permissions_for([manifest(secret())], Selection(secrets=True), confirmed=True)

    assert permissions.patched == {"": ("secrets",)}


@pytest.mark.parametrize("include", [(), ("Secret",), ("*",), ("*", "*/*")])
def test_secrets_are_read_only_where_allowed(include: tuple[str, ...]) -> None:
    """Neither a declaration nor a pattern takes them in."""
    declared = [manifest(secret())]

    without = permissions_for(declared, Selection(include=include))
    allowed = permissions_for(declared, Selection(include=include, secrets=True))

    assert "secrets" not in without.resources.get("", ())
    assert "secrets" in allowed.resources[""]


@given(st.lists(st.sampled_from([*WATCHED, "*", "*/*", "apps/*", "*.k8s.io/*"])))
def test_no_rule_has_a_star(include: list[str]) -> None:
    """Whatever is selected: a star would take in what comes later too."""
    rules = permissions_for([], Selection(include=tuple(include))).rules()

    assert "*" not in str(rules)
    assert all(rule["verbs"] == ["get", "list", "watch"] for rule in rules)


def test_a_pattern_leaves_out_what_cannot_be_read() -> None:
    """Reviews are questions, and events a log."""
    resources = permissions_for([], Selection(include=("*", "*/*"))).resources

    assert "authentication.k8s.io" not in resources
    assert "events" not in resources[""]
    assert "bindings" not in resources[""]


def test_what_is_excluded_is_not_read() -> None:
    """Unless it is declared."""
    selection = Selection(include=("apps/*",), exclude=("apps/ReplicaSet",))

    assert "replicasets" not in permissions_for([], selection).resources["apps"]


def test_a_declared_definition_gives_the_plural() -> None:
    """A definition and an object of it may be declared together."""
    definition = crd("example.com", "Sheep")
    definition["spec"]["names"]["plural"] = "sheep"
    declared = [manifest(definition), manifest(obj("example.com/v1", "Sheep", "dolly"))]

    permissions = permissions_for(declared, Selection())

    assert permissions.resources["example.com"] == ("sheep",)
    assert permissions.guessed == {}


def test_a_plural_that_is_guessed_is_told() -> None:
    """Its definition comes from somewhere else."""
    declared = [manifest(obj("example.com/v1", "Policy", "strict"))]

    assert permissions_for(declared, Selection()).guessed == {"example.com/Policy": "policies"}


@pytest.mark.parametrize(
    ("kind", "plural"),
    [
        ("Deployment", "deployments"),
        ("Ingress", "ingresses"),
        ("NetworkPolicy", "networkpolicies"),
        ("Gateway", "gateways"),
        ("Endpoints", "endpoints"),
        ("StorageClass", "storageclasses"),
    ],
)
def test_plurals_are_spelled_as_kubernetes_does(kind: str, plural: str) -> None:
    """No built-in kind is an exception."""
    assert plural_of(kind) == plural


def test_the_usual_selection_names_real_kinds() -> None:
    """A slip in the list would silently watch nothing."""
    known = {str(kind) for kind in BUILT_IN}

    assert set(WATCHED) <= known
    assert schemas("apps/v1")
