"""What a Flux Kustomization has applied, field by field."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from auditor.domain.gitops.branch import Branch, Destination, Mount
from auditor.domain.gitops.flux_kustomization import read_kustomization
from auditor.domain.manifest import SEALED
from tests.auditor.domain.gitops.flux_objects import NAMESPACE, branch, git, kustomization, reason
from tests.builders import config_map, secret

LABELS = {
    "kustomize.toolkit.fluxcd.io/name": "apps",
    "kustomize.toolkit.fluxcd.io/namespace": "flux-system",
}


def _branch(*around: dict[str, Any], **spec: Any) -> Branch:
    return branch(read_kustomization, kustomization(**spec), git(), *around)


def _options(*around: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return dict(_branch(*around, **spec).options)


def _overlay(**spec: Any) -> Any:
    return _options(**spec)["overlay"]


def _variables(name: str, kind: str = "ConfigMap", **rest: Any) -> dict[str, Any]:
    return {"kind": kind, "name": name, **rest}


def test_a_kustomization_is_one_branch() -> None:
    """The path of the source, built as Flux builds it."""
    assert _branch(interval="10m") == Branch(
        files=(Mount(url="https://git.example.com/platform", revision="main"),),
        path="apps",
        renderer="flux",
        options={"commonMetadata": {"labels": LABELS}},
        interval=timedelta(minutes=10),
    )


@pytest.mark.parametrize(
    ("path", "cleaned"),
    [
        ("", ""),
        (".", ""),
        ("./", ""),
        ("./apps/web/", "apps/web"),
        ("/apps", "apps"),
        ("apps/../infra", "infra"),
        ("../../etc", "etc"),
        (None, ""),
    ],
)
def test_a_path_stays_in_the_source(path: Any, cleaned: str) -> None:
    """Paths are from the source's root, and there is nothing above it."""
    assert _branch(path=path).path == cleaned


@pytest.mark.parametrize(
    ("interval", "span"),
    [
        ("1h", timedelta(hours=1)),
        ("1h30m", timedelta(hours=1, minutes=30)),
        ("1.5h", timedelta(minutes=90)),
        ("500ms", timedelta(milliseconds=500)),
        ("10", None),
        ("1d", None),
        (60, None),
        ("9" * 400 + "h", None),
    ],
)
def test_an_interval_is_a_duration_of_flux(interval: Any, span: timedelta | None) -> None:
    """What Flux's schema does not allow is no interval."""
    assert _branch(interval=interval).interval == span


def test_a_suspended_kustomization_is_followed() -> None:
    """What is declared stays declared while nobody applies it."""
    assert _branch(suspend=True) == _branch()


@pytest.mark.parametrize("field", ["secretRef", "configMapRef"])
def test_a_kubeconfig_names_the_cluster(field: str) -> None:
    """Another cluster is known by what holds the kubeconfig to it."""
    found = _branch(kubeConfig={field: {"name": "edge"}}).destination
    assert found == Destination(name="kubeconfig:flux-system/edge")


# --- the overlay -----------------------------------------------------------------------------------


def test_a_target_namespace_is_the_namespace_of_all() -> None:
    """It is laid over the kustomization, and what knows no namespace gets it."""
    found = _branch(targetNamespace="shop")
    assert (found.namespace, found.options["overlay"]) == ("shop", {"namespace": "shop"})


def test_names_are_prefixed_and_suffixed() -> None:
    """Prefix and suffix go to kustomize."""
    assert _overlay(namePrefix="a-", nameSuffix="-z") == {"namePrefix": "a-", "nameSuffix": "-z"}


@pytest.mark.parametrize("field", ["patches", "patchesStrategicMerge", "patchesJson6902", "images"])
def test_lists_go_to_kustomize_as_they_are(field: str) -> None:
    """Patches and images are kustomize's own."""
    entries = [{"patch": "- op: remove", "target": {"kind": "Deployment"}}, {"name": "web"}]
    assert _overlay(**{field: entries}) == {field: entries}


def test_components_go_to_kustomize() -> None:
    """Components are paths from the path; those that are missing may be passed over."""
    assert _overlay(components=["../../parts/backup"], ignoreMissingComponents=True) == {
        "components": ["../../parts/backup"],
        "ignoreMissingComponents": True,
    }


def test_common_metadata_goes_on_everything() -> None:
    """Flux's own labels win over those that are written."""
    common = {
        "labels": {"team": "shop", "kustomize.toolkit.fluxcd.io/name": "other"},
        "annotations": {"note": "hi"},
    }
    assert _options(commonMetadata=common)["commonMetadata"] == {
        "labels": {"team": "shop"} | LABELS,
        "annotations": {"note": "hi"},
    }


def test_decryption_is_told() -> None:
    """Encrypted values are to be expected where there is a provider for them."""
    assert _options(decryption={"provider": "sops"})["decryption"] is True


# --- variables -------------------------------------------------------------------------------------


def test_variables_are_those_written_in_place() -> None:
    """Line breaks are dropped from values, as Flux does."""
    found = _options(postBuild={"substitute": {"APP": "web", "KEY": "a\nb\n"}})
    assert (found["substitution"], found["substitute"]) == (True, {"APP": "web", "KEY": "ab"})


def test_without_variables_nothing_is_substituted() -> None:
    """An empty postBuild leaves every ``${…}`` as it is."""
    assert "substitution" not in _options(postBuild={"substitute": {}, "substituteFrom": []})


def test_variables_come_from_config_maps() -> None:
    """Later ones win over earlier ones, and those in place over all."""
    found = _options(
        config_map("one", namespace=NAMESPACE, data={"a": "1", "b": "1", "c": "1"}),
        config_map("two", namespace=NAMESPACE, data={"b": "2", "c": "2"}),
        postBuild={
            "substituteFrom": [_variables("one"), _variables("two")],
            "substitute": {"c": "3"},
        },
    )
    assert found["substitute"] == {"a": "1", "b": "2", "c": "3"}


def test_variables_come_from_the_owners_namespace() -> None:
    """A ConfigMap elsewhere is another one."""
    elsewhere = config_map("one", namespace="shop", data={"a": "1"})
    post = {"substituteFrom": [_variables("one")]}
    said = reason(read_kustomization, kustomization(postBuild=post), git(), elsewhere)
    assert said == (
        "ConfigMap flux-system/one, which holds variables, is neither declared nor alive"
    )


def test_of_secrets_the_names_alone_are_known() -> None:
    """No value of a Secret is handed on."""
    found = _options(
        secret("one", namespace=NAMESPACE, data={"DOMAIN": "aHVudGVyMg=="})
        | {"stringData": {"TOKEN": "hunter2"}},
        postBuild={"substituteFrom": [_variables("one", "Secret")]},
    )
    assert (found["sealed"], found["substitute"]) == (["DOMAIN", "TOKEN"], {})
    assert "aHVudGVyMg" not in str(found)
    assert "hunter2" not in str(found)


def test_a_variable_is_sealed_by_a_later_secret() -> None:
    """Whichever names it last decides whether it is known."""
    found = _options(
        config_map("known", namespace=NAMESPACE, data={"a": "1", "b": "1"}),
        secret("unknown", namespace=NAMESPACE, data={"b": "Yg==", "c": "Yw=="}),
        postBuild={
            "substituteFrom": [_variables("known"), _variables("unknown", "Secret")],
            "substitute": {"c": "3"},
        },
    )
    assert (found["substitute"], found["sealed"]) == ({"a": "1", "c": "3"}, ["b"])


@pytest.mark.parametrize("value", [f"app.{SEALED}", "ENC[AES256_GCM,data:x]"])
def test_a_variable_made_of_what_is_sealed_is_sealed(value: str) -> None:
    """What an outer substitution or SOPS hid stays hidden."""
    found = _options(postBuild={"substitute": {"HOST": value}})
    assert (found["substitute"], found["sealed"]) == ({}, ["HOST"])


@pytest.mark.parametrize("kind", ["ConfigMap", "Secret"])
def test_missing_variables_may_be_optional(kind: str) -> None:
    """What is optional and absent defines nothing."""
    post = {"substituteFrom": [_variables("gone", kind, optional=True)]}
    assert "substitution" not in _options(postBuild=post)


def test_an_overlay_made_of_what_is_sealed_is_a_dead_end() -> None:
    """A namespace or a patch that holds a secret value is known to nobody."""
    said = reason(read_kustomization, kustomization(targetNamespace=f"a-{SEALED}"), git())
    assert said == "its spec holds what is encrypted or comes from a Secret"
