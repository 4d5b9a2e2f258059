"""What a Flux HelmRelease has installed, field by field."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from auditor.domain.gitops.branch import Branch, Destination, Mount
from auditor.domain.gitops.flux_helm_release import read_helm_release
from auditor.domain.manifest import SEALED
from auditor.plugins import parse_options
from auditor.renderers.helm import HelmRenderer
from tests.auditor.domain.gitops.flux_objects import branch, charts, helm_release, reason
from tests.builders import config_map, secret

LABELS = {
    "helm.toolkit.fluxcd.io/name": "web",
    "helm.toolkit.fluxcd.io/namespace": "shop",
}


def _branch(*around: dict[str, Any], **spec: Any) -> Branch:
    return branch(read_helm_release, helm_release(**spec), charts(), *around)


def _options(*around: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return dict(_branch(*around, **spec).options)


def _values(name: str, kind: str = "ConfigMap", **rest: Any) -> dict[str, Any]:
    return {"kind": kind, "name": name, **rest}


def test_a_helm_release_is_one_branch() -> None:
    """A chart of a repository needs no files."""
    assert _branch(interval="1h") == Branch(
        files=(),
        renderer="helm",
        options={
            "repository": "https://charts.example.com",
            "chart": "podinfo",
            "version": "6.7.0",
            "releaseName": "web",
            "commonMetadata": {"labels": LABELS},
        },
        namespace="shop",
        interval=timedelta(hours=1),
    )


def test_a_chart_in_git_brings_its_files() -> None:
    """The chart is at its path in the repository."""
    ref = {"kind": "GitRepository", "name": "flux-system", "namespace": "flux-system"}
    found = _branch(chart={"spec": {"chart": "./charts/web", "sourceRef": ref}})
    assert (found.files, found.path) == ((Mount(),), "charts/web")


def test_a_suspended_release_is_followed() -> None:
    """What is declared stays declared while nobody installs it."""
    assert _branch(suspend=True) == _branch()


def test_a_kubeconfig_names_the_cluster() -> None:
    """Another cluster is known by the Secret that holds the kubeconfig to it."""
    found = _branch(kubeConfig={"secretRef": {"name": "edge"}}).destination
    assert found == Destination(name="kubeconfig:shop/edge")


# --- the release -----------------------------------------------------------------------------------


def test_a_target_namespace_is_where_it_goes_and_what_it_is_called() -> None:
    """The release is named after both, and goes to the target namespace."""
    found = _branch(targetNamespace="prod")
    assert (found.namespace, found.options["releaseName"]) == ("prod", "prod-web")


def test_a_release_has_the_name_it_is_given() -> None:
    """A written name wins."""
    assert _options(targetNamespace="prod", releaseName="shop")["releaseName"] == "shop"


def test_a_long_name_is_cut_and_told_apart_by_its_hash() -> None:
    """40 characters, a dash, and 12 of the SHA-256 of the whole name."""
    found = _options(releaseName="a" * 54)["releaseName"]
    assert found == f"{'a' * 40}-a3f01b693925"
    assert len(_options(targetNamespace="n" * 50)["releaseName"]) == 53


def test_a_name_of_just_the_limit_is_kept() -> None:
    """53 characters are what Helm allows."""
    assert _options(releaseName="a" * 53)["releaseName"] == "a" * 53


# --- values ----------------------------------------------------------------------------------------


def test_values_in_place_are_handed_on() -> None:
    """Inline values are plain values."""
    assert _options(values={"replicas": 2})["values"] == {"replicas": 2}


def test_values_come_from_config_maps_in_order() -> None:
    """Each names one document, by default ``values.yaml``."""
    found = _options(
        config_map("one", data={"values.yaml": "a: 1\n"}),
        config_map("two", data={"prod.yaml": "b: 2\n"}),
        valuesFrom=[_values("one"), _values("two", valuesKey="prod.yaml")],
    )
    assert found["valuesDocuments"] == ["a: 1\n", "b: 2\n"]


@pytest.mark.parametrize(
    ("written", "parameter"),
    [
        ("2", {"name": "image.tag", "value": "2"}),
        ("'2'", {"name": "image.tag", "value": "2", "forceString": True}),
        ('"true"', {"name": "image.tag", "value": "true", "forceString": True}),
    ],
)
def test_a_value_may_go_to_a_path(written: str, parameter: dict[str, Any]) -> None:
    """With a target path it is a single value, which stays text if it is quoted."""
    found = _options(
        config_map("one", data={"tag": written}),
        valuesFrom=[_values("one", valuesKey="tag", targetPath="image.tag")],
    )
    assert found["parameters"] == [parameter]
    assert "valuesDocuments" not in found


@pytest.mark.parametrize("kind", ["ConfigMap", "Secret"])
def test_absent_values_may_be_optional(kind: str) -> None:
    """What is optional and absent gives no values."""
    found = _options(valuesFrom=[_values("gone", kind, optional=True)])
    assert "valuesDocuments" not in found


def test_an_absent_key_may_be_optional() -> None:
    """So it is with a key."""
    entry = _values("one", valuesKey="gone", optional=True)
    assert "valuesDocuments" not in _options(config_map("one"), valuesFrom=[entry])


def _refused(*around: dict[str, Any], **spec: Any) -> str:
    return reason(read_helm_release, helm_release(**spec), charts(), *around)


def test_missing_values_are_a_dead_end() -> None:
    """Without them the release is not made."""
    assert _refused(valuesFrom=[_values("gone")]) == (
        "ConfigMap shop/gone, which holds values, is neither declared nor alive"
    )


def test_a_missing_key_is_a_dead_end() -> None:
    """The key that is named must be there."""
    said = _refused(config_map("one"), valuesFrom=[_values("one")])
    assert said == "ConfigMap shop/one has no values.yaml, which should hold values"


def test_values_of_a_secret_are_a_dead_end() -> None:
    """They are not read, and nothing of them is told."""
    hidden = secret("one", data={"values.yaml": "aHVudGVyMg=="})
    said = _refused(hidden, valuesFrom=[_values("one", "Secret", optional=True)])
    assert said == "values come from Secret shop/one, which is not read"


def test_encrypted_values_are_a_dead_end() -> None:
    """A document of which a part is sealed may say anything."""
    hidden = config_map("one", data={"values.yaml": SEALED})
    assert "encrypted" in _refused(hidden, valuesFrom=[_values("one")])


def test_values_made_of_what_is_sealed_are_a_dead_end() -> None:
    """A chart may hash a value, so what it makes of an unknown one is not known."""
    said = _refused(values={"host": f"app.{SEALED}"})
    assert said == "its spec holds what is encrypted or comes from a Secret"


def test_values_of_earlier_releases_are_a_dead_end() -> None:
    """A release that keeps its values is not declared by what it says."""
    assert "preserveValues" in _refused(upgrade={"preserveValues": True})


# --- afterwards ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("install", "included"),
    [
        ({}, None),
        ({"crds": "Create"}, None),
        ({"crds": "CreateReplace"}, None),
        ({"crds": "Skip"}, False),
        ({"skipCRDs": True}, False),
    ],
)
def test_crds_are_declared_unless_they_are_skipped(install: Any, included: bool | None) -> None:  # noqa: FBT001 -- a value under test
    """A policy that installs the chart's CRDs declares them."""
    assert _options(install=install).get("includeCrds") == included


def test_post_renderers_go_to_kustomize() -> None:
    """Each is handed on with its patches and images; what it lacks is left out."""
    first = {"patches": [{"patch": "a"}], "images": [{"name": "web", "newTag": "2"}]}
    second = {"patchesStrategicMerge": [{"kind": "Service"}]}
    renderers = [{"kustomize": first}, {"kustomize": second}, {}]
    found = _options(postRenderers=renderers)["postRender"]
    assert found == [first, {"patchesStrategicMerge": ['{"kind": "Service"}']}]


def test_common_metadata_goes_on_everything() -> None:
    """Flux's own labels come on top."""
    common = {"labels": {"team": "shop"}, "annotations": {"note": "hi"}}
    assert _options(commonMetadata=common)["commonMetadata"] == {
        "labels": {"team": "shop"} | LABELS,
        "annotations": {"note": "hi"},
    }


def test_options_are_those_of_the_renderer() -> None:
    """What is handed on is what the renderer takes, whatever is written."""
    found = _options(
        config_map("one", data={"values.yaml": "a: 1", "tag": "2"}),
        values={"replicas": 2},
        valuesFrom=[_values("one"), _values("one", valuesKey="tag", targetPath="image.tag")],
        install={"crds": "Skip"},
        postRenderers=[{"kustomize": {"patchesJson6902": [{"patch": [{"op": "remove"}]}]}}],
        commonMetadata={"annotations": {"note": "hi"}},
    )
    options = parse_options(HelmRenderer, found, place="options")
    assert (options.values_documents, options.values) == (("a: 1",), {"replicas": 2})
    assert (options.parameters[0].name, options.parameters[0].value) == ("image.tag", "2")
    assert not options.include_crds
    assert options.post_render[0].patches_json6902[0]["patch"] == '[{"op": "remove"}]'
