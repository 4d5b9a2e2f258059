"""Repositories on this machine are read where they lie."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from auditor.errors import SourceUnavailable
from auditor.sources.git.fetching import Remote
from auditor.sources.git.repository import GitRepository, open_repository
from tests.contracts.repository_contract import GitRepositoryContract
from tests.git_repositories import ScriptedRepository


def local(folder: Path, ref: str = "main") -> GitRepository:
    return open_repository("platform", Remote(url=str(folder), ref=ref), cache=folder / "unused")


class TestLocalClone(GitRepositoryContract):
    @pytest.fixture
    def repository(self, upstream: ScriptedRepository) -> GitRepository:
        return local(upstream.folder)


async def test_nothing_is_written(upstream: ScriptedRepository) -> None:
    """Somebody's repository is left as it is."""
    upstream.commit({"a.yaml": "1"})
    before = sorted(upstream.folder.rglob("*"))

    await local(upstream.folder).heads()

    assert sorted(upstream.folder.rglob("*")) == before


async def test_a_file_url_is_a_path(upstream: ScriptedRepository, tmp_path: Path) -> None:
    """file:// means the same as the path itself."""
    commit = upstream.commit({"a.yaml": "1"})
    remote = Remote(url=f"file://{upstream.folder}", ref="main")

    assert (await open_repository("platform", remote, cache=tmp_path).heads()).at() == commit


async def test_a_tag_can_be_followed(upstream: ScriptedRepository) -> None:
    """Also an annotated one, which is an object of its own."""
    commit = upstream.commit({"a.yaml": "1"})
    author = upstream.git[commit].author
    upstream.git.create_tag("v1", commit, upstream.git[commit].type, author, "first")
    upstream.commit({"a.yaml": "2"})

    assert (await local(upstream.folder, "v1").heads()).at() == commit


async def test_head_is_whatever_is_checked_out(upstream: ScriptedRepository) -> None:
    """Without a configured ref the repository's own HEAD counts."""
    commit = upstream.commit({"a.yaml": "1"})

    assert (await local(upstream.folder, "HEAD").heads()).at() == commit


async def test_a_folder_without_repository_is_named(tmp_path: Path) -> None:
    """The message says where it looked and what to correct."""
    with pytest.raises(SourceUnavailable, match=r"holds no readable Git repository.*Correct url"):
        await local(tmp_path / "nothing").heads()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
async def test_a_repository_of_another_owner_is_read(upstream: ScriptedRepository) -> None:
    """A worker with an account of its own reads what is mounted."""
    commit = upstream.commit({"a.yaml": "1"})
    for path in (upstream.folder, *upstream.folder.rglob("*")):
        os.chown(path, 12345, 12345)

    assert (await local(upstream.folder).heads()).at() == commit
