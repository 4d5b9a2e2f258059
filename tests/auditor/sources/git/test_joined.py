"""Trees that are made up of parts of several trees."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.domain.manifest import Origin
from auditor.errors import ManifestError
from auditor.sources.git.directory import DirectoryTree
from auditor.sources.git.joined import EmptyTree, JoinedTree, Part, seen
from auditor.state.roots import Edition, Mounted


@pytest.fixture
def joined(tmp_path: Path) -> JoinedTree:
    """A chart's repository, with the values of another one at ``$values``, and a folder moved."""
    files = {
        "charts/Chart.yaml": "chart",
        "charts/templates/web.yaml": "web",
        "values/prod/web.yaml": "values",
        "values/README.md": "read me",
        "mono/apps/base/a.yaml": "a",
        "mono/infra/b.yaml": "b",
    }
    for name, text in files.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    trees = {
        name: DirectoryTree(tmp_path / name, name=name, revision=f"{name}-1")
        for name in ("charts", "values", "mono")
    }
    mounts = (
        Mounted(repository="charts"),
        Mounted(repository="values", at="$values"),
        Mounted(repository="mono", under="apps/base", at="base"),
    )
    return JoinedTree([Part(mount, trees[mount.repository]) for mount in mounts])


def test_files_are_seen_where_they_are_mounted(joined: JoinedTree) -> None:
    """And nothing else of a repository of which only a folder is."""
    assert [blob.path for blob in joined.blobs()] == [
        "$values/README.md",
        "$values/prod/web.yaml",
        "Chart.yaml",
        "base/a.yaml",
        "templates/web.yaml",
    ]


@pytest.mark.parametrize(
    ("under", "found"),
    [
        ("$values", ["$values/README.md", "$values/prod/web.yaml"]),
        ("$values/prod", ["$values/prod/web.yaml"]),
        ("base", ["base/a.yaml"]),
        ("base/a.yaml", ["base/a.yaml"]),
        ("templates", ["templates/web.yaml"]),
    ],
)
def test_folders_are_looked_into(joined: JoinedTree, under: str, found: list[str]) -> None:
    """On either side of a mount."""
    assert [blob.path for blob in joined.blobs(under)] == found


@pytest.mark.parametrize("path", ["nowhere", "base/b.yaml", "$values/nowhere", "apps/base"])
def test_what_is_not_there_is_refused(joined: JoinedTree, path: str) -> None:
    """As in any tree."""
    with pytest.raises(ManifestError):
        list(joined.blobs(path))
    with pytest.raises(ManifestError):
        joined.read(path)


def test_content_comes_from_where_the_file_lies(joined: JoinedTree) -> None:
    """Whichever repository that is."""
    assert joined.read("$values/prod/web.yaml") == b"values"
    assert joined.read("base/a.yaml") == b"a"


def test_places_are_told_in_the_repository_s_own_words(joined: JoinedTree) -> None:
    """With its commit, and the line as it was."""
    place = Origin(repository="charts", revision="charts-1", path="base/a.yaml", line=3)

    assert joined.origin(place) == Origin(
        repository="mono", revision="mono-1", path="apps/base/a.yaml", line=3
    )


def test_of_files_that_are_copied_over_each_other_the_last_counts(tmp_path: Path) -> None:
    """As with any copying."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.yaml").write_text(name)
    parts = [
        Part(Mounted(repository=name), DirectoryTree(tmp_path / name, name=name))
        for name in ("one", "two")
    ]
    tree = JoinedTree(parts)

    assert tree.read("a.yaml") == b"two"
    assert len(list(tree.blobs())) == 1


def test_changes_are_seen_where_files_are_mounted() -> None:
    """Several times, where a repository is mounted several times; not at all, where it is not."""
    mounts = [
        Mounted(repository="mono", under="apps", at="a"),
        Mounted(repository="mono", at="all"),
        Mounted(repository="other"),
    ]

    changed = {"apps/web.yaml", "infra/b.yaml"}

    assert seen(mounts, Edition("mono"), changed) == {
        "a/web.yaml",
        "all/apps/web.yaml",
        "all/infra/b.yaml",
    }
    assert seen(mounts, Edition("third"), changed) == frozenset()


def test_the_empty_tree_has_nothing() -> None:
    """It is for what needs no files."""
    tree = EmptyTree()

    assert list(tree.blobs()) == []
    assert list(tree.omitted()) == []
    with pytest.raises(ManifestError):
        tree.blobs("apps")
    with pytest.raises(ManifestError):
        tree.read("a.yaml")
