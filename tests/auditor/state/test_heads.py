"""Sources are told apart from Git by where the repositories are that they fetch."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from auditor.domain.history import CONFIGURED
from auditor.domain.pair import Head
from auditor.state.heads import Heads
from auditor.state.roots import Edition
from tests.builders import live, obj
from tests.doubles import START
from tests.neighbours import ATLAS, URL

SOURCES = "source.toolkit.fluxcd.io"
MAIN = Edition("platform", "refs/heads/main")
LATER = START + timedelta(minutes=5)


def source(url: str = URL, api: str = f"{SOURCES}/v1", **ref: str) -> dict[str, Any]:
    return obj(api, "GitRepository", "platform", "ops", spec={"url": url, "ref": ref})


@pytest.fixture
def heads() -> Heads:
    """The repository was at one commit and moved to another."""
    known = Heads(ATLAS)
    for edition in (MAIN, Edition("platform", CONFIGURED)):
        known.note(edition, "a", START)
        known.note(edition, "b", LATER)
    return known


def test_moves_are_remembered_with_their_time(heads: Heads) -> None:
    """The newest last; the same commit once more is no move."""
    assert not heads.note(MAIN, "b", LATER + timedelta(hours=1))
    assert heads.of(live(source(branch="main"))) == (
        Head(commit="a", since=START),
        Head(commit="b", since=LATER),
    )


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(source("https://elsewhere.example.com/x", branch="main"), id="not configured"),
        pytest.param(source(branch="next"), id="another branch"),
        pytest.param(source(semver=">=1"), id="a range that nobody asks for"),
        pytest.param(source("", branch="main"), id="no address"),
        pytest.param(source(api="example.com/v1", branch="main"), id="another kind of that name"),
    ],
)
def test_what_is_not_followed_has_none(heads: Heads, body: dict[str, Any]) -> None:
    """Nobody here knows where that is."""
    assert heads.of(live(body)) == ()
    assert heads.of(None) == ()


def application(**spec: Any) -> dict[str, Any]:
    return obj("argoproj.io/v1alpha1", "Application", "shop", "argocd", spec=spec)


def test_an_application_is_told_by_its_source(heads: Heads) -> None:
    """If it has one, and that is followed."""
    one = {"repoURL": URL, "targetRevision": "main", "path": "shop"}

    assert heads.of(live(application(source=one)))[-1].commit == "b"
    assert heads.of(live(application(source=one | {"targetRevision": "v1"}))) == ()
    assert heads.of(live(application(source=one | {"chart": "web"}))) == ()
    assert heads.of(live(application(source=one, sources=[one, one]))) == ()
    assert heads.of(live(application(source=one, sourceHydrator={}))) == ()


def test_before_the_first_look_there_is_none() -> None:
    """The head is not known yet."""
    known = Heads(ATLAS)

    assert not known.note(MAIN, "", START)
    assert known.of(live(source(branch="main"))) == ()


def test_not_all_moves_are_kept(heads: Heads) -> None:
    """Only the last ones."""
    for number in range(1_000):
        heads.note(MAIN, str(number), LATER)

    assert len(heads.of(live(source(branch="main")))) < 1_000
