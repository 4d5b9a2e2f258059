"""What every `Repository` promises, whether it is read where it lies, mirrored, or recorded.

A subclass provides ``upstream`` (what commits are made in) and ``repository`` (what is tested, following
``main`` of it).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Generic, Protocol, TypeVar

import pygit2
import pytest

from auditor.domain.fieldpath import FieldPath
from auditor.domain.history import Layers, Passage
from auditor.errors import ManifestError, SourceUnavailable
from auditor.ports import Repository
from tests.doubles import START
from tests.git_repositories import File, ScriptedRepository


class Upstream(Protocol):
    """What commits are made in, whatever it is."""

    def commit(self, files: Mapping[str, File], /) -> str: ...

    def rewrite(self, files: Mapping[str, File], /) -> str: ...


U = TypeVar("U", bound=Upstream)


class RepositoryContract(Generic[U]):
    """Inherit, and provide the fixtures."""

    async def test_head_is_the_newest_commit(self, upstream: U, repository: Repository) -> None:
        """Every look finds what was committed before it."""
        first = upstream.commit({"a.yaml": "one"})
        heads = [(await repository.heads()).at()]
        second = upstream.commit({"a.yaml": "two"})
        heads.append((await repository.heads()).at())

        assert heads == [first, second]

    async def test_an_earlier_commit_stays_readable(
        self, upstream: U, repository: Repository
    ) -> None:
        """What was declared before can be rendered again."""
        first = upstream.commit({"a.yaml": "one"})
        await repository.heads()
        upstream.commit({"a.yaml": "two"})
        second = (await repository.heads()).at()

        assert repository.tree(first).read("a.yaml") == b"one"
        assert repository.tree(second).read("a.yaml") == b"two"

    async def test_changed_paths_are_those_that_differ(
        self, upstream: U, repository: Repository
    ) -> None:
        """Written, added and removed files; not the others."""
        before = upstream.commit({"a/x.yaml": "1", "a/y.yaml": "1", "b/z.yaml": "1"})
        await repository.heads()
        after = upstream.commit({"a/x.yaml": "2", "a/y.yaml": None, "c/new.yaml": "1"})
        await repository.heads()

        assert repository.changed(before, after) == {"a/x.yaml", "a/y.yaml", "c/new.yaml"}
        assert repository.changed(after, after) == frozenset()

    async def test_a_rewritten_history_is_followed(
        self, upstream: U, repository: Repository
    ) -> None:
        """A forced push is a commit like any other."""
        before = upstream.commit({"a.yaml": "1", "b.yaml": "1"})
        await repository.heads()
        after = upstream.rewrite({"a.yaml": "2", "b.yaml": "1"})

        assert (await repository.heads()).at() == after
        assert repository.changed(before, after) == {"a.yaml"}

    async def test_a_commit_says_who_and_when(self, upstream: U, repository: Repository) -> None:
        """The author's name without a mail address, and the time in UTC."""
        upstream.commit({"a.yaml": "1"})
        commit = upstream.commit({"a.yaml": "2"})
        await repository.heads()

        info = repository.commit(commit)

        assert (info.id, info.author) == (commit, "Ada")
        assert info.committed == START + timedelta(minutes=1)
        assert info.authored == info.committed
        assert info.committed.utcoffset() == timedelta(0)

    async def test_the_last_change_of_a_passage_is_known(
        self, upstream: U, repository: Repository
    ) -> None:
        """With its author and the moment when it was written, also of what was declared before."""
        first = upstream.commit({"a.yaml": "kind: A\nspec:\n  x: 1\n  y: 1\n", "b.yaml": "1"})
        second = upstream.commit({"a.yaml": "kind: A\nspec:\n  x: 1\n  y: 2\n"})
        third = upstream.commit({"b.yaml": "2"})
        await repository.heads()

        def changed(passage: Passage, at: str = third) -> str:
            return repository.last_change(at, passage).id

        assert changed(Passage("a.yaml")) == changed(Passage("a.yaml", 1)) == second
        assert changed(Passage("a.yaml", 1, (FieldPath(("spec", "x")),))) == first
        assert changed(Passage("b.yaml")) == third
        assert changed(Passage("b.yaml"), second) == first
        info = repository.last_change(third, Passage("a.yaml"))
        assert (info.author, info.authored) == ("Ada", START + timedelta(minutes=1))

    async def test_a_field_is_traced_to_what_says_it(
        self, upstream: U, repository: Repository
    ) -> None:
        """The line of an overlay; or what was asked about."""
        base = "kind: Web\nmetadata: {name: web}\nspec:\n  replicas: 1\n"
        overlay = "replicas:\n- {name: web, count: 2}\n"
        upstream.commit({"base.yaml": base, "kustomization.yaml": overlay})
        commit = (await repository.heads()).at()
        replicas = (FieldPath(("spec", "replicas")),)

        def traced(said: str) -> tuple[Passage, ...]:
            layers = Layers(kind="Web", name="web", said=(said,), files=("kustomization.yaml",))
            return repository.trace(commit, Passage("base.yaml", 1, replicas, layers=layers))

        assert traced("1") == (Passage("base.yaml", 1, replicas),)
        assert traced("2") == (Passage("kustomization.yaml", 2, spans=((2, 2),)),)
        with pytest.raises(SourceUnavailable):
            repository.trace("0" * 40, Passage("base.yaml", 1, replicas))

    async def test_nobody_knows_who_changed_what_is_not_there(
        self, upstream: U, repository: Repository
    ) -> None:
        """As little as of a commit that is not there."""
        commit = upstream.commit({"a.yaml": "1"})
        await repository.heads()

        with pytest.raises(SourceUnavailable):
            repository.last_change(commit, Passage("nothing.yaml"))
        with pytest.raises(SourceUnavailable):
            repository.last_change("0" * 40, Passage("a.yaml"))

    async def test_a_tree_lists_files_in_path_order_with_content_ids(
        self, upstream: U, repository: Repository
    ) -> None:
        """Equal content has equal ids, wherever it lies."""
        commit = upstream.commit(
            {"b/y.yaml": "same", "a.yaml": "same", "b.yaml": "other", "b/c/x": "1"}
        )
        await repository.heads()

        blobs = list(repository.tree(commit).blobs())

        assert [blob.path for blob in blobs] == ["a.yaml", "b.yaml", "b/c/x", "b/y.yaml"]
        assert blobs[0].id == blobs[3].id != blobs[1].id
        assert [blob.size for blob in blobs] == [4, 5, 1, 4]

    async def test_a_tree_knows_where_it_is_from(self, upstream: U, repository: Repository) -> None:
        """Findings name repository and commit."""
        commit = upstream.commit({"a.yaml": "1"})
        await repository.heads()

        tree = repository.tree(commit)

        assert (tree.repository, tree.revision) == (repository.name, commit)

    async def test_a_missing_path_is_refused_with_what_is_near(
        self, upstream: U, repository: Repository
    ) -> None:
        """A typing error in the configuration is found at once."""
        commit = upstream.commit({"clusters/prod/a.yaml": "1"})
        await repository.heads()

        with pytest.raises(ManifestError, match=r"^clusters/prd: .*did you mean clusters/prod\?"):
            list(repository.tree(commit).blobs("clusters/prd"))

    async def test_an_unknown_commit_is_unavailable(
        self, upstream: U, repository: Repository
    ) -> None:
        """Nothing is made of it: it may be there later."""
        upstream.commit({"a.yaml": "1"})
        await repository.heads()

        with pytest.raises(SourceUnavailable):
            repository.tree("0" * 40)

    async def test_an_empty_repository_is_unavailable(
        self, upstream: U, repository: Repository
    ) -> None:
        """It declares nothing yet, which is not the same as declaring that nothing should be."""
        with pytest.raises(SourceUnavailable, match="is empty"):
            await repository.heads()


class GitRepositoryContract(RepositoryContract[ScriptedRepository]):
    """What a repository of Git promises besides: it can be asked for all that names a commit."""

    async def test_a_deleted_branch_is_unavailable(
        self, upstream: ScriptedRepository, repository: Repository
    ) -> None:
        """The message names the branch and what there is instead."""
        upstream.commit({"a.yaml": "1"})
        await repository.heads()
        upstream.git.references.create("refs/heads/mainline", upstream.head)
        upstream.git.references.delete("refs/heads/main")
        heads = await repository.heads()

        with pytest.raises(SourceUnavailable, match=r"no branch or tag 'main'.*mainline"):
            heads.at()

    async def test_whatever_is_asked_for_is_told_at_one_look(
        self, upstream: ScriptedRepository, repository: Repository
    ) -> None:
        """Branches, tags of both kinds, commits, beginnings of their ids, ranges of versions."""
        first = upstream.commit({"a.yaml": "1"})
        upstream.tag("v1.0.0")
        upstream.tag("v1.1.0", message="annotated")
        upstream.branch("stable")
        second = upstream.commit({"a.yaml": "2"})
        upstream.tag("v1.2.0-rc.1")
        upstream.branch("feature/x")
        third = upstream.commit({"a.yaml": "3"})
        upstream.tag("v2.0.0")
        wanted = {
            "": third,
            "HEAD": third,
            "main": third,
            "refs/heads/stable": first,
            "feature/x": second,
            "v1.0.0": first,
            "refs/tags/v1.1.0": first,
            "1.x": first,
            ">=1.0.0-0 <2": second,
            "*": third,
            "semver:^1.0.0": first,
            "semver:>=1.2.0-0": third,
            first: first,
            second[:8]: second,
        }

        heads = await repository.heads(wanted)

        assert heads.commits == wanted
        assert heads.lacking == {}
        assert repository.tree(heads.at("1.x")).read("a.yaml") == b"1"
        assert repository.tree(heads.at(second[:8])).read("a.yaml") == b"2"

    async def test_what_moved_is_noticed(
        self, upstream: ScriptedRepository, repository: Repository
    ) -> None:
        """A forced push, a tag that was moved, a version that came; commits stay."""
        first = upstream.commit({"a.yaml": "1"})
        upstream.tag("v1.0.0", message="annotated")
        upstream.branch("stable")
        asked = ["stable", "v1.0.0", "1.x", first]
        before = await repository.heads(asked)
        upstream.rewrite({"a.yaml": "2"})
        second = upstream.branch("stable")
        upstream.tag("v1.0.0", message="moved")
        third = upstream.commit({"a.yaml": "3"})
        upstream.tag("v1.1.0")

        after = await repository.heads(asked)

        assert set(before.commits.values()) == {first}
        assert after.commits == {"stable": second, "v1.0.0": second, "1.x": third, first: first}
        assert repository.changed(first, third) == {"a.yaml"}

    async def test_what_there_is_not_says_so_and_hinders_nothing(
        self, upstream: ScriptedRepository, repository: Repository
    ) -> None:
        """Each by itself, with what to do."""
        commit = upstream.commit({"a.yaml": "1"})
        blob = str(upstream.git.create_blob(b"no commit"))
        upstream.git.references.create("refs/tags/blob", pygit2.Oid(hex=blob))
        upstream.tag("v1.0.0")
        absent = ["stabel", "v9", ">=9", "semver:>=9", "semver:nonsense", "0" * 40, "0" * 7, "blob"]

        heads = await repository.heads([*absent, "main"])

        assert heads.commits == {"main": commit}
        assert heads.lacking.keys() == {*absent}
        assert all(reason.endswith((".", "it.")) for reason in heads.lacking.values())
        assert "no tag whose version is in '>=9'" in heads.lacking["semver:>=9"]
        assert "is no range of versions" in heads.lacking["semver:nonsense"]
        assert "no commit 0000000" in heads.lacking["0" * 7]
        assert "is no commit" in heads.lacking["blob"]

    @pytest.mark.parametrize(
        "revision",
        [
            "+refs/*:refs/*",
            "refs/heads/*",
            "+main:refs/heads/evil",
            "--upload-pack=touch evil",
            "-main",
            "../../main",
            "main^{tree}",
            "main~1",
            "main:a.yaml",
            "@{-1}",
            "^main",
            "main..other",
            "semver:" + "1  " * 170 + "!",
            "x" * 1_000_000,
            "main\n",
            "\0",
            " ",
        ],
        ids=lambda revision: repr(revision[:20]),
    )
    async def test_a_revision_is_a_name_and_nothing_else(
        self, upstream: ScriptedRepository, repository: Repository, revision: str
    ) -> None:
        """Whoever writes one may mean harm; others are told all the same, and nothing is made of it."""
        upstream.commit({"a.yaml": "1"})
        commit = upstream.commit({"a.yaml": "2"})
        before = set(upstream.git.references)

        heads = await repository.heads([revision, "main"])

        assert heads.commits == {"main": commit}
        assert len(heads.lacking[revision]) < 300
        assert set(upstream.git.references) == before
