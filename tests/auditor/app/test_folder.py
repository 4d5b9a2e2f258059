"""A folder that ``auditor diff`` looks at tells who declared what lies there as it was committed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from auditor.app.folders import FolderRepository
from auditor.domain.history import Passage
from auditor.errors import SourceUnavailable
from auditor.sources.git.directory import open_checkout, open_directory


def folder(path: Path) -> FolderRepository:
    checkout = open_checkout(path)
    history = checkout.history if checkout else None
    return FolderRepository("platform", open_directory(path)[0], history)


def commit(path: Path, text: str) -> str:
    """Commit a file of a repository, which is made if it is not there."""
    path.write_text(text)
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    for command in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "-m", text)):
        subprocess.run(("git", *who, *command), cwd=path.parent, check=True)
    done = subprocess.run(
        ("git", "rev-parse", "HEAD"), cwd=path.parent, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


async def test_a_committed_file_has_its_commit(tmp_path: Path) -> None:
    """The one that changed it last, not the one that is checked out."""
    declared = commit(tmp_path / "web.yaml", "x: 1\n")
    commit(tmp_path / "other.yaml", "y: 1\n")
    repository = folder(tmp_path)

    head = (await repository.heads()).at()

    assert repository.last_change(head, Passage("web.yaml", 1)).id == declared


@pytest.mark.parametrize("name", ["web.yaml", "new.yaml"])
async def test_what_is_not_committed_has_none(tmp_path: Path, name: str) -> None:
    """Nobody has declared it yet but whoever works there."""
    commit(tmp_path / "web.yaml", "x: 1\n")
    (tmp_path / name).write_text("x: 2\n")
    repository = folder(tmp_path)

    with pytest.raises(SourceUnavailable, match="is not committed as it lies here"):
        repository.last_change((await repository.heads()).at(), Passage(name, 1))


async def test_a_folder_without_history_has_none(tmp_path: Path) -> None:
    """It is no checkout."""
    (tmp_path / "web.yaml").write_text("x: 1\n")
    repository = folder(tmp_path)

    with pytest.raises(SourceUnavailable):
        repository.last_change((await repository.heads()).at(), Passage("web.yaml"))
