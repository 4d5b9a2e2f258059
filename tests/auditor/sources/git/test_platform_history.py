"""A real platform repository, commit by commit: what is declared is what a cold start declares."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.histories import History

_TOP = "kubernetes/flux/cluster"
_URL = "https://github.com/onedr0p/home-ops"
_COMMITS = 12


@pytest.mark.corpora
@pytest.mark.usefixtures("rendering_programs")
@pytest.mark.timeout(300)
async def test_commits_in_order_declare_what_a_cold_start_declares(
    corpora: Path, tmp_path: Path
) -> None:
    """To the last field, line and owner; over all of a Flux repository and its last commits."""
    bundle = corpora / "_history" / "onedr0p+home-ops.bundle"
    commits = _clone(bundle, tmp_path / "home-ops")[-_COMMITS:]
    warm = History(tmp_path / "home-ops", tmp_path / "warm", top=_TOP, url=_URL)
    for commit in commits:
        await warm.advance(commit)

    cold = History(tmp_path / "home-ops", tmp_path / "cold", top=_TOP, url=_URL)
    await cold.advance(commits[-1])

    assert len(cold.declared()) > 400
    assert warm.declared() == cold.declared()


def _clone(bundle: Path, folder: Path) -> list[str]:
    """Clone a bundle, and return its commits, the oldest first."""
    subprocess.run(("git", "clone", "--quiet", "--bare", str(bundle), str(folder)), check=True)
    log = ("git", "-C", str(folder), "rev-list", "--reverse", "HEAD")
    return subprocess.run(log, check=True, capture_output=True, text=True).stdout.split()
