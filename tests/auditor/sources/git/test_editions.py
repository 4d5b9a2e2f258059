"""One configured repository serves every revision that owners ask of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from auditor.domain.identity import ObjectRef
from auditor.domain.manifest import Manifest
from auditor.ports import Rendering, RenderRequest, Tree
from auditor.sources.git import following
from auditor.state.roots import Edition
from tests.auditor.sources.git.test_forest import SETTINGS, SHOP, WEB, Woods, application
from tests.builders import config_map, deployment, ref

PLATFORM = Edition("platform")


@pytest.fixture
def woods(tmp_path: Path) -> Woods:
    return Woods(tmp_path)


def pinned(name: str, path: str, revision: str, **fields: Any) -> dict[str, Any]:
    """An Application at a revision."""
    body = application(name, path, **fields)
    body["spec"]["source"]["targetRevision"] = revision
    return body


def image(woods: Woods, wanted: ObjectRef = WEB) -> str:
    found = woods.declared(wanted)
    return found.body["spec"]["template"]["spec"]["containers"][0]["image"] if found else ""


def web(version: int) -> dict[str, Any]:
    return {"web/a.yaml": deployment(image=f"web:{version}")}


def settings(version: int) -> dict[str, Any]:
    return config_map() | {"data": {"x": str(version)}}


async def release(woods: Woods, *versions: str) -> list[str]:
    """Commit a version of the web after the other, and tag each."""
    commits = []
    for number, version in enumerate(versions, 1):
        commits.append(woods.upstream["platform"].commit(web(number)))
        woods.upstream["platform"].tag(version)
    return commits


class TestPinned:
    @pytest.mark.parametrize(
        ("revision", "expected"),
        [
            ("v1.0.0", "web:1"),
            ("refs/tags/v1.1.0", "web:2"),
            ("1.0.x", "web:1"),
            (">=1.0 <2", "web:2"),
            ("stable", "web:2"),
            ("main", "web:3"),
            ("HEAD", "web:3"),
            ("", "web:3"),
        ],
    )
    async def test_what_is_asked_for_is_declared(
        self, woods: Woods, revision: str, expected: str
    ) -> None:
        """With the configured name of the repository and the commit that the revision is at."""
        commits = await release(woods, "v1.0.0", "v1.1.0")
        woods.upstream["platform"].branch("stable")

        await woods.commit({"clusters/web.yaml": pinned("web", "web", revision), **web(3)})

        commits.append(woods.upstream["platform"].head)
        found = woods.declared()
        assert image(woods) == expected
        assert found
        assert found.origin
        assert found.origin.repository == "platform"
        assert found.origin.revision == commits[int(expected[-1]) - 1]
        assert (found.origin.path, found.origin.line) == ("web/a.yaml", 1)
        assert woods.reasons("web") == ""

    async def test_a_commit_may_be_asked_for(self, woods: Woods) -> None:
        """By its id, or by how that begins."""
        first, second = await release(woods, "v1.0.0", "v1.1.0")
        apps = {
            "clusters/one.yaml": pinned("one", "web", first),
            "clusters/two.yaml": pinned("two", "web", second[:9], destination={"name": "edge"}),
        }

        await woods.commit({**apps, **web(3)})

        assert image(woods) == "web:1"
        assert image(woods, WEB._replace(cluster="edge")) == "web:2"

    async def test_a_commit_of_another_revision_touches_nothing(self, woods: Woods) -> None:
        """What is pinned stays as it is, and is not rendered again."""
        await release(woods, "v1.0.0")
        await woods.commit({"clusters/web.yaml": pinned("web", "web", "v1.0.0")})

        await woods.commit(web(2))

        assert woods.renderer.rendered == []
        assert woods.noticed == []
        assert image(woods) == "web:1"

    async def test_other_repositories_are_followed_at_revisions_too(self, woods: Woods) -> None:
        """Once they can be reached."""
        woods.upstream["shop"].commit({"deploy/a.yaml": deployment(image="shop:1")})
        woods.upstream["shop"].tag("v1.0.0")
        woods.upstream["shop"].commit({"deploy/a.yaml": deployment(image="shop:2")})
        await woods.commit({"clusters/web.yaml": pinned("web", "deploy", "1.x", url=SHOP)})

        await woods.look("shop")

        assert image(woods) == "shop:1"

    async def test_owners_below_a_revision_are_followed(self, woods: Woods) -> None:
        """An app of apps at a tag leads to an app at another, and so on."""
        upstream = woods.upstream["platform"]
        upstream.commit(web(1))
        upstream.tag("web-1")
        upstream.commit({"apps/web.yaml": pinned("web", "web", "web-1"), **web(2)})
        upstream.tag("apps-1")

        await woods.commit(
            {"clusters/all.yaml": pinned("all", "apps", "apps-1"), "apps/web.yaml": None, **web(3)}
        )

        assert image(woods) == "web:1"
        assert {str(each) for root in woods.forest.roots for each in root.editions} == {
            "platform",
            "platform@apps-1",
            "platform@web-1",
        }

    async def test_what_lies_beside_an_owner_is_of_its_own_revision(self, woods: Woods) -> None:
        """Not of the one that the repository is configured to follow."""
        upstream = woods.upstream["platform"]
        beside = application("web", ".", url="cnoe://web")
        upstream.commit({"apps/web.yaml": beside, "apps/web/a.yaml": deployment(image="web:1")})
        upstream.tag("v1")

        await woods.commit(
            {
                "clusters/all.yaml": pinned("all", "apps", "v1"),
                "apps/web/a.yaml": deployment(image="web:2"),
            }
        )

        assert image(woods) == "web:1"

    async def test_nothing_is_judged_before_revisions_were_looked_for(self, woods: Woods) -> None:
        """What stands above may declare the same otherwise."""
        await release(woods, "v1.0.0")
        above = {
            "clusters/web.yaml": pinned("web", "web", "v1.0.0"),
            "clusters/a.yaml": deployment(),
        }
        seen: list[object] = []
        woods.on_notice = lambda: seen.append(woods.desired.followed.ahead)

        await woods.commit(above)

        assert seen == [{"platform"}, {"platform"}]
        assert not woods.desired.followed.ahead
        assert image(woods) == "web:1"


class TestSeveral:
    async def test_two_sources_of_one_repository_each_have_their_revision(
        self, woods: Woods
    ) -> None:
        """A mount reads the commit of its own."""
        upstream = woods.upstream["platform"]
        upstream.commit({**web(1), "settings/a.yaml": settings(1)})
        upstream.tag("v1")
        upstream.commit({**web(2), "settings/a.yaml": settings(2)})
        upstream.tag("v2")
        app = application("web", "web")
        source = app["spec"].pop("source")
        app["spec"]["sources"] = [
            source | {"targetRevision": "v1"},
            source | {"targetRevision": "v2", "path": "settings"},
        ]

        await woods.commit({"clusters/web.yaml": app, **web(3), "settings/a.yaml": settings(3)})

        found = woods.declared(SETTINGS)
        assert image(woods) == "web:1"
        assert found
        assert found.body["data"] == {"x": "2"}

    async def test_values_of_another_revision_are_read_there(self, woods: Woods) -> None:
        """``$values`` lends files of the revision of its own source."""
        upstream = woods.upstream["platform"]
        upstream.commit({**web(1), "values.yaml": "v: 1"})
        upstream.tag("v1")
        upstream.commit({**web(2), "values.yaml": "v: 2"})
        upstream.tag("v2")
        app = application("web", "web")
        source = app["spec"].pop("source")
        del source["directory"]
        app["spec"]["sources"] = [
            source | {"targetRevision": "v1", "helm": {"valueFiles": ["$values/values.yaml"]}},
            {"repoURL": source["repoURL"], "targetRevision": "v2", "ref": "values"},
        ]
        trees = Reading()
        declarer = woods.forest._declarer
        declarer._renderers = {**declarer._renderers, "argocd": trees}

        await woods.commit({"clusters/web.yaml": app, **web(3), "values.yaml": "v: 3"})

        assert b"web:1" in trees.files["web/a.yaml"]
        (lent,) = [path for path in trees.files if path != "values.yaml" and "values.yaml" in path]
        assert trees.files[lent] == b"v: 2"
        assert trees.files["values.yaml"] == b"v: 1"
        upstream.tag("v2")
        await woods.look()
        assert trees.files[lent] == b"v: 3"
        assert trees.files["values.yaml"] == b"v: 1"


class Reading:
    """Reads all files of a tree and declares nothing."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    async def render(self, tree: Tree, request: RenderRequest) -> Rendering:
        blobs = list(tree.blobs())
        self.files = {blob.path: tree.read(blob.path) for blob in blobs}
        del request
        return Rendering(manifests=(), read={blob.path: blob.id for blob in blobs})


class TestMoving:
    async def test_a_branch_moves(self, woods: Woods) -> None:
        """Its roots are rendered anew, and no others."""
        await release(woods, "v1")
        upstream = woods.upstream["platform"]
        upstream.branch("stable")
        await woods.commit({"clusters/web.yaml": pinned("web", "web", "stable"), **web(2)})
        before = image(woods)
        upstream.branch("stable")

        await woods.look()

        assert (before, image(woods)) == ("web:1", "web:2")
        assert woods.renderer.rendered == ["web"]
        assert woods.noticed == [WEB]

    async def test_a_branch_is_rewritten(self, woods: Woods) -> None:
        """A forced push is a move like any other, and what was before is still known."""
        await release(woods, "v1", "v2")
        upstream = woods.upstream["platform"]
        upstream.branch("stable")
        await woods.commit({"clusters/web.yaml": pinned("web", "web", "stable")})
        upstream.branch("stable", upstream.commits[0])

        await woods.look()

        declaration = woods.desired.declaration(WEB)
        assert image(woods) == "web:1"
        assert declaration
        assert [_image(one.manifest) for one in declaration.earlier] == ["web:2"]

    @pytest.mark.parametrize("message", ["", "annotated"])
    async def test_a_moved_tag_is_noticed(self, woods: Woods, message: str) -> None:
        """Of either kind."""
        upstream = woods.upstream["platform"]
        upstream.commit(web(1))
        upstream.tag("v1", message=message)
        await woods.commit({"clusters/web.yaml": pinned("web", "web", "v1"), **web(2)})
        before = image(woods)
        upstream.tag("v1", message=message)

        await woods.look()

        assert (before, image(woods)) == ("web:1", "web:2")

    async def test_a_higher_version_is_followed(self, woods: Woods) -> None:
        """But none before a release that nobody asked for."""
        await release(woods, "v1.0.0")
        upstream = woods.upstream["platform"]
        await woods.commit({"clusters/web.yaml": pinned("web", "web", "^1.0.0"), **web(2)})
        upstream.tag("v1.2.0-rc.1")
        await woods.look()
        before = image(woods)
        upstream.commit(web(3))
        upstream.tag("v1.1.0")

        await woods.look()

        assert (before, image(woods)) == ("web:1", "web:3")

    async def test_an_owner_that_asks_for_another_revision_moves_its_objects(
        self, woods: Woods
    ) -> None:
        """They are declared at the old one until the new one is known, and then known to have been so."""
        await release(woods, "v1", "v2")
        await woods.commit({"clusters/web.yaml": pinned("web", "web", "v1")})

        await woods.commit({"clusters/web.yaml": pinned("web", "web", "v2")})

        declaration = woods.desired.declaration(WEB)
        assert image(woods) == "web:2"
        assert declaration
        assert [_image(one.manifest) for one in declaration.earlier] == ["web:1"]
        assert woods.forest.asked("platform") == {"", "v2"}
        assert woods.forest.editions.heads.keys() == {PLATFORM, Edition("platform", "v2")}

    async def test_what_nobody_asks_for_any_more_is_let_go(self, woods: Woods) -> None:
        """Nothing of it is followed."""
        await release(woods, "v1")
        await woods.commit({"clusters/web.yaml": pinned("web", "web", "v1")})

        await woods.commit({"clusters/web.yaml": None, "clusters/x.yaml": config_map()})

        assert woods.forest.asked("platform") == {""}
        assert woods.forest.editions.heads.keys() == {PLATFORM}


def _image(manifest: Manifest | None) -> str:
    return manifest.body["spec"]["template"]["spec"]["containers"][0]["image"] if manifest else ""


class TestLacking:
    @pytest.mark.parametrize(
        ("revision", "reason"),
        [
            ("v9", "no branch or tag 'v9'"),
            ("9.x", "No tag is a version in that range"),
            ("0" * 40, "no commit 0000"),
            ("+refs/*:refs/*", "no branch or tag"),
            ("--upload-pack=x", "no branch or tag"),
            ("../..", "no branch or tag"),
            ("x" * 1_000_000, "no more than 512 characters"),
        ],
        ids=lambda text: text[:20],
    )
    async def test_a_revision_that_there_is_not_is_unknown(
        self, woods: Woods, revision: str, reason: str
    ) -> None:
        """By name, with what to do; others go on, and absence proves nothing."""
        await release(woods, "v1")

        await woods.commit(
            {
                "clusters/bad.yaml": pinned("bad", "web", revision),
                "clusters/web.yaml": pinned("web", "web", "v1"),
            }
        )

        assert reason in woods.reasons("bad")
        assert len(woods.reasons("bad")) < 400
        assert woods.reasons("web") == ""
        assert image(woods) == "web:1"

    async def test_it_is_declared_once_it_is_there(self, woods: Woods) -> None:
        """Whoever pushed the Application first pushes the tag."""
        await release(woods, "v1")
        await woods.commit({"clusters/web.yaml": pinned("web", "web", "v2"), **web(2)})
        before = woods.reasons("web")
        woods.upstream["platform"].tag("v2")

        await woods.look()

        assert "'v2'" in before
        assert image(woods) == "web:2"
        assert woods.reasons("web") == ""

    async def test_a_tag_that_is_gone_leaves_what_it_declared(self, woods: Woods) -> None:
        """And is told: a slip on the server must not make orphans of a whole application."""
        await release(woods, "v1")
        await woods.commit({"clusters/web.yaml": pinned("web", "web", "v1")})
        woods.upstream["platform"].git.references.delete("refs/tags/v1")

        await woods.look()

        assert image(woods) == "web:1"
        assert "'v1'" in woods.reasons("web")
        woods.upstream["platform"].tag("v1", woods.upstream["platform"].commits[0])
        await woods.look()
        assert woods.reasons("web") == ""

    async def test_revisions_without_number_are_not_followed(
        self, woods: Woods, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Each costs a look-up at every poll."""
        monkeypatch.setattr(following, "MOST_REVISIONS", 3)
        tags = [f"v{number}" for number in range(6)]
        await release(woods, *tags)
        apps: Mapping[str, Any] = {
            f"clusters/{tag}.yaml": pinned(tag, "web", tag, destination={"name": "edge"})
            for tag in tags
        }

        await woods.commit(apps)

        assert len(woods.forest.asked("platform")) == 4
        told = [tag for tag in tags if "more than 3 revisions" in woods.reasons(tag)]
        assert told == tags[3:]


PATHS = ("tagged", "branched", "bumped")


def three(version: int) -> dict[str, Any]:
    """An object in each of the paths."""
    made = {path: deployment(name=path, image=f"web:{version}") for path in PATHS}
    return {f"{path}/a.yaml": body for path, body in made.items()}


async def test_what_was_declared_before_a_restart_is_known(tmp_path: Path) -> None:
    """Also where a tag was moved, a branch rewritten, and an owner asks for another revision since."""
    before = Woods(tmp_path)
    upstream = before.upstream["platform"]
    first = upstream.commit(three(1))
    for move, name in ((upstream.tag, "moving"), (upstream.branch, "moving"), (upstream.tag, "v1")):
        move(name)
    revisions = ("refs/tags/moving", "refs/heads/moving", "v1")
    apps = {
        f"clusters/{path}.yaml": pinned(path, path, revision)
        for path, revision in zip(PATHS, revisions, strict=True)
    }
    await before.commit(apps)
    await before.forest.keep("platform")
    upstream.commit({"clusters/bumped.yaml": pinned("bumped", "bumped", "v2"), **three(2)})
    for move, name in ((upstream.tag, "moving"), (upstream.branch, "moving"), (upstream.tag, "v2")):
        move(name)
    after = Woods(tmp_path)

    await after.look()

    for path in PATHS:
        declaration = after.desired.declaration(ref(name=path))
        assert declaration
        assert _image(declaration.manifest) == "web:2"
        assert [_image(one.manifest) for one in declaration.earlier] == ["web:1"]
        origins = [one.manifest.origin for one in declaration.earlier if one.manifest]
        assert {origin and origin.revision for origin in origins} == {first}
