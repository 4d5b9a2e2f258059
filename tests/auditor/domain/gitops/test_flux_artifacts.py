"""What an ArtifactGenerator makes of its sources' folders."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.domain.gitops.branch import Mount
from auditor.domain.gitops.flux_kustomization import read_kustomization
from tests.auditor.domain.gitops.flux_objects import (
    branch,
    generator,
    git,
    kustomization,
    reason,
    source,
)

OWNER = kustomization(sourceRef={"kind": "ExternalArtifact", "name": "apps"}, path="./production")


def copy(origin: str, to: str, **rest: Any) -> dict[str, Any]:
    """One copying."""
    return {"from": origin, "to": to, **rest}


def seen(*copies: dict[str, Any]) -> list[tuple[str, str]]:
    """Where which folders of the repository are seen."""
    mounts = branch(read_kustomization, OWNER, generator(*copies), git()).files
    return [(mount.under, mount.at) for mount in mounts]


def test_folders_of_a_repository_are_put_together() -> None:
    """The files below a folder appear below another."""
    assert seen(
        copy("@git/apps/base/**", "@artifact/base/"),
        copy("@git/apps/production/**", "@artifact/production/"),
    ) == [("apps/base", "base"), ("apps/production", "production")]


@pytest.mark.parametrize(
    ("origin", "to", "mount"),
    [
        ("@git/**", "@artifact/", ("", "")),
        ("@git/*", "@artifact/all", ("", "all")),
        ("@git/", "@artifact/", ("", "")),
        ("@git/./", "@artifact/sub/", ("", "sub")),
        ("@git/infra/**", "@artifact/", ("infra", "")),
        ("@git/infra/**", "@artifact/deep/down", ("infra", "deep/down")),
        ("@git/charts/web/", "@artifact/", ("charts/web", "web")),
        ("@git/charts/web", "@artifact/", ("charts/web", "web")),
        ("@git/charts/web/", "@artifact/charts", ("charts/web", "charts/web")),
        ("@git/a/values.yaml", "@artifact/b/", ("a/values.yaml", "b/values.yaml")),
        ("@git/a/prod.yaml", "@artifact/web/values.yaml", ("a/prod.yaml", "web/values.yaml")),
    ],
)
def test_copying_is_like_cp(origin: str, to: str, mount: tuple[str, str]) -> None:
    """A folder arrives under its name, its contents without it, a file as what it is called."""
    assert seen(copy(origin, to)) == [mount]


@pytest.mark.parametrize(
    "copying",
    [
        copy("@git/apps/*.yaml", "@artifact/"),
        copy("@git/apps/*", "@artifact/"),
        copy("@git/*/base/**", "@artifact/"),
        copy("@git/apps", "@artifact/apps"),
        copy("@git/apps/**", "@artifact/", exclude=["**/testdata/**"]),
        copy("@git/web.tgz", "@artifact/", strategy="Extract"),
    ],
)
def test_what_depends_on_files_is_a_dead_end(copying: dict[str, Any]) -> None:
    """Where the files decide what is copied, folders cannot tell."""
    said = reason(read_kustomization, OWNER, generator(copying), git())
    assert said == (
        f"ExternalArtifact flux-system/apps, copying {copying['from']} to {copying['to']}: "
        "folders cannot tell which files that is"
    )


def test_leaving_out_what_is_no_manifest_does_not_matter() -> None:
    """Excluded pictures and prose would not be rendered anyway."""
    assert seen(copy("@git/apps/**", "@artifact/", exclude=["*.md", "**/*.png"])) == [("apps", "")]


def test_merging_into_nothing_is_copying() -> None:
    """Where nothing was copied before, there is nothing to merge with."""
    assert seen(
        copy("@git/web/", "@artifact/"),
        copy("@git/prod.yaml", "@artifact/other/values.yaml", strategy="Merge"),
    ) == [("web", "web"), ("prod.yaml", "other/values.yaml")]


def test_merging_into_what_may_be_there_is_a_dead_end() -> None:
    """A merged file is in no repository."""
    made = generator(
        copy("@git/web/", "@artifact/"),
        copy("@git/prod.yaml", "@artifact/web/values.yaml", strategy="Merge"),
    )
    assert "may be merged" in reason(read_kustomization, OWNER, made, git())


@pytest.mark.parametrize(
    "copying",
    [{}, copy("apps/**", "@artifact/"), copy("@git/apps/**", "apps/"), copy("@git", "@artifact/")],
)
def test_a_copying_of_another_form_is_a_dead_end(copying: dict[str, Any]) -> None:
    """The generator refuses it, and so it makes nothing."""
    said = reason(read_kustomization, OWNER, generator(copying), git())
    assert "not of the form @alias/path to @artifact/path" in said


def test_an_unknown_alias_is_a_dead_end() -> None:
    """A copying needs a source."""
    made = generator(copy("@other/apps/**", "@artifact/"))
    assert "the generator has no source other" in reason(read_kustomization, OWNER, made, git())


def test_an_artifact_that_nothing_makes_is_a_dead_end() -> None:
    """An artifact is made by the generator that lists it, in its own namespace."""
    made = generator(copy("@git/**", "@artifact/"), artifact="other")
    assert reason(read_kustomization, OWNER, made, git()) == (
        "ExternalArtifact flux-system/apps is made by no ArtifactGenerator"
    )


def test_an_artifact_that_somebody_else_makes_is_a_dead_end() -> None:
    """An ExternalArtifact that is there without a generator was made by another tool."""
    said = reason(read_kustomization, OWNER, source("ExternalArtifact", "apps"))
    assert said == "ExternalArtifact flux-system/apps is made by nothing that is known"


def test_a_registry_among_the_sources_is_read() -> None:
    """What is copied from an artifact is seen where it is copied to."""
    sources = [{"alias": "oci", "kind": "OCIRepository", "name": "stuff"}]
    made = generator(copy("@oci/**", "@artifact/"), sources=sources)
    found = source("OCIRepository", "stuff", url="oci://ghcr.io/org/stuff")
    files = branch(read_kustomization, OWNER, made, found).files
    assert files == (Mount(url="oci://ghcr.io/org/stuff", revision="latest"),)


def test_an_artifact_may_be_made_of_another() -> None:
    """Artifacts are sources of generators, too."""
    first = generator(copy("@git/apps/**", "@artifact/all/"), artifact="first")
    second = generator(
        copy("@made/all/web/**", "@artifact/production/"),
        sources=[{"alias": "made", "kind": "ExternalArtifact", "name": "first"}],
    )
    second["metadata"]["name"] = "second"
    mounts = branch(read_kustomization, OWNER, first, second, git()).files
    assert [(mount.under, mount.at) for mount in mounts] == [("apps/web", "production")]


def test_an_artifact_that_is_made_of_itself_is_a_dead_end() -> None:
    """A circle of artifacts ends."""
    sources = [{"alias": "git", "kind": "ExternalArtifact", "name": "apps"}]
    made = generator(copy("@git/**", "@artifact/"), sources=sources)
    assert "is made of itself" in reason(read_kustomization, OWNER, made)


def test_the_bootstrap_repository_may_be_a_source() -> None:
    """A generator may split the repository that the owner itself lies in."""
    sources = [{"alias": "git", "kind": "GitRepository", "name": "flux-system"}]
    made = generator(copy("@git/apps/**", "@artifact/"), sources=sources)
    assert branch(read_kustomization, OWNER, made).files == (Mount(under="apps"),)
