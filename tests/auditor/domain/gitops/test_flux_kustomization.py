"""What a Flux Kustomization has applied, field by field."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from auditor.domain.gitops.branch import Branch, Destination, Mount
from auditor.domain.gitops.flux_kustomization import read_kustomization
from auditor.domain.manifest import SEALED
from auditor.plugins import parse_options
from auditor.renderers.flux import FluxRenderer
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
        files=(Mount(url="https://git.example.com/platform", revision="refs/heads/main"),),
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


@pytest.mark.parametrize("field", ["patches", "images"])
def test_lists_go_to_kustomize_as_they_are(field: str) -> None:
    """Patches and images are kustomize's own."""
    entries = [{"patch": "- op: remove", "target": {"kind": "Deployment"}}, {"name": "web"}]
    assert _overlay(**{field: entries}) == {field: entries}


def test_deprecated_patches_go_to_kustomize_as_text() -> None:
    """Where Flux takes an object, kustomize takes a text."""
    target = {"kind": "Deployment"}
    operations = [{"op": "remove", "path": "/spec"}]
    found = _overlay(
        patchesStrategicMerge=[{"kind": "Service"}],
        patchesJson6902=[
            {"target": target, "patch": operations},
            {"target": target, "patch": "- op: x"},
        ],
    )
    assert found["patchesStrategicMerge"] == ['{"kind": "Service"}']
    assert found["patchesJson6902"] == [
        {"target": target, "patch": '[{"op": "remove", "path": "/spec"}]'},
        {"target": target, "patch": "- op: x"},
    ]


def test_components_go_to_kustomize() -> None:
    """Components are paths from the path; those that are missing may be passed over."""
    found = _options(components=["../../parts/backup"], ignoreMissingComponents=True)
    assert found["overlay"] == {"components": ["../../parts/backup"]}
    assert found["ignoreMissingComponents"] is True


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
    assert found["substitute"] == {"APP": "web", "KEY": "ab"}


def test_without_variables_nothing_is_substituted() -> None:
    """An empty postBuild leaves every ``${…}`` as it is."""
    assert _options(postBuild={"substitute": {}, "substituteFrom": []}) == _options()


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
    assert found["sealed"] == ["DOMAIN", "TOKEN"]
    assert "substitute" not in found
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
    assert found["sealed"] == ["HOST"]
    assert "substitute" not in found


def test_missing_variables_may_be_optional() -> None:
    """A ConfigMap that is optional and absent defines nothing."""
    post = {"substituteFrom": [_variables("gone", optional=True)]}
    assert _options(postBuild=post) == _options()


@pytest.mark.parametrize("optional", [True, False])
def test_a_secret_that_is_not_seen_may_set_any_variable(optional: bool) -> None:  # noqa: FBT001 -- a value under test
    """It may be there all the same, so that only what wins over it is known."""
    found = _options(
        config_map("before", namespace=NAMESPACE, data={"a": "1", "b": "1"}),
        config_map("after", namespace=NAMESPACE, data={"b": "2"}),
        postBuild={
            "substituteFrom": [
                _variables("before"),
                _variables("gone", "Secret", optional=optional),
                _variables("after"),
            ],
            "substitute": {"c": "3"},
        },
    )
    assert (found["substitute"], found["sealOthers"]) == ({"b": "2", "c": "3"}, True)


def test_an_overlay_made_of_what_is_sealed_is_a_dead_end() -> None:
    """A namespace or a patch that holds a secret value is known to nobody."""
    said = reason(read_kustomization, kustomization(targetNamespace=f"a-{SEALED}"), git())
    assert said == "its spec holds what is encrypted or comes from a Secret"


def test_options_are_those_of_the_renderer() -> None:
    """What is handed on is what the renderer takes, whatever is written."""
    found = _options(
        secret("hidden", namespace=NAMESPACE),
        targetNamespace="shop",
        patches=[{"patch": "a"}],
        components=["../c"],
        ignoreMissingComponents=True,
        commonMetadata={"annotations": {"note": "hi"}},
        decryption={"provider": "sops"},
        postBuild={
            "substitute": {"a": "1"},
            "substituteFrom": [_variables("hidden", "Secret"), _variables("gone", "Secret")],
        },
    )
    options = parse_options(FluxRenderer, found, place="options")
    assert (options.substitute, options.sealed) == ({"a": "1"}, {"password"})
    assert options.seal_others
    assert options.decryption
    assert options.ignore_missing_components
