"""A folder on disk as a tree."""

from __future__ import annotations

import os
from pathlib import Path

import pygit2
import pytest

from auditor.errors import ManifestError
from auditor.sources.git.directory import DirectoryTree, open_directory
from auditor.sources.git.omitted import MAX_FILE


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two files, inside a folder that is not part of it."""
    (tmp_path / "outside.yaml").write_text("secret")
    inside = tmp_path / "platform"
    (inside / "apps").mkdir(parents=True)
    (inside / "apps" / "b.yaml").write_text("b")
    (inside / "a.yaml").write_text("a")
    return inside


def tree(folder: Path) -> DirectoryTree:
    return DirectoryTree(folder, name="platform")


def test_files_are_listed_with_their_paths(folder: Path) -> None:
    """From the folder's root, and read the same way."""
    files = tree(folder)

    assert [blob.path for blob in files.blobs()] == ["a.yaml", "apps/b.yaml"]
    assert [blob.path for blob in files.blobs("apps")] == ["apps/b.yaml"]
    assert [blob.path for blob in files.blobs("apps/b.yaml")] == ["apps/b.yaml"]
    assert files.read("apps/b.yaml") == b"b"


def test_a_file_that_was_written_anew_has_another_id(folder: Path) -> None:
    """So that nobody takes the old content for the new."""
    before = [blob.id for blob in tree(folder).blobs()]
    (folder / "a.yaml").write_text("other")

    after = [blob.id for blob in tree(folder).blobs()]

    assert [one == other for one, other in zip(before, after, strict=True)] == [False, True]


@pytest.mark.parametrize("path", ["nothing", "..", "../outside.yaml", "/etc"])
def test_paths_outside_or_nowhere_are_refused(folder: Path, path: str) -> None:
    """A tree ends at its root."""
    with pytest.raises(ManifestError, match="no such path"):
        list(tree(folder).blobs(path))


def test_what_is_no_file_is_left_out_by_name(folder: Path) -> None:
    """Links that leave, dangle or lead to folders; pipes; big files."""
    (folder / "leaves.yaml").symlink_to(folder.parent / "outside.yaml")
    (folder / "dangles.yaml").symlink_to("nothing")
    (folder / "folder.yaml").symlink_to("apps")
    (folder / "link.yaml").symlink_to("apps/b.yaml")
    os.mkfifo(folder / "pipe.yaml")
    with (folder / "big.yaml").open("wb") as big:
        big.truncate(MAX_FILE + 1)
    files = tree(folder)

    left_out = {skipped.path for skipped in files.omitted()}

    assert left_out == {"leaves.yaml", "dangles.yaml", "folder.yaml", "pipe.yaml", "big.yaml"}
    assert [blob.path for blob in files.blobs()] == ["a.yaml", "apps/b.yaml", "link.yaml"]
    assert files.read("link.yaml") == b"b"
    with pytest.raises(ManifestError, match="leaves the repository"):
        files.read("leaves.yaml")


class TestOpening:
    def test_a_plain_folder_is_its_own_tree(self, folder: Path) -> None:
        """Named after itself, at no revision."""
        files, path = open_directory(folder)

        assert (files.repository, files.revision, path) == ("platform", "", "")

    def test_a_single_file_lies_in_its_folder(self, folder: Path) -> None:
        """``auditor diff web.yaml`` is a path like any other."""
        files, path = open_directory(folder / "apps" / "b.yaml")

        assert path == "b.yaml"
        assert files.read(path) == b"b"

    def test_inside_a_checkout_the_tree_is_the_checkout(self, folder: Path) -> None:
        """At its HEAD, with the files as they lie there, and without Git's own."""
        git = pygit2.init_repository(str(folder))
        git.index.add_all()
        author = pygit2.Signature("Ada", "ada@example.com")
        head = git.create_commit("HEAD", author, author, "m", git.index.write_tree(), [])
        (folder / "apps" / "b.yaml").write_text("not committed")

        files, path = open_directory(folder / "apps")

        assert (files.repository, files.revision, path) == ("platform", str(head), "apps")
        assert [blob.path for blob in files.blobs()] == ["a.yaml", "apps/b.yaml"]
        assert files.read("apps/b.yaml") == b"not committed"

    def test_a_checkout_without_commits_has_no_revision(self, folder: Path) -> None:
        """A repository that was just made."""
        pygit2.init_repository(str(folder))

        assert open_directory(folder)[0].revision == ""

    def test_nothing_there_is_said(self, tmp_path: Path) -> None:
        """With the path as it was typed."""
        with pytest.raises(ManifestError, match=r"nope: there is no such file or folder"):
            open_directory(tmp_path / "nope")
