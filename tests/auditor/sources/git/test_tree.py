"""What a commit's tree shows, and what it leaves out by name."""

from __future__ import annotations

import pytest

from auditor.errors import ManifestError, SourceUnavailable
from auditor.sources.git.local import LocalClone
from auditor.sources.git.omitted import MAX_FILE
from auditor.sources.git.repository import GitRepository
from auditor.sources.git.tree import GitTree
from tests.git_repositories import ScriptedRepository


async def tree_of(upstream: ScriptedRepository) -> GitTree:
    repository = GitRepository("platform", LocalClone(upstream.folder, ref="main"))
    return repository.tree((await repository.heads()).at())


def paths(tree: GitTree, under: str = "") -> list[str]:
    return [blob.path for blob in tree.blobs(under)]


def reasons(tree: GitTree) -> dict[str, str]:
    return {skipped.path: skipped.reason.split(":")[0] for skipped in tree.omitted()}


async def test_a_folder_shows_what_is_below_it(upstream: ScriptedRepository) -> None:
    """With paths from the repository's root."""
    upstream.commit({"apps/a.yaml": "1", "apps/deep/b.yaml": "1", "apps2/c.yaml": "1"})
    tree = await tree_of(upstream)

    assert paths(tree, "apps") == paths(tree, "apps/") == ["apps/a.yaml", "apps/deep/b.yaml"]


async def test_a_file_shows_itself(upstream: ScriptedRepository) -> None:
    """A root may be one file."""
    upstream.commit({"apps/a.yaml": "1"})

    assert paths(await tree_of(upstream), "apps/a.yaml") == ["apps/a.yaml"]


async def test_a_folder_cannot_be_read(upstream: ScriptedRepository) -> None:
    """The message says so."""
    upstream.commit({"apps/a.yaml": "1"})

    with pytest.raises(ManifestError, match=r"^apps: is a folder"):
        (await tree_of(upstream)).read("apps")


async def test_submodules_are_left_out_by_name(upstream: ScriptedRepository) -> None:
    """Another repository's content is not this one's."""
    upstream.commit({"a.yaml": "1"})
    upstream.submodule("vendor/other")
    tree = await tree_of(upstream)

    assert paths(tree) == ["a.yaml"]
    assert reasons(tree) == {"vendor/other": "is a submodule, which is not followed"}


async def test_big_files_are_left_out_by_name(upstream: ScriptedRepository) -> None:
    """And are not read either."""
    upstream.commit({"big.yaml": b"x" * (MAX_FILE + 1), "a.yaml": b"x" * MAX_FILE})
    tree = await tree_of(upstream)

    assert paths(tree) == ["a.yaml"]
    assert "larger than 8,388,608 bytes" in reasons(tree)["big.yaml"]
    with pytest.raises(ManifestError, match=r"^big\.yaml: is larger"):
        tree.read("big.yaml")


class TestLinks:
    @pytest.mark.parametrize(
        "target", ["../base/a.yaml", "./../base/./a.yaml", "../apps/../base/a.yaml", "../again"]
    )
    async def test_a_link_to_a_file_is_that_file(
        self, upstream: ScriptedRepository, target: str
    ) -> None:
        """Under its own path, with the content it points to, also through another link."""
        upstream.commit({"base/a.yaml": "text"})
        upstream.link("again", "base/a.yaml")
        upstream.link("apps/link.yaml", target)
        tree = await tree_of(upstream)

        assert paths(tree, "apps") == ["apps/link.yaml"]
        assert tree.read("apps/link.yaml") == b"text"
        assert {blob.id for blob in tree.blobs()} == {next(iter(tree.blobs("base"))).id}

    @pytest.mark.parametrize(
        ("target", "reason"),
        [
            ("/etc/passwd", "is a link that leaves the repository"),
            ("../../etc/passwd", "is a link that leaves the repository"),
            ("..", "is a link to a folder, which is not followed, as kubectl does not"),
            ("nothing.yaml", "is a link to nothing"),
            ("link.yaml", "is a link to nothing"),
            ("../out/secret.yaml", "is a link that leaves the repository"),
        ],
    )
    async def test_any_other_link_is_left_out_by_name(
        self, upstream: ScriptedRepository, target: str, reason: str
    ) -> None:
        """Out of the repository, to a folder, to nothing, to itself, through a link that leaves."""
        upstream.commit({"apps/a.yaml": "1"})
        upstream.link("out", "../../outside")
        upstream.link("apps/link.yaml", target)
        tree = await tree_of(upstream)

        assert paths(tree, "apps") == ["apps/a.yaml"]
        assert reasons(tree)["apps/link.yaml"] == reason
        with pytest.raises(ManifestError, match=r"no such path|is a folder"):
            tree.read("apps/link.yaml")

    async def test_a_root_may_lie_behind_a_link(self, upstream: ScriptedRepository) -> None:
        """``current -> releases/7`` is a habit of some."""
        upstream.commit({"releases/7/a.yaml": "1"})
        upstream.link("current", "releases/7")
        tree = await tree_of(upstream)

        assert paths(tree, "current") == ["current/a.yaml"]
        assert tree.read("current/a.yaml") == b"1"


class TestChanged:
    async def test_links_to_changed_files_are_changed(self, upstream: ScriptedRepository) -> None:
        """Whoever reads through the link reads something else now."""
        upstream.commit({"base/a.yaml": "1", "base/b.yaml": "1"})
        upstream.link("apps/a.yaml", "../base/a.yaml")
        before = upstream.link("current", "base")
        after = upstream.commit({"base/a.yaml": "2"})
        repository = GitRepository("platform", LocalClone(upstream.folder, ref="main"))
        await repository.heads()

        changed = repository.changed(before, after)

        assert changed == {"base/a.yaml", "apps/a.yaml", "current/a.yaml"}

    async def test_a_link_that_points_elsewhere_is_changed(
        self, upstream: ScriptedRepository
    ) -> None:
        """The link itself is a file that differs."""
        upstream.commit({"base/a.yaml": "1", "base/b.yaml": "1"})
        before = upstream.link("apps/a.yaml", "../base/a.yaml")
        after = upstream.link("apps/a.yaml", "../base/b.yaml")
        repository = GitRepository("platform", LocalClone(upstream.folder, ref="main"))
        await repository.heads()

        assert repository.changed(before, after) == {"apps/a.yaml"}


async def test_a_damaged_object_store_is_unavailable_not_empty(
    upstream: ScriptedRepository,
) -> None:
    """What cannot be read is no deletion; the message says what to do."""
    upstream.commit({"apps/a.yaml": "1"})
    tree = await tree_of(upstream)
    blob = next(iter(tree.blobs())).id
    (upstream.folder / "objects" / blob[:2] / blob[2:]).unlink()

    with pytest.raises(SourceUnavailable, match="git fsck"):
        list((await tree_of(upstream)).blobs())
