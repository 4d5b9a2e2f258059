"""What is declared below what is declared: owners are followed, whatever becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from auditor.domain.capabilities import NO_CLUSTER, Capabilities
from auditor.domain.identity import GroupKind, ObjectRef
from auditor.domain.manifest import Manifest
from auditor.errors import SourceUnavailable
from auditor.ports import Rendering, RenderRequest, Tree
from auditor.renderers.plain import PlainRenderer
from auditor.renderers.plan import capabilities_of
from auditor.sources.git.declaring import Outlets
from auditor.sources.git.following import DEEPEST
from auditor.sources.git.local import LocalClone
from auditor.sources.git.repository import GitRepository
from auditor.state.atlas import KnownCluster
from auditor.state.desired import DesiredState
from auditor.state.revisions import SqliteRevisions
from auditor.state.roots import Edition, Root
from auditor.telemetry.git import GitEvents
from auditor.telemetry.sources import SourceEvents
from tests.builders import CLUSTER, config_map, deployment, manifest, obj, ref
from tests.doubles import START, FakeClock
from tests.forests import forest, known
from tests.git_repositories import ScriptedRepository

WEB = ref()
SETTINGS = ref("ConfigMap", "settings", group="")
PLATFORM = "https://git.example.com/platform"
SHOP = "https://git.example.com/shop.git"


def application(name: str, path: str, *, url: str = PLATFORM, **spec: Any) -> dict[str, Any]:
    """An Application with one source."""
    source = {"repoURL": url, "path": path, "directory": {"recurse": True}}
    destination = spec.pop("destination", {"server": "https://kubernetes.default.svc"})
    body: dict[str, Any] = {"source": source, "destination": destination, **spec}
    return obj("argoproj.io/v1alpha1", "Application", name, namespace="argocd", spec=body)


def owner(name: str) -> ObjectRef:
    return ref("Application", name, group="argoproj.io", namespace="argocd")


class Plainly:
    """Renders plain files whatever the options say, and counts; refuses what it is told to."""

    def __init__(self) -> None:
        self.rendered: list[str] = []
        self.unreachable: set[str] = set()
        self.asking: set[str] = set()
        self._plain = PlainRenderer()

    async def render(self, tree: Tree, request: RenderRequest) -> Rendering:
        self.rendered.append(request.path)
        if request.path in self.unreachable:
            raise SourceUnavailable(f"{request.path} is out of reach")
        told = capabilities_of(request) if request.path in self.asking else None
        rendering = await self._plain.render(tree, replace(request, options={}))
        return replace(rendering, told=told)


class Woods:
    """A forest over two repositories, with a desired state of its own."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock(START + timedelta(hours=1))
        self.upstream = {
            name: ScriptedRepository(folder / f"{name}.git") for name in ("platform", "shop")
        }
        self.renderer = Plainly()
        self.capabilities: Capabilities | None = NO_CLUSTER
        top = Root(
            name="platform",
            repository="platform",
            request=RenderRequest(path="clusters", cluster=CLUSTER),
            discover="argocd",
        )
        self.desired = DesiredState([top], scope=lambda *_: None)
        self.noticed: list[ObjectRef] = []
        self.on_notice: Callable[[], None] = lambda: None
        registry = CollectorRegistry()
        outlets = Outlets(
            desired=self.desired,
            revisions=SqliteRevisions(folder / "memory.db"),
            notice=self._notice,
            events=GitEvents(registry, SourceEvents(registry)),
        )
        repositories = {
            name: GitRepository(name, LocalClone(one.folder, ref="main"))
            for name, one in self.upstream.items()
        }
        self._repositories = repositories
        self.forest = forest(
            [top],
            repositories,
            dict.fromkeys(("plain", "argocd", "auto"), self.renderer),
            outlets,
            clock=self.clock,
            names=[known("platform", PLATFORM), known("shop", SHOP)],
            clusters=[KnownCluster(name="edge", aliases=frozenset({"https://edge:6443"}))],
            capabilities_of=lambda _cluster: self.capabilities,
        )

    def _notice(self, refs: Iterable[ObjectRef]) -> None:
        self.noticed += refs
        self.on_notice()

    async def commit(self, files: Mapping[str, Any], *, to: str = "platform") -> None:
        """Commit, and let the forest have it."""
        self.upstream[to].commit(files)
        await self.look(to)

    async def look(self, at: str = "platform") -> None:
        self.noticed.clear()
        self.renderer.rendered.clear()
        ahead = {at}
        while ahead:
            for name in sorted(ahead):
                heads = await self._repositories[name].heads(self.forest.asked(name))
                await self.forest.advance(name, heads, at=self.clock.now())
            unseen = self.forest.unseen()
            ahead = {name for name in unseen if self.forest.editions.head(Edition(name))}

    def declared(self, wanted: ObjectRef = WEB) -> Manifest | None:
        declaration = self.desired.declaration(wanted)
        return declaration.manifest if declaration else None

    def reasons(self, name: str) -> str:
        return "; ".join(self.desired.followed.unknown().get(owner(name), ()))


@pytest.fixture
def woods(tmp_path: Path) -> Woods:
    return Woods(tmp_path)


class TestFollowing:
    async def test_what_an_owner_calls_for_is_declared(self, woods: Woods) -> None:
        """With the owner and the place in Git."""
        await woods.commit(
            {"clusters/web.yaml": application("web", "apps/web"), "apps/web/a.yaml": deployment()}
        )

        found = woods.declared()
        assert found
        assert found.origin
        assert (found.origin.repository, found.origin.path) == ("platform", "apps/web/a.yaml")
        assert found.owner
        assert (found.owner.tool, found.owner.name) == ("argocd", "web")
        assert found.owner.chain == ("argoproj.io/Application/argocd/web",)

    async def test_owners_stand_above_each_other(self, woods: Woods) -> None:
        """An app of apps: the chain names all of them, the outermost first."""
        await woods.commit(
            {
                "clusters/all.yaml": application("all", "apps"),
                "apps/web.yaml": application("web", "web"),
                "web/a.yaml": deployment(),
            }
        )

        found = woods.declared()
        assert found
        assert found.owner
        assert found.owner.chain == tuple(
            f"argoproj.io/Application/argocd/{n}" for n in ("all", "web")
        )

    async def test_an_owner_that_declares_itself_is_followed_once(self, woods: Woods) -> None:
        """The usual root application lies in its own path."""
        await woods.commit(
            {"clusters/all.yaml": application("all", "clusters"), "clusters/web.yaml": deployment()}
        )

        assert woods.declared()
        assert woods.reasons("all") == ""
        assert len(woods.forest.roots) == 2

    async def test_a_circle_ends(self, woods: Woods) -> None:
        """Two owners that call for each other."""
        await woods.commit(
            {
                "clusters/a.yaml": application("a", "b"),
                "b/b.yaml": application("b", "clusters"),
            }
        )

        assert len(woods.forest.roots) == 3

    async def test_a_chain_has_an_end(self, woods: Woods) -> None:
        """A tower of owners is cut off by name."""
        files: dict[str, Any] = {"clusters/0.yaml": application("app-0", "level-1")}
        for level in range(1, DEEPEST + 3):
            name = f"app-{level}"
            files[f"level-{level}/app.yaml"] = application(name, f"level-{level + 1}")
        await woods.commit(files)

        assert len(woods.forest.roots) == DEEPEST + 1
        assert "stand above each other" in woods.reasons(f"app-{DEEPEST}")

    async def test_environments_are_told_by_names(self, woods: Woods) -> None:
        """What is below inherits them."""
        await woods.commit(
            {
                "clusters/all.yaml": application("shop-staging", "apps"),
                "apps/web.yaml": application("web", "web"),
                "web/a.yaml": deployment(),
            }
        )

        found = woods.declared()
        assert found
        assert found.owner
        told = woods.desired.followed.environment(owner("web"))
        assert told == found.owner.environment == "staging"

    async def test_the_deepest_declaration_counts(self, woods: Woods) -> None:
        """What stands above often declares the same without what the owner does to it."""
        await woods.commit(
            {"clusters/all.yaml": application("all", "clusters"), "clusters/web.yaml": deployment()}
        )

        found = woods.declared()
        assert found
        assert found.owner
        assert found.owner.name == "all"


class TestArriving:
    async def test_what_is_declared_counts_once_owners_were_followed(self, woods: Woods) -> None:
        """Until then an owner may declare the same otherwise, and all of it would look like drift."""
        assert woods.desired.followed.ahead == {"platform"}
        seen: list[object] = []
        woods.on_notice = lambda: seen.append(woods.desired.followed.ahead)

        await woods.commit(
            {"clusters/all.yaml": application("all", "clusters"), "clusters/web.yaml": deployment()}
        )

        assert seen == [{"platform"}, {"platform"}]
        assert not woods.desired.followed.ahead

    async def test_what_does_not_render_yet_is_still_ahead(self, woods: Woods) -> None:
        """When it does, its owners are followed first."""
        woods.renderer.unreachable.add("clusters")
        await woods.commit({"clusters/web.yaml": deployment()})

        assert woods.desired.followed.ahead == {"platform"}


class TestElsewhere:
    async def test_other_repositories_are_followed(self, woods: Woods) -> None:
        """As soon as their commit is known, whichever comes first."""
        app = application("web", "deploy", url="git@git.example.com:shop.git")
        await woods.commit({"clusters/web.yaml": app})
        before = woods.declared()

        await woods.commit({"deploy/a.yaml": deployment()}, to="shop")

        assert before is None
        found = woods.declared()
        assert found
        assert found.origin
        assert found.origin.repository == "shop"

    async def test_nothing_is_surely_undeclared_while_one_is_awaited(self, woods: Woods) -> None:
        """Else what the other repository declares would be called unmanaged at every start."""
        app = application("web", "deploy", url=SHOP)
        await woods.commit({"clusters/web.yaml": app})

        assert not woods.desired.roots.complete(CLUSTER)

    async def test_a_repository_that_is_not_configured_is_unknown(self, woods: Woods) -> None:
        """By name, and what carries the owner's mark is doubted."""
        app = application("web", "deploy", url="https://user:pass@evil.example.com/x")
        await woods.commit({"clusters/web.yaml": app})

        assert "https://evil.example.com/x is not one of the repositories" in woods.reasons("web")
        marked = {"argocd.argoproj.io/tracking-id": "web:/ConfigMap:shop/settings"}
        mine = config_map()
        mine["metadata"]["annotations"] = marked
        assert woods.desired.followed.doubts(manifest(mine))
        assert not woods.desired.followed.doubts(manifest(config_map()))
        assert woods.desired.roots.complete(CLUSTER)

    async def test_other_clusters_are_told_by_name_and_address(self, woods: Woods) -> None:
        """What is declared for them is not declared for the owner's cluster."""
        there = {"server": "https://edge:6443", "namespace": "shop"}
        await woods.commit(
            {
                "clusters/web.yaml": application("web", "web", destination=there),
                "web/a.yaml": deployment(),
            }
        )

        assert woods.declared() is None
        assert woods.declared(WEB._replace(cluster="edge"))

    async def test_a_cluster_that_is_not_configured_is_unknown(self, woods: Woods) -> None:
        """With what to add."""
        there = {"name": "moon"}
        await woods.commit(
            {
                "clusters/web.yaml": application("web", "web", destination=there),
                "web/a.yaml": deployment(),
            }
        )

        assert "moon is not one of the clusters" in woods.reasons("web")


class TestChanges:
    async def test_a_commit_renders_what_it_touches(self, woods: Woods) -> None:
        """Roots beside it are left alone."""
        await woods.commit(
            {
                "clusters/web.yaml": application("web", "web"),
                "clusters/settings.yaml": application("settings", "settings"),
                "web/a.yaml": deployment(),
                "settings/a.yaml": config_map(),
            }
        )

        await woods.commit({"web/a.yaml": deployment(image="web:2")})

        assert woods.renderer.rendered == ["web"]
        assert woods.noticed == [WEB]

    async def test_an_owner_that_moves_is_rendered_where_it_is_now(self, woods: Woods) -> None:
        """The objects stay the same ones, and are noticed because their place changed."""
        await woods.commit(
            {
                "clusters/web.yaml": application("web", "old"),
                "old/a.yaml": deployment(),
                "new/a.yaml": deployment(image="web:2"),
            }
        )

        await woods.commit({"clusters/web.yaml": application("web", "new")})

        found = woods.declared()
        assert found
        assert found.origin
        assert found.origin.path == "new/a.yaml"
        assert woods.renderer.rendered == ["clusters", "new"]

    async def test_an_owner_that_is_gone_declares_no_more(self, woods: Woods) -> None:
        """It is known that its objects were declared: they are orphans now."""
        await woods.commit(
            {"clusters/web.yaml": application("web", "web"), "web/a.yaml": deployment()}
        )

        await woods.commit({"clusters/web.yaml": config_map()})

        declaration = woods.desired.declaration(WEB)
        assert declaration
        assert declaration.manifest is None
        assert [earlier.manifest is not None for earlier in declaration.earlier] == [True]
        assert WEB in woods.noticed
        assert len(woods.forest.roots) == 1

    async def test_an_owner_that_cannot_be_followed_keeps_what_it_declared(
        self, woods: Woods
    ) -> None:
        """A slip in an Application must not make orphans of a whole application."""
        await woods.commit(
            {"clusters/web.yaml": application("web", "web"), "web/a.yaml": deployment()}
        )
        broken = application("web", "web", destination={})

        await woods.commit({"clusters/web.yaml": broken})

        assert woods.declared()
        assert "destination" in woods.reasons("web")
        assert WEB not in woods.noticed

    async def test_an_owner_that_does_not_render_is_unknown(self, woods: Woods) -> None:
        """Others go on; it is tried again at the next commit that touches it."""
        await woods.commit(
            {
                "clusters/web.yaml": application("web", "web"),
                "clusters/settings.yaml": application("settings", "settings"),
                "web/a.yaml": "a: b\n\tc: d\n",
                "settings/a.yaml": config_map(),
            }
        )
        reason = woods.reasons("web")

        await woods.commit({"web/a.yaml": deployment()})

        assert reason.startswith("web/a.yaml:2: ")
        assert woods.declared(SETTINGS)
        assert woods.declared()
        assert woods.reasons("web") == ""

    async def test_what_is_out_of_reach_is_tried_again_in_time(self, woods: Woods) -> None:
        """Not at every look, and not only when something is committed."""
        woods.renderer.unreachable = {"web"}
        await woods.commit(
            {"clusters/web.yaml": application("web", "web"), "web/a.yaml": deployment()}
        )
        woods.renderer.unreachable = set()

        await woods.forest.grow(woods.clock.now())
        at_once = woods.declared()
        woods.clock.advance(60)
        await woods.forest.grow(woods.clock.now())

        assert at_once is None
        assert woods.declared()
        assert list(woods.forest.problems()) == []

    async def test_a_root_that_fails_above_leaves_what_is_below(self, woods: Woods) -> None:
        """Owners that were read stay until they are read otherwise."""
        await woods.commit(
            {"clusters/web.yaml": application("web", "web"), "web/a.yaml": deployment()}
        )

        await woods.commit({"clusters/web.yaml": "a: b\n\tc: d\n"})

        assert woods.declared()
        assert woods.desired.roots["platform"].stale_reason


async def test_owners_are_of_the_kinds_that_are_discovered(woods: Woods) -> None:
    """`discover: argocd` follows no Kustomization."""
    flux = obj(
        "kustomize.toolkit.fluxcd.io/v1",
        "Kustomization",
        "apps",
        namespace="flux-system",
        spec={"path": "web", "sourceRef": {"kind": "GitRepository", "name": "flux-system"}},
    )
    await woods.commit({"clusters/apps.yaml": flux, "web/a.yaml": deployment()})

    assert len(woods.forest.roots) == 1
    assert woods.desired.objects.owned(
        "platform", frozenset({GroupKind("kustomize.toolkit.fluxcd.io", "Kustomization")})
    )


class TestCapabilities:
    """What depends on what a cluster says of itself."""

    async def test_waits_until_the_cluster_was_asked(self, woods: Woods) -> None:
        """It is neither stale nor failing meanwhile, and told by name; all else is declared."""
        woods.capabilities, woods.renderer.asking = None, {"apps/web"}
        await woods.commit(
            {
                "clusters/web.yaml": application("web", "apps/web"),
                "apps/web/a.yaml": deployment(),
            }
        )
        waiting = [*woods.forest.problems()]
        declared = woods.declared(owner("web")), woods.declared()

        woods.capabilities = Capabilities(kube_version="v1.36.3")
        await woods.forest.grow(woods.clock.now())

        assert len(waiting) == 1
        assert "waits until its cluster says what it serves" in waiting[0]
        assert declared[0] is not None
        assert declared[1] is None
        assert woods.declared() is not None
        assert [*woods.forest.problems()] == []

    async def test_is_rendered_again_when_the_cluster_serves_something_else(
        self, woods: Woods
    ) -> None:
        """And nothing else is."""
        woods.renderer.asking = {"apps/web"}
        await woods.commit(
            {
                "clusters/web.yaml": application("web", "apps/web"),
                "apps/web/a.yaml": deployment(),
            }
        )
        woods.renderer.rendered.clear()

        await woods.forest.grow(woods.clock.now())
        same = [*woods.renderer.rendered]
        woods.capabilities = Capabilities(api_versions=("example.com/v1/Widget",))
        await woods.forest.grow(woods.clock.now())

        assert same == []
        assert woods.renderer.rendered == ["apps/web"]
