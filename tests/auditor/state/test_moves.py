"""Sources are told apart from Git by where the repositories are that they fetch."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from auditor.domain.history import CONFIGURED
from auditor.domain.pair import Head
from auditor.state.moves import Moves
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
def moves() -> Moves:
    """The repository was at one commit and moved to another."""
    known = Moves(ATLAS)
    for edition in (MAIN, Edition("platform", CONFIGURED)):
        known.note(edition, "a", START)
        known.note(edition, "b", LATER)
    return known


def test_moves_are_remembered_with_their_time(moves: Moves) -> None:
    """The newest last; the same commit once more is no move."""
    assert not moves.note(MAIN, "b", LATER + timedelta(hours=1))
    assert moves.of(live(source(branch="main"))) == (
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
def test_what_is_not_followed_has_none(moves: Moves, body: dict[str, Any]) -> None:
    """Nobody here knows where that is."""
    assert moves.of(live(body)) == ()
    assert moves.of(None) == ()


def application(**spec: Any) -> dict[str, Any]:
    return obj("argoproj.io/v1alpha1", "Application", "shop", "argocd", spec=spec)


def test_an_application_is_told_by_its_source(moves: Moves) -> None:
    """If it has one, and that is followed."""
    one = {"repoURL": URL, "targetRevision": "main", "path": "shop"}

    assert moves.of(live(application(source=one)))[-1].commit == "b"
    assert moves.of(live(application(source=one | {"targetRevision": "v1"}))) == ()
    assert moves.of(live(application(source=one | {"chart": "web"}))) == ()
    assert moves.of(live(application(source=one, sources=[one, one]))) == ()
    assert moves.of(live(application(source=one, sourceHydrator={}))) == ()


def test_before_the_first_look_there_is_none() -> None:
    """The head is not known yet."""
    known = Moves(ATLAS)

    assert not known.note(MAIN, "", START)
    assert known.of(live(source(branch="main"))) == ()


def test_not_all_moves_are_kept(moves: Moves) -> None:
    """Only the last ones."""
    for number in range(1_000):
        moves.note(MAIN, str(number), LATER)

    assert len(moves.of(live(source(branch="main")))) < 1_000
