"""Where the files of a Flux source come from."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.domain.gitops.branch import Mount
from auditor.domain.gitops.flux_kustomization import read_kustomization
from auditor.domain.manifest import SEALED
from tests.auditor.domain.gitops.flux_objects import branch, git, kustomization, reason, source

PLATFORM = "https://git.example.com/platform"


def _mounts(*around: dict[str, Any], **spec: Any) -> tuple[Mount, ...]:
    return branch(read_kustomization, kustomization(**spec), *around).files


def _git_mounts(**spec: Any) -> list[tuple[str, str]]:
    return [(mount.under, mount.at) for mount in _mounts(git(**spec))]


def test_a_repository_is_seen_whole_at_its_branch() -> None:
    """A GitRepository is its url at its branch."""
    assert _mounts(git()) == (Mount(url=PLATFORM, revision="refs/heads/main"),)


@pytest.mark.parametrize(
    ("ref", "revision"),
    [
        (None, "refs/heads/master"),
        ({}, "refs/heads/master"),
        ({"branch": "main", "tag": "v1"}, "refs/tags/v1"),
        ({"branch": "main", "semver": ">=1.0.0"}, "semver:>=1.0.0"),
        ({"tag": "v1", "semver": ">=1.0.0"}, "refs/tags/v1"),
        ({"semver": ">=1.0.0", "name": "refs/heads/next"}, "refs/heads/next"),
        ({"name": "refs/tags/v2"}, "refs/tags/v2"),
        ({"name": "refs/pull/7/head"}, "refs/pull/7/head"),
        ({"name": "refs/heads/next", "branch": "main", "commit": "abc"}, "abc"),
    ],
)
def test_the_last_field_of_a_reference_wins(ref: Any, revision: str) -> None:
    """Branch, semver, tag, name and commit take precedence in this order; without any it is master."""
    assert _mounts(git(ref=ref))[0].revision == revision


def test_a_source_may_be_in_another_namespace() -> None:
    """A reference with a namespace is to there."""
    ref = {"kind": "GitRepository", "name": "platform", "namespace": "tenants"}
    assert _mounts(git(namespace="tenants"), sourceRef=ref)


def test_a_source_without_namespace_is_in_the_owners() -> None:
    """Without a namespace, a source elsewhere is not the one that is meant."""
    assert "GitRepository flux-system/platform is neither declared nor alive" in reason(
        read_kustomization, kustomization(), git(namespace="tenants")
    )


def test_the_bootstrap_repository_is_the_owners_own() -> None:
    """The GitRepository that bootstrapping makes need not be declared: it is where the owner lies."""
    ref = {"kind": "GitRepository", "name": "flux-system", "namespace": "flux-system"}
    assert _mounts(sourceRef=ref) == (Mount(),)


def test_the_bootstrap_repository_is_followed_where_it_says() -> None:
    """Where the bootstrap's GitRepository is known, it is taken at its word."""
    ref = {"kind": "GitRepository", "name": "flux-system"}
    url = "ssh://git@git.example.com/fleet"
    assert _mounts(git("flux-system", url=url), sourceRef=ref)[0].url == url


def _pulled(**spec: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A Kustomization of an OCIRepository, and that."""
    named = {"kind": "OCIRepository", "name": "stuff"}
    defaults = {"url": "oci://ghcr.io/org/stuff"}
    return kustomization(sourceRef=named), source("OCIRepository", "stuff", **(defaults | spec))


@pytest.mark.parametrize(
    ("ref", "revision"),
    [
        ({}, "latest"),
        ({"tag": "v1"}, "v1"),
        ({"tag": "v1", "digest": "sha256:abc"}, "sha256:abc"),
        ({"tag": "v1", "semver": ">=1.0.0", "semverFilter": ""}, "semver:>=1.0.0"),
        ({"digest": "sha256:abc", "semver": ">=1.0.0", "semverFilter": "x"}, "sha256:abc"),
    ],
)
def test_an_artifact_is_seen_at_its_tag_or_digest(ref: Any, revision: str) -> None:
    """Tag, semver and digest take precedence in this order; without any it is ``latest``."""
    files = branch(read_kustomization, *_pulled(ref=ref)).files
    assert files == (Mount(url="oci://ghcr.io/org/stuff", revision=revision),)


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"ref": {"semver": "*", "semverFilter": ".*-rc"}}, "chooses among tags by a pattern"),
        ({"layerSelector": {"mediaType": "application/x.tar+gzip"}}, "selects a layer"),
        ({"url": "ghcr.io/org/stuff"}, "has no url of the form oci://registry/path"),
        ({"ignore": "secret-*.yaml"}, "leaves out files"),
    ],
)
def test_what_of_an_artifact_is_not_read_is_a_dead_end(spec: Any, why: str) -> None:
    """Each is told by name."""
    assert why in reason(read_kustomization, *_pulled(**spec))


def test_folders_of_an_artifact_may_be_left_out() -> None:
    """As they may of a repository."""
    files = branch(read_kustomization, *_pulled(ignore="/*\n!/apps")).files
    assert [(mount.under, mount.at) for mount in files] == [("apps", "apps")]


def _stored(**spec: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A Kustomization of a Bucket, and that."""
    named = {"kind": "Bucket", "name": "stuff"}
    defaults = {"endpoint": "minio.example.com:9000", "bucketName": "shop"}
    return kustomization(sourceRef=named), source("Bucket", "stuff", **(defaults | spec))


@pytest.mark.parametrize(
    ("spec", "url"),
    [
        ({}, "s3://minio.example.com:9000/shop"),
        ({"provider": "aws", "region": "eu-west-1"}, "s3://minio.example.com:9000/shop"),
        ({"prefix": "apps/"}, "s3://minio.example.com:9000/shop/apps"),
    ],
)
def test_a_bucket_is_told_by_its_endpoint_name_and_prefix(spec: Any, url: str) -> None:
    """Whatever else it says is about how it is reached."""
    assert branch(read_kustomization, *_stored(**spec)).files == (Mount(url=url),)


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"provider": "azure"}, "is of azure, and only what speaks S3 is read"),
        ({"provider": "gcp"}, "is of gcp"),
        ({"endpoint": "https://x"}, "has no endpoint and bucketName"),
        ({"bucketName": ""}, "has no endpoint and bucketName"),
        ({"prefix": "app"}, "end it with a slash"),
    ],
)
def test_what_of_a_bucket_is_not_read_is_a_dead_end(spec: Any, why: str) -> None:
    """Each is told by name."""
    assert why in reason(read_kustomization, *_stored(**spec))


@pytest.mark.parametrize("kind", ["HelmChart", "HelmRepository"])
def test_charts_are_no_files(kind: str) -> None:
    """A Kustomization cannot be made of them."""
    named = {"kind": kind, "name": "stuff"}
    said = reason(read_kustomization, kustomization(sourceRef=named), source(kind, "stuff"))
    assert said == f"{kind} flux-system/stuff holds charts, not files"


def test_an_unknown_kind_of_source_is_a_dead_end() -> None:
    """A kind that Flux does not know is named."""
    said = reason(
        read_kustomization,
        kustomization(sourceRef={"kind": "Floppy", "name": "a"}),
        source("Floppy", "a"),
    )
    assert said == "Floppy flux-system/a is no source that is known"


def test_an_owner_without_source_is_a_dead_end() -> None:
    """No reference, no files."""
    assert reason(read_kustomization, kustomization(sourceRef={})) == "it names no source"


def test_a_repository_without_url_is_a_dead_end() -> None:
    """A GitRepository without url names nothing, least of all the owner's own repository."""
    assert "names no url" in reason(read_kustomization, kustomization(), git(url=""))


def test_a_sealed_url_is_a_dead_end() -> None:
    """An address that is made with a secret value is not known."""
    said = reason(read_kustomization, kustomization(), git(url=f"https://{SEALED}/platform"))
    assert "encrypted or comes from a Secret" in said


# --- less than the whole ---------------------------------------------------------------------------


def test_a_sparse_checkout_brings_its_folders() -> None:
    """Only the folders of a sparse checkout are there."""
    assert _git_mounts(sparseCheckout=["./apps", "infra/base/"]) == [
        ("apps", "apps"),
        ("infra/base", "infra/base"),
    ]


def test_ignore_rules_that_let_folders_in_bring_these() -> None:
    """All out, some in: the usual way of writing ignore rules."""
    rules = "# exclude all\n/*\n# include\n!/apps\n!/infra/base/\n"
    assert _git_mounts(ignore=rules) == [("apps", "apps"), ("infra/base", "infra/base")]


def test_sparse_folders_and_ignore_rules_both_count() -> None:
    """What is left is what both leave."""
    rules = "/*\n!/apps/web\n!/docs"
    assert _git_mounts(sparseCheckout=["apps"], ignore=rules) == [("apps/web", "apps/web")]


@pytest.mark.parametrize(
    "rules",
    [
        "",
        "*.md",
        "**/*.png\n*.tar.gz",
        "README.md",
        ".github/",
        "/docs/",
        "/clusters/**",
        "/apps-old",
        "/apps/**/*.txt",
        "!/apps",
    ],
)
def test_ignore_rules_about_something_else_do_not_matter(rules: str) -> None:
    """Rules that cannot leave out a manifest below the path leave the repository whole."""
    assert _git_mounts(ignore=rules) == [("", "")]


@pytest.mark.parametrize(
    "rules",
    [
        "*.yaml",
        "/apps/web",
        "/apps",
        "tests/",
        "/**/secret-*",
        "/*\n!/apps\n/apps/web",
        "/*\n!*.yaml",
        "/*\n!apps/",
        "values.*",
    ],
)
def test_ignore_rules_that_single_out_manifests_are_a_dead_end(rules: str) -> None:
    """What folders cannot say is not guessed."""
    said = reason(read_kustomization, kustomization(), git(ignore=rules))
    assert said == (
        "GitRepository flux-system/platform leaves out files (spec.ignore) "
        "that cannot be told by folders"
    )


# --- included repositories -------------------------------------------------------------------------


def test_an_included_repository_appears_below_its_folder() -> None:
    """Part of one repository is seen in another."""
    include = {"repository": {"name": "shared"}, "fromPath": "./deploy/base", "toPath": "apps/base"}
    assert _mounts(git(include=[include]), git("shared")) == (
        Mount(url=PLATFORM, revision="refs/heads/main"),
        Mount(
            url="https://git.example.com/shared",
            revision="refs/heads/main",
            under="deploy/base",
            at="apps/base",
        ),
    )


def test_an_included_repository_is_called_by_its_name() -> None:
    """Without paths, all of it appears in a folder of its name."""
    mounts = _mounts(git(include=[{"repository": {"name": "shared"}}]), git("shared"))
    assert (mounts[1].under, mounts[1].at) == ("", "shared")


def test_what_an_included_repository_includes_comes_with_it() -> None:
    """An include brings the other's artifact, in which its own includes are."""
    mounts = _mounts(
        git(include=[{"repository": {"name": "a"}, "fromPath": "lib/b", "toPath": "b"}]),
        git("a", include=[{"repository": {"name": "b"}, "toPath": "lib/b"}]),
        git("b"),
    )
    seen = [(mount.url.rpartition("/")[2], mount.under, mount.at) for mount in mounts]
    assert seen == [("platform", "", ""), ("a", "lib/b", "b"), ("b", "", "b")]


def test_a_missing_include_is_a_dead_end() -> None:
    """Without an included repository the source has no content at all."""
    said = reason(
        read_kustomization, kustomization(), git(include=[{"repository": {"name": "gone"}}])
    )
    assert said == "GitRepository flux-system/gone is neither declared nor alive"


def test_repositories_that_include_each_other_are_a_dead_end() -> None:
    """A circle of includes ends."""
    said = reason(
        read_kustomization,
        kustomization(),
        git(include=[{"repository": {"name": "other"}}]),
        git("other", include=[{"repository": {"name": "platform"}}]),
    )
    assert said == "GitRepository flux-system/platform is made of itself"
