"""Revisions of anything are kept as commits, under their own ids."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from auditor.domain.history import Passage
from auditor.errors import SourceUnavailable
from auditor.ports import Tree
from auditor.sources.git.shelf import Entry, Revision, Shelf
from tests.doubles import START


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "shelf.git", name="apps")


def put(shelf: Shelf, id_: str, files: Mapping[str, str], *, line: str = "main") -> None:
    entries = [Entry(path=path, content=io.BytesIO(text.encode())) for path, text in files.items()]
    shelf.put(Revision(id=id_, author="Ada", made=START), entries, line=line)


def test_a_revision_is_told_by_its_own_id(shelf: Shelf) -> None:
    """The commit behind it is shown to nobody."""
    put(shelf, "sha256:1", {"a.yaml": "1"})
    tree: Tree = shelf.tree("sha256:1")

    assert (tree.repository, tree.revision) == ("apps", "sha256:1")
    assert shelf.described("sha256:1").id == "sha256:1"
    assert shelf.last_change("sha256:1", Passage("a.yaml")).id == "sha256:1"


def test_it_is_there_after_a_restart(shelf: Shelf, tmp_path: Path) -> None:
    """Whoever opens it anew finds all of it."""
    put(shelf, "one", {"a.yaml": "1"})
    again = Shelf(tmp_path / "shelf.git", name="apps")

    assert again.has("one")
    assert again.tree("one").read("a.yaml") == b"1"
    assert not again.has("two")


def test_lines_have_histories_of_their_own(shelf: Shelf) -> None:
    """What came on one tag was not there before on another."""
    put(shelf, "one", {"a.yaml": "1"}, line="stable")
    put(shelf, "two", {"a.yaml": "1", "b.yaml": "1"}, line="edge")
    put(shelf, "three", {"a.yaml": "1", "b.yaml": "2"}, line="stable")

    assert shelf.last_change("two", Passage("a.yaml")).id == "two"
    assert shelf.last_change("three", Passage("a.yaml")).id == "one"


def test_going_back_and_on_from_there_is_told(shelf: Shelf) -> None:
    """A tag that was moved back, and then to something new."""
    put(shelf, "one", {"a.yaml": "1"})
    put(shelf, "two", {"a.yaml": "2"})
    shelf.follow("one", line="main")
    put(shelf, "three", {"a.yaml": "1", "b.yaml": "1"})

    assert shelf.last_change("three", Passage("a.yaml")).id == "one"


def test_a_broken_revision_counts_as_absent(shelf: Shelf, tmp_path: Path) -> None:
    """And is put there anew."""
    put(shelf, "one", {"a.yaml": "1"})
    for file in (tmp_path / "shelf.git" / "objects").rglob("*"):
        if file.is_file():
            file.unlink()
    again = Shelf(tmp_path / "shelf.git", name="apps")

    assert not again.has("one")
    put(again, "one", {"a.yaml": "1"})
    assert again.has("one")
    assert again.tree("one").read("a.yaml") == b"1"


@pytest.mark.parametrize(
    "files", [{"a": "1", "a/b": "1"}, {"a/b": "1", "a": "1"}, {".GIT/config": "1"}]
)
def test_what_no_tree_can_hold_is_refused(shelf: Shelf, files: dict[str, str]) -> None:
    """As a whole, and nothing is kept."""
    with pytest.raises(SourceUnavailable, match="cannot be kept"):
        put(shelf, "one", files)
    assert not shelf.has("one")


@pytest.mark.parametrize("author", ["", "A <x@example.com>", "a\nb", "\0", "<>", "x" * 1000])
def test_anybody_may_have_made_it(shelf: Shelf, author: str) -> None:
    """Whatever a server says of the author, it is a name."""
    shelf.put(Revision(id="one", author=author, made=START), [], line="main")

    told = shelf.described("one").author
    assert told
    assert not set(told) & set("<>\n\0")


def test_a_moment_before_git_is_told_as_its_first(shelf: Shelf) -> None:
    """Builds that can be repeated date what they make at the beginning of time."""
    made = datetime(1970, 1, 1, tzinfo=UTC) - timedelta(days=1)
    shelf.put(Revision(id="one", author="Ada", made=made), [], line="main")

    assert shelf.described("one").authored == datetime(1970, 1, 1, tzinfo=UTC)


def test_links_are_followed_inside_and_left_out_outside(shelf: Shelf) -> None:
    """As in a repository of Git."""
    entries = [
        Entry(path="a.yaml", content=io.BytesIO(b"1")),
        Entry(path="in.yaml", content=io.BytesIO(b"a.yaml"), is_link=True),
        Entry(path="out.yaml", content=io.BytesIO(b"/etc/passwd"), is_link=True),
    ]
    shelf.put(Revision(id="one", author="", made=START), entries, line="main")
    tree = shelf.tree("one")

    assert [blob.path for blob in tree.blobs()] == ["a.yaml", "in.yaml"]
    assert [skipped.path for skipped in tree.omitted()] == ["out.yaml"]
