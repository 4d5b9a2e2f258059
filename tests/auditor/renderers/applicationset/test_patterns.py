"""Patterns of paths fit what git, Go and doublestar say they fit."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.errors import ManifestError
from auditor.renderers.applicationset.patterns import (
    files_of_doublestar,
    files_of_git,
    fixed_part,
    folders_of_go,
)

PATHS = (
    ".a/b",
    "a-b",
    "a/b.yaml",
    "a/b/c.yaml",
    "a/b/c/d.json",
    "ab",
    "b/[a]",
    "b/a-b",
    "b/a/.x/b",
    "c",
)
PATTERNS = st.text(alphabet="ab*?/[]!^-.\\cx", min_size=1, max_size=8)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with these paths, of which only the index counts."""
    folder = tmp_path_factory.mktemp("patterns")
    subprocess.run(("git", "init", "-q", str(folder)), check=True)
    entries = "".join(f"100644 {'1' * 40}\t{path}\n" for path in PATHS)
    subprocess.run(
        ("git", "-C", str(folder), "update-index", "--index-info"),
        input=entries.encode(),
        check=True,
    )
    return folder


def git_lists(repository: Path, pattern: str) -> set[str] | None:
    """What ``git ls-files`` finds; ``None`` where it refuses the pattern."""
    command = ("git", "-C", str(repository), "ls-files", "-z", "--", pattern)
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        return None
    return {path for path in done.stdout.decode().split("\0") if path}


def chosen(pattern: str) -> set[str] | None:
    """What we find."""
    try:
        fits = files_of_git(pattern)
    except ManifestError:
        return None
    return {path for path in PATHS if fits(path)}


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pattern=PATTERNS)
def test_files_are_those_that_git_lists(repository: Path, pattern: str) -> None:
    """Whatever the pattern; what lies outside is refused by both."""
    assert chosen(pattern) == git_lists(repository, pattern)


@pytest.mark.parametrize(
    "pattern", ["", "a/**", "**/b*", "a/", "./a//b", "b/\\[a\\]", "[!a]/*", "*.yaml", "a/b"]
)
def test_usual_patterns_are_those_of_git(repository: Path, pattern: str) -> None:
    """Folders mean all below them, and stars cross slashes."""
    expected = git_lists(repository, pattern or ".")

    assert chosen(pattern) == expected
    assert expected


@pytest.mark.parametrize("pattern", [":(glob)a", ":!a", "../a", "/etc/passwd", "a[[:alpha:]]"])
def test_what_git_alone_understands_is_refused(pattern: str) -> None:
    """By name, instead of taking it for something else."""
    with pytest.raises(ManifestError):
        files_of_git(pattern)


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("a/*", "a/b", True),
        ("a/*", "a/b/c", False),
        ("*", "a/b", False),
        ("**", "a/b", False),
        ("a/?", "a/b", True),
        ("a?b", "a/b", False),
        ("a/[^b]", "a/c", True),
        ("a/[^b]", "a/b", False),
        ("a/[b-d]*", "a/cx", True),
        ("a/\\*", "a/*", True),
        ("a/[", "a/b", False),
        ("a/\\", "a/", False),
    ],
)
def test_folders_fit_as_in_go(pattern: str, path: str, *, fits: bool) -> None:
    """Stars stay in one folder; a pattern that is none fits nothing."""
    assert folders_of_go(pattern)(path) is fits


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("**/c.json", "c.json", True),
        ("**/c.json", "a/b/c.json", True),
        ("a/**/c.json", "a/c.json", True),
        ("a/**/c.json", "b/c.json", False),
        ("a/*/c.json", "a/b/x/c.json", False),
        ("a/**", "a/b/c", True),
        ("{a,b/{c,d}}/x", "b/d/x", True),
        ("{a,b}/x", "c/x", False),
        ("*.json", "a/b.json", False),
        ("a**b", "a/b", False),
    ],
)
def test_strict_files_fit_as_in_doublestar(pattern: str, path: str, *, fits: bool) -> None:
    """Stars stay in one folder, two stars cross any number of them, braces stand for either."""
    assert files_of_doublestar(pattern)(path) is fits


@pytest.mark.parametrize(
    ("pattern", "folder"),
    [
        ("a/b/c.yaml", "a/b/c.yaml"),
        ("a/b/*.yaml", "a/b"),
        ("a/{{.name}}/c.yaml", "a"),
        ("a/b[c]", "a"),
        ("*", ""),
        ("a/", "a"),
    ],
)
def test_the_fixed_part_is_where_all_matches_lie(pattern: str, folder: str) -> None:
    """As far as it is written out."""
    assert fixed_part(pattern) == folder


@pytest.mark.parametrize("read", [files_of_git, folders_of_go, files_of_doublestar])
def test_no_pattern_takes_long(read: object) -> None:
    """The kind that regular expressions choke on costs nothing."""
    pattern, path = "*a" * 400 + "b", "a" * 4000
    began = time.monotonic()

    assert callable(read)
    assert not read(pattern)(path)
    assert time.monotonic() - began < 10


def test_patterns_are_bounded() -> None:
    """In length, and in what braces stand for."""
    with pytest.raises(ManifestError, match="longer than"):
        files_of_git("a" * 1001)
    with pytest.raises(ManifestError, match="stands for more than"):
        files_of_doublestar("{a,b}" * 100)
