"""Which configured repository or cluster is meant by what an owner writes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.domain.gitops.branch import Destination
from auditor.errors import ManifestError
from auditor.state.atlas import Anywhere, Atlas, KnownCluster, KnownRepository, plain_url

SHOP = "https://git.example.com/team/shop.git"


def atlas(*repositories: KnownRepository) -> Atlas:
    clusters = [
        KnownCluster(name="prod", aliases=frozenset({"https://10.0.0.1:6443"})),
        KnownCluster(name="edge"),
    ]
    return Atlas(repositories or [KnownRepository(name="shop", urls=(SHOP,))], clusters)


@pytest.mark.parametrize(
    "url",
    [
        SHOP,
        "https://git.example.com/team/shop",
        "https://git.example.com/team/shop/",
        "https://GIT.example.com/team/shop.git",
        "https://someone:secret@git.example.com/team/shop.git",
        "ssh://git@git.example.com/team/shop.git",
        "ssh://git@git.example.com:22/team/shop",
        "git@git.example.com:team/shop.git",
        "git.example.com:team/shop",
    ],
)
def test_the_ways_of_writing_an_address_are_one(url: str) -> None:
    """Owners rarely write an address as the configuration does."""
    assert atlas().repository(url, "") == "shop"


@pytest.mark.parametrize(
    "url",
    [
        "https://git.example.com/team/shop2",
        "https://git.example.com/shop",
        "https://git.example.org/team/shop.git",
        "https://git.example.com/Team/shop.git",
        "",
    ],
)
def test_another_address_is_another_repository(url: str) -> None:
    """Only hosts are the same in capitals."""
    with pytest.raises(ManifestError, match="is not one of the repositories"):
        atlas().repository(url, "")


def test_an_artifact_is_no_repository_of_git() -> None:
    """A forge has both at one host and path."""
    forge = atlas(
        KnownRepository(name="code", urls=("https://forge.example.com/team/shop",)),
        KnownRepository(name="apps", urls=("oci://forge.example.com/team/shop",), ref="latest"),
    )

    assert forge.repository("https://forge.example.com/team/shop.git", "") == "code"
    assert forge.repository("oci://FORGE.example.com/team/shop/", "") == "apps"


def test_an_artifact_is_followed_at_one_tag_or_digest() -> None:
    """No tag stands for another: ``main`` and ``master`` are two."""
    apps = atlas(KnownRepository(name="apps", urls=("oci://r.example.com/apps",), ref="main"))

    assert apps.repository("oci://r.example.com/apps", "main") == "apps"
    with pytest.raises(ManifestError, match="is followed at main, not at master; add it"):
        apps.repository("oci://r.example.com/apps", "master")


def test_a_bucket_is_told_by_its_host_name_and_folder() -> None:
    """Of which only the host may be written in either case."""
    url = "s3://minio.example.com:9000/shop/Apps/"
    shop = atlas(KnownRepository(name="shop", urls=(url,)))

    assert shop.repository("s3://MINIO.example.com:9000/shop/Apps", "") == "shop"
    for other in ("shop", "shop/apps", "shop/Apps/x"):
        with pytest.raises(ManifestError, match="is not one of the repositories"):
            shop.repository(f"s3://minio.example.com:9000/{other}", "")


def test_ports_tell_registries_apart() -> None:
    """Each may be another registry."""
    apps = atlas(
        KnownRepository(name="apps", urls=("oci://r.example.com:5000/apps",), ref="latest")
    )

    with pytest.raises(ManifestError, match="is not one of the repositories"):
        apps.repository("oci://r.example.com/apps", "latest")


def test_no_password_is_told() -> None:
    """An address in a manifest may hold one."""
    with pytest.raises(ManifestError) as caught:
        atlas().repository("https://me:hunter2@elsewhere.example.com/x", "")

    assert "hunter2" not in str(caught.value)


@given(st.text(max_size=40) | st.text(max_size=20).map("https://[{}".format))
def test_no_text_is_too_strange_for_an_address(url: str) -> None:
    """It is the same as itself, and else unknown."""
    assert plain_url(url) == plain_url(url)
    with pytest.raises(ManifestError):
        atlas().repository(url, "")


@pytest.mark.parametrize(
    ("ref", "asked"),
    [
        ("HEAD", ""),
        ("HEAD", "HEAD"),
        ("HEAD", "main"),
        ("HEAD", "refs/heads/master"),
        ("main", ""),
        ("main", "HEAD"),
        ("main", "main"),
        ("main", "refs/heads/main"),
        ("v1.2", "refs/tags/v1.2"),
        ("stable", "stable"),
    ],
)
def test_a_revision_may_be_the_one_that_is_followed(ref: str, asked: str) -> None:
    """By its short or full name, or as the default branch."""
    known = KnownRepository(name="shop", urls=(SHOP,), ref=ref)

    assert atlas(known).repository(SHOP, asked) == "shop"


@pytest.mark.parametrize(
    ("ref", "asked"),
    [("HEAD", "stable"), ("main", "master"), ("stable", ""), ("stable", "main"), ("v1", "v1.2")],
)
def test_a_branch_is_never_taken_for_another(ref: str, asked: str) -> None:
    """Rather nothing is known than what is on another branch."""
    known = KnownRepository(name="shop", urls=(SHOP,), ref=ref)

    with pytest.raises(ManifestError, match=f"followed at {ref}.*with ref: {asked or 'HEAD'}"):
        atlas(known).repository(SHOP, asked)


def test_a_repository_may_be_followed_at_several_revisions() -> None:
    """Each by an entry of its own."""
    both = [
        KnownRepository(name="shop", urls=(SHOP,), ref="main"),
        KnownRepository(name="shop-stable", urls=(SHOP,), ref="stable"),
    ]

    assert atlas(*both).repository(SHOP, "stable") == "shop-stable"
    assert atlas(*both).own("shop", "stable") == "shop-stable"
    assert atlas(*both).own("shop", "") == "shop"


@pytest.mark.parametrize(
    ("destination", "cluster"),
    [
        (Destination(), "home"),
        (Destination(server="https://kubernetes.default.svc"), "home"),
        (Destination(server="https://kubernetes.default.svc/"), "home"),
        (Destination(name="in-cluster"), "home"),
        (Destination(name="edge"), "edge"),
        (Destination(server="https://10.0.0.1:6443"), "prod"),
        (Destination(server="https://10.0.0.1:6443/"), "prod"),
    ],
)
def test_clusters_are_told_by_name_and_address(destination: Destination, cluster: str) -> None:
    """As Argo CD writes its own cluster, or as the configuration calls others."""
    assert atlas().cluster(destination, "home") == cluster


def test_a_cluster_that_is_not_configured_is_not_guessed() -> None:
    """With what to add."""
    with pytest.raises(ManifestError, match="moon is not one of the clusters; add it"):
        atlas().cluster(Destination(name="moon"), "home")


def test_without_a_configuration_every_cluster_goes_by_its_name() -> None:
    """For looking around only."""
    anywhere = Anywhere([], [])

    assert anywhere.cluster(Destination(name="moon"), "") == "moon"
    assert anywhere.cluster(Destination(name="in-cluster"), "here") == "here"
