"""Where the chart of a HelmRelease comes from."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.domain.gitops.branch import Branch, Mount
from auditor.domain.gitops.flux_helm_release import read_helm_release
from tests.auditor.domain.gitops.flux_objects import (
    NAMESPACE,
    branch,
    charts,
    generator,
    git,
    helm_release,
    reason,
    source,
)

ADDRESS = ("repository", "chart", "version")


def _templated(*around: dict[str, Any], **template: Any) -> Branch:
    return branch(read_helm_release, _release(**template), *around)


def _release(**template: Any) -> dict[str, Any]:
    ref = {"kind": "HelmRepository", "name": "charts"}
    return helm_release(chart={"spec": {"chart": "podinfo", "sourceRef": ref} | template})


def _in_git(**template: Any) -> dict[str, Any]:
    ref = {"kind": "GitRepository", "name": "platform", "namespace": NAMESPACE}
    return _release(chart="charts/web", sourceRef=ref, **template)


def _address(found: Branch) -> tuple[Any, ...]:
    return tuple(found.options[name] for name in ADDRESS)


def _registry(ref: Any, *, url: str = "oci://ghcr.io/org/charts/web") -> tuple[Any, Any]:
    owner = helm_release(chartRef={"kind": "OCIRepository", "name": "web"})
    return owner, source("OCIRepository", "web", namespace="shop", url=url, ref=ref)


# --- chart repositories ----------------------------------------------------------------------------


def test_a_chart_is_at_its_repository() -> None:
    """A range of versions is handed on."""
    found = _templated(charts(), version=">=6.0.0 <7.0.0")
    assert _address(found) == ("https://charts.example.com", "podinfo", ">=6.0.0 <7.0.0")


def test_without_version_it_is_the_latest() -> None:
    """The latest stable one, which helm writes as a star."""
    assert _templated(charts()).options["version"] == "*"


@pytest.mark.parametrize("name", ["podinfo", "apps/podinfo"])
def test_a_repository_may_be_a_registry(name: str) -> None:
    """The chart's name goes on where the registry's url ends."""
    registry = charts(url="oci://ghcr.io/org/", type="oci")
    found = _templated(registry, chart=name, version="1.0.0")
    assert "/".join(_address(found)[:2]) == f"oci://ghcr.io/org/{name}"
    assert found.options["chart"] == "podinfo"


def test_values_files_may_lie_in_a_fetched_chart() -> None:
    """They are named from the root of the chart."""
    files = ["values.yaml", "./ci/values-prod.yaml"]
    found = _templated(charts(), valuesFiles=files)
    assert found.options["valuesFiles"] == ["values.yaml", "ci/values-prod.yaml"]


def test_values_files_without_a_fetched_charts_own_are_a_dead_end() -> None:
    """They stand for the chart's own values, which helm itself always adds."""
    said = reason(read_helm_release, _release(valuesFiles=["values-prod.yaml"]), charts())
    assert said == "its valuesFiles replace the chart's own values.yaml"


def test_a_missing_repository_is_a_dead_end() -> None:
    """Only what is declared or alive has an address."""
    said = reason(read_helm_release, helm_release())
    assert said == "HelmRepository shop/charts is neither declared nor alive"


# --- Git -------------------------------------------------------------------------------------------


def test_a_chart_in_git_has_no_version() -> None:
    """The version is what the repository holds."""
    found = branch(read_helm_release, _in_git(version="1.0.0"), git())
    assert found.files == (
        Mount(url="https://git.example.com/platform", revision="refs/heads/main"),
    )
    assert found.path == "charts/web"
    assert not set(ADDRESS) & set(found.options)


def test_values_files_are_from_the_source() -> None:
    """They are named from the root of the repository, the chart's own among them."""
    files = ["./charts/web/values.yaml", "prod/values.yaml"]
    found = branch(
        read_helm_release, _in_git(valuesFiles=files, ignoreMissingValuesFiles=True), git()
    )
    assert found.options["valuesFiles"] == ["/charts/web/values.yaml", "/prod/values.yaml"]
    assert found.options["ignoreMissingValuesFiles"] is True


def test_a_single_values_file_comes_first() -> None:
    """The deprecated field is merged before the list."""
    owner = _in_git(valuesFile="charts/web/values.yaml", valuesFiles=["prod.yaml"])
    found = branch(read_helm_release, owner, git())
    assert found.options["valuesFiles"] == ["/charts/web/values.yaml", "/prod.yaml"]


def test_values_files_without_the_charts_own_are_a_dead_end() -> None:
    """They stand for the chart's own values, which helm itself always adds."""
    said = reason(read_helm_release, _in_git(valuesFiles=["prod.yaml"]), git())
    assert said == "its valuesFiles replace the chart's own values.yaml"


def test_a_chart_may_lie_in_a_bucket() -> None:
    """At its path, as in a repository."""
    ref = {"kind": "Bucket", "name": "stuff"}
    bucket = source("Bucket", "stuff", namespace="shop", endpoint="s3.io", bucketName="shop")
    found = branch(read_helm_release, _release(sourceRef=ref), bucket)
    assert (found.files, found.path) == ((Mount(url="s3://s3.io/shop"),), "podinfo")


def test_a_release_without_chart_is_a_dead_end() -> None:
    """Nothing is installed that has no name."""
    assert reason(read_helm_release, _release(chart=""), charts()) == "it names no chart"
    assert reason(read_helm_release, helm_release(chart={})) == "it names no source"


# --- references ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ref", "version"),
    [
        ({"tag": "5.1.0"}, "5.1.0"),
        ({"tag": "v5.1.0"}, "v5.1.0"),
        ({"tag": "5.1.0_build.7"}, "5.1.0+build.7"),
        ({"tag": "5.1.0", "semver": "5.x"}, "5.x"),
        ({"tag": "5.1.0", "digest": "sha256:abc"}, "5.1.0"),
        ({"tag": "5.1.0", "semver": "5.x", "digest": "sha256:abc"}, "5.1.0"),
        ({"tag": "5.1.0@sha256:abc"}, "5.1.0"),
        ({"semver": ">= 1.8.0-rc.0"}, ">= 1.8.0-rc.0"),
    ],
)
def test_a_chart_is_at_its_tag(ref: dict[str, str], version: str) -> None:
    """The last part of the url is the chart; a range wins over a tag, and a digest needs one."""
    owner, registry = _registry(ref)
    found = branch(read_helm_release, owner, registry)
    assert _address(found) == ("oci://ghcr.io/org/charts", "web", version)
    assert found.files == ()


@pytest.mark.parametrize(
    ("ref", "revision"),
    [
        (None, "latest"),
        ({"tag": "stable"}, "stable"),
        ({"tag": "stable@sha256:abc"}, "sha256:abc"),
        ({"digest": "sha256:abc"}, "sha256:abc"),
        ({"semver": "5.x", "digest": "sha256:abc"}, "sha256:abc"),
    ],
)
def test_a_chart_that_has_no_version_is_an_artifact(ref: Any, revision: str) -> None:
    """At its root, where the artifact is configured; by a version it could not be asked for."""
    owner, registry = _registry(ref)
    found = branch(read_helm_release, owner, registry)
    assert found.files == (Mount(url="oci://ghcr.io/org/charts/web", revision=revision),)
    assert found.path == ""
    assert "chart" not in found.options


def test_a_pattern_of_tags_is_a_dead_end() -> None:
    """Which tag it means is not resolved."""
    owner, registry = _registry({"semver": "5.x", "semverFilter": ".*-rc.*"})
    assert reason(read_helm_release, owner, registry) == (
        "OCIRepository shop/web chooses among tags by a pattern (spec.ref.semverFilter)"
    )


@pytest.mark.parametrize("url", ["", "https://ghcr.io/org/web", "oci://"])
def test_an_address_outside_a_registry_is_a_dead_end(url: str) -> None:
    """A registry's address names its protocol."""
    owner, registry = _registry({"tag": "1.0.0"}, url=url)
    assert "has no url of the form oci://registry/chart" in reason(
        read_helm_release, owner, registry
    )


def test_a_release_may_refer_to_a_chart_object() -> None:
    """A HelmChart says what a HelmRelease would say in place; its source is beside it."""
    ref = {"kind": "HelmRepository", "name": "charts"}
    chart = source("HelmChart", "web", chart="podinfo", version="6.x", sourceRef=ref)
    owner = helm_release(chartRef={"kind": "HelmChart", "name": "web", "namespace": NAMESPACE})
    found = branch(read_helm_release, owner, chart, charts(namespace=NAMESPACE))
    assert _address(found) == ("https://charts.example.com", "podinfo", "6.x")


def test_a_release_may_refer_to_an_artifact() -> None:
    """The chart is in the one folder at the artifact's top."""
    made = generator(
        {"from": "@git/charts/web/", "to": "@artifact/"},
        {"from": "@git/prod/values.yaml", "to": "@artifact/web/values.yaml"},
        artifact="web",
    )
    ref = {"kind": "ExternalArtifact", "name": "web", "namespace": NAMESPACE}
    found = branch(read_helm_release, helm_release(chartRef=ref), made, git())
    assert found.path == "web"
    assert [mount.at for mount in found.files] == ["web", "web/values.yaml"]


@pytest.mark.parametrize("to", ["@artifact/", "@artifact/other/"])
def test_an_artifact_without_one_folder_is_a_dead_end(to: str) -> None:
    """Where the chart is, is not guessed."""
    made = generator(
        {"from": "@git/charts/web/", "to": "@artifact/"}, {"from": "@git/prod/**", "to": to}
    )
    ref = {"kind": "ExternalArtifact", "name": "apps", "namespace": NAMESPACE}
    said = reason(read_helm_release, helm_release(chartRef=ref), made, git())
    assert said == (
        "ExternalArtifact flux-system/apps does not tell the folder that its chart is in"
    )


def test_another_kind_is_no_source_of_charts() -> None:
    """A GitRepository is not a chart."""
    owner = helm_release(chartRef={"kind": "GitRepository", "name": "platform"})
    said = reason(read_helm_release, owner, git(namespace="shop"))
    assert said == "GitRepository shop/platform is no source of charts"
