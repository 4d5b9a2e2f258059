"""Which configured repository or cluster is meant by what an owner writes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.domain.gitops.branch import Destination
from auditor.errors import ManifestError
from auditor.state.atlas import Anywhere, Atlas, KnownCluster, KnownRepository, plain_url
from auditor.state.roots import Edition

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
    assert atlas().edition(url, "").repository == "shop"


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
        atlas().edition(url, "")


def test_an_artifact_is_no_repository_of_git() -> None:
    """A forge has both at one host and path."""
    forge = atlas(
        KnownRepository(name="code", urls=("https://forge.example.com/team/shop",)),
        KnownRepository(name="apps", urls=("oci://forge.example.com/team/shop",), ref="latest"),
    )

    assert forge.edition("https://forge.example.com/team/shop.git", "") == Edition("code")
    assert forge.edition("oci://FORGE.example.com/team/shop/", "latest") == Edition("apps")


def test_an_artifact_is_had_at_every_tag_and_digest() -> None:
    """No tag stands for another: ``main`` and ``master`` are two."""
    apps = atlas(KnownRepository(name="apps", urls=("oci://r.example.com/apps",), ref="main"))

    assert apps.edition("oci://r.example.com/apps", "main") == Edition("apps")
    assert apps.edition("oci://r.example.com/apps", "master") == Edition("apps", "master")


def test_a_bucket_is_told_by_its_host_name_and_folder() -> None:
    """Of which only the host may be written in either case."""
    url = "s3://minio.example.com:9000/shop/Apps/"
    shop = atlas(KnownRepository(name="shop", urls=(url,)))

    assert shop.edition("s3://MINIO.example.com:9000/shop/Apps", "") == Edition("shop")
    for other in ("shop", "shop/apps", "shop/Apps/x"):
        with pytest.raises(ManifestError, match="is not one of the repositories"):
            shop.edition(f"s3://minio.example.com:9000/{other}", "")


def test_ports_tell_registries_apart() -> None:
    """Each may be another registry."""
    apps = atlas(
        KnownRepository(name="apps", urls=("oci://r.example.com:5000/apps",), ref="latest")
    )

    with pytest.raises(ManifestError, match="is not one of the repositories"):
        apps.edition("oci://r.example.com/apps", "latest")


def test_no_password_is_told() -> None:
    """An address in a manifest may hold one."""
    with pytest.raises(ManifestError) as caught:
        atlas().edition("https://me:hunter2@elsewhere.example.com/x", "")

    assert "hunter2" not in str(caught.value)


@given(st.text(max_size=40) | st.text(max_size=20).map("https://[{}".format))
def test_no_text_is_too_strange_for_an_address(url: str) -> None:
    """It is the same as itself, and else unknown."""
    assert plain_url(url) == plain_url(url)
    with pytest.raises(ManifestError):
        atlas().edition(url, "")


@pytest.mark.parametrize(
    ("ref", "asked", "edition"),
    [
        ("HEAD", "", "shop"),
        ("HEAD", "HEAD", "shop"),
        ("HEAD", "main", "shop@main"),
        ("main", "", "shop@HEAD"),
        ("main", "main", "shop"),
        ("main", "refs/heads/main", "shop@refs/heads/main"),
        ("main", "v1.2", "shop@v1.2"),
        ("stable", ">=1.0 <2", "shop@>=1.0 <2"),
        ("*", "v1.2", "shop"),
        ("*", "", "shop"),
    ],
)
def test_a_repository_is_followed_at_what_is_asked_for(ref: str, asked: str, edition: str) -> None:
    """Only the server knows what its default branch is; a folder is what lies there."""
    known = KnownRepository(name="shop", urls=(SHOP,), ref=ref)

    assert str(atlas(known).edition(SHOP, asked)) == edition


def test_a_repository_may_be_configured_several_times() -> None:
    """The entry counts that follows what is asked for, else the first one."""
    both = [
        KnownRepository(name="shop", urls=(SHOP,), ref="main"),
        KnownRepository(name="shop-stable", urls=(SHOP,), ref="stable"),
    ]

    assert atlas(*both).edition(SHOP, "stable") == Edition("shop-stable")
    assert atlas(*both).edition(SHOP, "main") == Edition("shop")
    assert atlas(*both).edition(SHOP, "v1") == Edition("shop", "v1")


def test_a_very_long_revision_is_none() -> None:
    """Nobody reads all of it, neither here nor in the message."""
    with pytest.raises(ManifestError, match="no more than 512 characters") as caught:
        atlas().edition(SHOP, "x" * 1_000_000)

    assert len(str(caught.value)) < 100


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
