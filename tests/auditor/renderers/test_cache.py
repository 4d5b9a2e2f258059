"""What was rendered before is not rendered again, and nothing else is remembered."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from auditor.domain.manifest import Origin, manifest_from
from auditor.errors import ManifestError
from auditor.ports import Rendering, RenderRequest, Tree
from auditor.renderers.cache import CachedRenderer, RenderCache
from auditor.renderers.helm import HelmRenderer
from auditor.renderers.kustomize import KustomizeRenderer
from auditor.renderers.plan import Plan, seal
from tests.auditor.renderers.folders import FolderTree, folder, names, places, request
from tests.auditor.renderers.test_helm import CHART
from tests.builders import config_map, secret, service


class CountingRenderer:
    """Renders every object of a tree's files that it is told, and counts how often."""

    def __init__(self, *objects: dict[str, Any], version: str = "v1") -> None:
        self.count = 0
        self._objects = objects
        self._version = version

    async def plan(self, tree: Tree, asked: RenderRequest) -> Plan[None]:
        read = {blob.path: blob.id for blob in tree.blobs(asked.path)}
        return Plan(read=read, seal=seal("test", self._version, asked, read), subject=None)

    async def carry_out(self, plan: Plan[None], tree: Tree, asked: RenderRequest) -> Rendering:
        self.count += 1
        origin = Origin(
            repository=tree.repository, revision=tree.revision, path="app/a.yaml", line=3
        )
        made = (manifest_from(o, cluster=asked.cluster, origin=origin) for o in self._objects)
        return Rendering(manifests=tuple(made), read=plan.read, renderer="test")


def tree(content: str = "a: b") -> FolderTree:
    return folder({"app/a.yaml": content})


@pytest.fixture
def cache(tmp_path: Path) -> RenderCache:
    return RenderCache(tmp_path / "renders")


class TestRemembering:
    async def test_renders_the_same_content_once(self, cache: RenderCache) -> None:
        """The second time nothing runs, and the same comes out."""
        renderer = CountingRenderer(service(), config_map())
        cached = CachedRenderer(renderer, cache)

        first = await cached.render(tree(), request())
        second = await cached.render(tree(), request())

        assert first == second
        assert renderer.count == 1

    async def test_remembers_across_restarts(self, tmp_path: Path) -> None:
        """Renderings are on disk."""
        renderer = CountingRenderer(service())
        for _ in range(2):
            await CachedRenderer(renderer, RenderCache(tmp_path)).render(tree(), request())

        assert renderer.count == 1

    async def test_names_the_present_commit_and_cluster(self, cache: RenderCache) -> None:
        """What is remembered carries neither of them."""
        cached = CachedRenderer(CountingRenderer(service()), cache)
        await cached.render(tree(), request())
        later = replace(tree(), revision="2" * 40, repository="mirror")
        asked = replace(request(), cluster="staging")

        rendering = await cached.render(later, asked)

        assert places(rendering, later) == {"Service/web": "app/a.yaml:3"}
        assert rendering.manifests[0].ref.cluster == "staging"

    @pytest.mark.parametrize(
        ("content", "asked", "version"),
        [
            ("a: c", request(), "v1"),
            ("a: b", request(values={"x": 1}), "v1"),
            ("a: b", request(namespace="other"), "v1"),
            ("a: b", request(), "v2"),
        ],
    )
    async def test_renders_again_when_anything_differs(
        self, cache: RenderCache, content: str, asked: RenderRequest, version: str
    ) -> None:
        """Content, options, namespace and version decide, each alone."""
        await CachedRenderer(CountingRenderer(service()), cache).render(tree(), request())
        renderer = CountingRenderer(service(), version=version)

        await CachedRenderer(renderer, cache).render(tree(content), asked)

        assert renderer.count == 1

    async def test_renders_again_what_was_harmed(self, cache: RenderCache, tmp_path: Path) -> None:
        """A file that is not what was written is not believed."""
        renderer = CountingRenderer(service())
        cached = CachedRenderer(renderer, cache)
        await cached.render(tree(), request())
        for file in files(tmp_path):
            content = bytearray(file.read_bytes())
            content[-1] ^= 1
            file.write_bytes(content)

        rendering = await cached.render(tree(), request())

        assert names(rendering) == ["Service/web"]
        assert renderer.count == 2


class TestBounds:
    async def test_drops_what_was_not_used_for_longest(self, tmp_path: Path) -> None:
        """The folder keeps within its capacity."""
        data = {"noise": bytes(range(256)).hex()}
        cached = CachedRenderer(
            CountingRenderer(config_map(data=data)), RenderCache(tmp_path, capacity=1000)
        )

        for number in range(20):
            await cached.render(tree(f"a: {number}"), request())

        assert 0 < sum(file.stat().st_size for file in files(tmp_path)) <= 1000

    async def test_goes_on_without_a_disk(self, tmp_path: Path) -> None:
        """A folder that cannot be written makes it slow, not wrong."""
        (tmp_path / "file").write_text("")
        cached = CachedRenderer(
            CountingRenderer(service()), RenderCache(tmp_path / "file" / "below")
        )

        assert names(await cached.render(tree(), request())) == ["Service/web"]


class TestSecrets:
    async def test_writes_no_secret_to_disk(self, cache: RenderCache, tmp_path: Path) -> None:
        """A rendering that holds Secret values is remembered in memory only."""
        renderer = CountingRenderer(service(), secret())
        cached = CachedRenderer(renderer, cache)

        renderings = [await cached.render(tree(), request()) for _ in range(2)]

        assert renderings[0] == renderings[1]
        assert renderer.count == 1
        assert files(tmp_path) == []

    async def test_bounds_the_memory_for_them(self, tmp_path: Path) -> None:
        """Memory is given to the latest."""
        renderer = CountingRenderer(secret())
        cached = CachedRenderer(renderer, RenderCache(tmp_path, memory=300))
        for number in range(10):
            await cached.render(tree(f"a: {number}"), request())

        await cached.render(tree("a: 9"), request())
        await cached.render(tree("a: 0"), request())

        assert renderer.count == 11


@pytest.mark.usefixtures("rendering_programs")
class TestRealRenderers:
    async def test_serves_kustomize(self, cache: RenderCache) -> None:
        """A kustomization comes out of the cache as it came out of kustomize."""
        files = folder(
            {"app/kustomization.yaml": {"resources": ["s.yaml"]}, "app/s.yaml": service()}
        )
        cached = CachedRenderer(KustomizeRenderer(), cache)

        assert await cached.render(files, request()) == await cached.render(files, request())

    async def test_notices_a_new_template(self, cache: RenderCache) -> None:
        """A file that was not there before is part of what is read."""
        cached = CachedRenderer(HelmRenderer(), cache)
        await cached.render(folder(CHART), request())
        more = {**CHART, "app/templates/s.yaml": service()}

        assert names(await cached.render(folder(more), request())) == [
            "ConfigMap/web-settings",
            "Service/web",
        ]

    async def test_remembers_no_failure(self, cache: RenderCache) -> None:
        """What failed is tried again."""
        broken = folder({**CHART, "app/templates/s.yaml": "{{ fail `no` }}"})
        cached = CachedRenderer(HelmRenderer(), cache)

        for _ in range(2):
            with pytest.raises(ManifestError, match="no"):
                await cached.render(broken, request())


def files(folder: Path) -> list[Path]:
    """List what the cache wrote."""
    return [path for path in folder.rglob("*") if path.is_file()]
