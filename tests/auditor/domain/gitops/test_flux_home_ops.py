"""A real repository over months: what its Flux objects call for is known at every commit."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pygit2
import pytest
from pygit2.enums import SortMode

from auditor.domain.gitops.branch import Branch, DeadEnd
from tests.auditor.domain.gitops.flux_objects import read_files

pytestmark = pytest.mark.corpora

SAMPLES = 10
EXPLAINED = {
    "ConfigMap /flux-metrics-configmap, which holds values, is neither declared nor alive",
}
"""A generator of kustomize makes it, which reading files alone does not run."""


def test_every_owner_of_a_history_leads_somewhere(corpora: Path, tmp_path: Path) -> None:
    """Ten commits spread over the history: hundreds of branches, and no dead end that is not explained."""
    repository = _clone(corpora / "_history" / "onedr0p+home-ops.bundle", tmp_path / "home.git")
    commits = list(repository.walk(repository.head.target, SortMode.TOPOLOGICAL))
    sampled = commits[:: len(commits) // (SAMPLES - 1)]
    assert len(sampled) == SAMPLES
    for commit in sampled:
        said = read_files(_files(commit.tree, ""))
        reasons = {each.reason for each in said if isinstance(each, DeadEnd)}
        assert reasons <= EXPLAINED, commit.id
        assert sum(isinstance(each, Branch) for each in said) > 100


def _clone(bundle: Path, folder: Path) -> pygit2.Repository:
    if shutil.which("git") is None:
        pytest.skip("no git on this machine to unpack a bundle with")
    subprocess.run(["git", "clone", "--quiet", "--bare", str(bundle), str(folder)], check=True)
    return pygit2.Repository(str(folder))


def _files(tree: pygit2.Tree, folder: str) -> Iterator[tuple[str, bytes]]:
    for entry in tree:
        path = f"{folder}{entry.name}"
        if isinstance(entry, pygit2.Tree):
            yield from _files(entry, f"{path}/")
        elif isinstance(entry, pygit2.Blob) and path.endswith(".yaml"):
            yield path, entry.data
