"""A revision means the ref that Argo CD or Flux would take, or says why it means none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import SourceUnavailable
from auditor.sources.git.refs import ById, Named, Refs

NAMES = (
    "HEAD",
    "refs/heads/main",
    "refs/heads/release-1.x",
    "refs/heads/both",
    "refs/heads/1.2",
    "refs/heads/deadbeef",
    "refs/tags/both",
    "refs/tags/1.0.0",
    "refs/tags/v1.0.0",
    "refs/tags/v1.1.0+1",
    "refs/tags/v1.1.0+2",
    "refs/tags/v1.2",
    "refs/tags/v1.2^{}",
    "refs/tags/v2.0.0-rc.1",
    "refs/tags/0.0.0",
    "refs/pull/7/head",
    "refs/remotes/origin/elsewhere",
)
REFS = Refs(frozenset(NAMES), repository="shop")


@pytest.mark.parametrize(
    ("revision", "name"),
    [
        ("HEAD", "HEAD"),
        ("main", "refs/heads/main"),
        ("refs/heads/main", "refs/heads/main"),
        ("heads/main", "refs/heads/main"),
        ("both", "refs/heads/both"),
        ("refs/tags/both", "refs/tags/both"),
        ("pull/7/head", "refs/pull/7/head"),
        ("elsewhere", "refs/remotes/origin/elsewhere"),
        ("refs/heads/elsewhere", "refs/remotes/origin/elsewhere"),
        ("release-1.x", "refs/heads/release-1.x"),
        ("deadbeef", "refs/heads/deadbeef"),
        ("v1.0.0", "refs/tags/v1.0.0"),
        ("1.0.0", "refs/tags/1.0.0"),
        ("1.2", "refs/heads/1.2"),
        ("v1.2", "refs/tags/v1.2"),
        ("1.x", "refs/tags/v1.2"),
        ("1.0.x", "refs/tags/1.0.0"),
        ("~1.1.0", "refs/tags/v1.1.0+1"),
        (">=1.0.0-0", "refs/tags/v2.0.0-rc.1"),
    ],
)
def test_a_revision_of_argo_cd_means_one_ref(revision: str, name: str) -> None:
    """A range its highest tag, the first of equals; all else the branch before the tag of that name."""
    assert REFS.find(revision) == Named((name,))


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ("1.x", ("refs/tags/v1.1.0+1", "refs/tags/v1.1.0+2")),
        ("1.0.0", ("refs/tags/1.0.0", "refs/tags/v1.0.0")),
        ("0.0.0", ("refs/tags/0.0.0",)),
        (">=2.0.0-0", ("refs/tags/v2.0.0-rc.1",)),
    ],
)
def test_a_range_of_flux_means_the_highest_versions(wanted: str, names: tuple[str, ...]) -> None:
    """Whole ones alone; of equals the youngest is taken, which names do not tell."""
    assert REFS.find(f"semver:{wanted}") == Named(names)


@pytest.mark.parametrize(
    ("revision", "start"),
    [
        ("0" * 40, "0" * 40),
        ("A" * 40, "a" * 40),
        ("deadbee", "deadbee"),
        ("DEADBEEF0", "deadbeef0"),
    ],
)
def test_what_looks_like_a_commit_may_be_one(revision: str, start: str) -> None:
    """Seven characters at least, if no ref has that name."""
    assert REFS.find(revision) == ById(start)


@pytest.mark.parametrize(
    ("revision", "reason"),
    [
        ("mian", "no branch or tag 'mian'. It has main; correct the name"),
        ("v1.2^{}", "no branch or tag"),
        ("dead", "no branch or tag"),
        ("0.0.0 - 0.0.0", "No tag is a version in that range"),
        ("semver:main", "'main' is no range of versions"),
        ("semver:9.x", "no tag whose version is in '9.x'"),
        ("semver:" + "9" * 500, "…"),
    ],
)
def test_what_is_not_there_says_so(revision: str, reason: str) -> None:
    """With what is near, or what to do."""
    with pytest.raises(SourceUnavailable) as caught:
        REFS.find(revision)

    assert reason in str(caught.value)
    assert len(str(caught.value)) < 200


@given(st.text(max_size=60))
def test_only_names_that_are_there_are_found(revision: str) -> None:
    """Whatever is written."""
    try:
        found = REFS.find(revision)
    except SourceUnavailable:
        return

    if isinstance(found, Named):
        assert {*found.names} <= {*NAMES}
    else:
        assert found.start == revision.lower()
