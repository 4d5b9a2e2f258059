"""Two commits are found by the names that people give them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pygit2
import pytest

from auditor.errors import ConfigError
from auditor.sources.git.revisions import RevisionRange, find_range


class Clone:
    """A repository with a commit on main (0), one more there (1), and one on feature (2), checked out."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        self.commits = [self.commit("a"), self.commit("b")]
        self.git("checkout", "--quiet", "-b", "feature", "main~1")
        self.commits.append(self.commit("c"))

    @property
    def repository(self) -> pygit2.Repository:
        return pygit2.Repository(str(self.folder))

    def git(self, *arguments: str) -> str:
        who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
        done = subprocess.run(
            ("git", *who, *arguments), cwd=self.folder, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def commit(self, name: str) -> str:
        (self.folder / name).write_text(name)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", name)
        return self.git("rev-parse", "HEAD")

    def find(self, text: str) -> tuple[int, int]:
        found = find_range(self.repository, text)
        return self.commits.index(found.before), self.commits.index(found.after)


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path / "clone")


@pytest.mark.parametrize(
    ("text", "commits"),
    [
        ("main..feature", (1, 2)),
        ("main..", (1, 2)),
        ("..main", (2, 1)),
        ("main...feature", (0, 2)),
        ("main...", (0, 2)),
        (" main~1..main ", (0, 1)),
        ("feature^..feature", (0, 2)),
        ("v1..main", (0, 1)),
    ],
)
def test_revisions_are_written_as_git_does(
    clone: Clone, text: str, commits: tuple[int, int]
) -> None:
    """Branches, tags, ancestors; an empty side is HEAD; three dots begin where the two parted."""
    clone.git("tag", "--annotate", "v1", "main~1", "--message", "one")

    assert clone.find(text) == commits


def test_commits_may_be_named_by_their_ids(clone: Clone) -> None:
    """Whole or cut off."""
    first, _, last = clone.commits
    found = find_range(clone.repository, f"{first[:10]}..{last}")

    assert found == RevisionRange(text=f"{first[:10]}..{last}", before=first, after=last)


def test_a_branch_may_be_the_remotes_alone(clone: Clone, tmp_path: Path) -> None:
    """So it is where a pull request was checked out."""
    subprocess.run(("git", "clone", "--quiet", str(clone.folder), str(tmp_path / "ci")), check=True)
    found = find_range(pygit2.Repository(str(tmp_path / "ci")), "main...HEAD")

    assert (found.before, found.after) == (clone.commits[0], clone.commits[2])


@pytest.mark.parametrize("text", ["main", "", "..", "...", "main....feature"])
def test_other_texts_are_refused_with_what_to_write(clone: Clone, text: str) -> None:
    """One revision alone could mean several things."""
    with pytest.raises(ConfigError):
        find_range(clone.repository, text)


def test_one_revision_is_answered_with_two(clone: Clone) -> None:
    """The message can be copied."""
    with pytest.raises(ConfigError, match=r"Write main\.\.HEAD for .*, or main\.\.\.HEAD"):
        find_range(clone.repository, "main")


def test_an_unknown_name_is_answered_with_one_that_is_near(clone: Clone) -> None:
    """And with the folder, which may be the wrong one."""
    with pytest.raises(ConfigError, match=r"no commit 'mian' in .*clone/\. Did you mean main\?"):
        find_range(clone.repository, "mian..HEAD")
    with pytest.raises(ConfigError, match="Correct the name, or fetch it"):
        find_range(clone.repository, "0123456789..HEAD")


def test_a_name_of_something_else_is_refused(clone: Clone) -> None:
    """A file is no commit."""
    with pytest.raises(ConfigError, match="names no commit"):
        find_range(clone.repository, "HEAD:a..HEAD")


def test_an_ambiguous_id_is_refused(clone: Clone) -> None:
    """Sooner or later two objects begin alike."""
    repository = clone.repository
    seen: dict[str, str] = {}
    for number in range(10_000):
        oid = str(repository.create_blob(str(number).encode()))
        if oid[:4] in seen:
            break
        seen[oid[:4]] = oid

    with pytest.raises(ConfigError, match=r"is ambiguous.*Give more characters"):
        find_range(repository, f"{oid[:4]}..HEAD")


def test_a_shallow_checkout_says_what_to_do(clone: Clone, tmp_path: Path) -> None:
    """As CI systems make them unless told otherwise."""
    url = f"file://{clone.folder}"
    shallow = tmp_path / "shallow"
    subprocess.run(("git", "clone", "--quiet", "--depth=1", url, str(shallow)), check=True)

    with pytest.raises(ConfigError, match=r"shallow: fetch its history first .*fetch-depth: 0"):
        find_range(pygit2.Repository(str(shallow)), "main..HEAD")


def test_histories_without_a_common_commit_have_no_fork(clone: Clone) -> None:
    """Two dots compare them all the same."""
    clone.git("checkout", "--quiet", "--orphan", "other")
    clone.commits.append(clone.commit("d"))

    with pytest.raises(ConfigError, match=r"no commit in common.*Use two dots"):
        find_range(clone.repository, "main...other")
    assert clone.find("main..other") == (1, 3)


def test_an_empty_repository_has_no_revisions(tmp_path: Path) -> None:
    """Nothing was committed yet."""
    empty = pygit2.init_repository(str(tmp_path))

    with pytest.raises(ConfigError, match="no commits yet"):
        find_range(empty, "main..HEAD")
