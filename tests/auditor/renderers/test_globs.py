"""Patterns of paths match what Argo CD's match."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.renderers.globs import MAX_LENGTH, Glob, GlobError
from tests.auditor.renderers.vectors import read_vectors

HEAD, *VECTORS = read_vectors("glob_vectors.jsonl")
"""What github.com/gobwas/glob v0.2.3, compiled without separators, matches of some paths."""


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: repr(vector["pattern"]))
def test_matches_as_argo_cd_does(vector: dict[str, Any]) -> None:
    """The same paths, or a refusal where it refuses."""
    if "matches" in vector:
        pattern = Glob(vector["pattern"])
        assert [path for path in HEAD["paths"] if pattern.matches(path)] == vector["matches"]
    else:
        with pytest.raises(GlobError):
            Glob(vector["pattern"])


paths = st.text("abc/.-_", min_size=1, max_size=12)


@given(paths)
def test_a_plain_path_matches_itself_alone(path: str) -> None:
    """Nothing in it is special."""
    assert Glob(path).matches(path)
    assert not Glob(path).matches(f"{path}x")


@given(paths, paths)
def test_a_star_takes_any_rest(start: str, rest: str) -> None:
    """Folders and all."""
    assert Glob(f"{start}*").matches(start + rest)


@given(st.lists(paths, min_size=1, max_size=4))
def test_braces_match_each_of_theirs(branches: list[str]) -> None:
    """Whatever their order."""
    pattern = Glob("{" + ",".join(branches) + "}.yaml")

    assert all(pattern.matches(f"{branch}.yaml") for branch in branches)


def test_no_pattern_takes_long() -> None:
    """Stars in stars cost their number times the path, and nothing worse."""
    began = time.perf_counter()

    assert not Glob("{*a,*}" * 200 + "b").matches("a" * 500)

    assert time.perf_counter() - began < 5


@pytest.mark.parametrize("pattern", ["*" * (MAX_LENGTH + 1), "{" * 30])
def test_patterns_are_bounded(pattern: str) -> None:
    """In length and in depth."""
    with pytest.raises(GlobError):
        Glob(pattern)
