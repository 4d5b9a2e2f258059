"""Fetched charts: what helm pulls is kept, and held to what it was."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from auditor.errors import ManifestError, SourceUnavailable
from auditor.renderers.chart_pulling import ChartAddress
from auditor.renderers.chart_store import ChartStore, Versions
from auditor.renderers.helm import HelmRenderer
from tests.auditor.renderers.chart_server import ChartServer, digest, serve_charts
from tests.auditor.renderers.folders import folder, names, places, request
from tests.doubles import FakeClock

pytestmark = pytest.mark.usefixtures("rendering_programs")


@pytest_asyncio.fixture
async def server() -> AsyncIterator[ChartServer]:
    async with serve_charts() as served:
        yield served


@pytest.fixture
def store(tmp_path: Path) -> ChartStore:
    return ChartStore(tmp_path / "charts")


def address(server: ChartServer, version: str = "1.0.0", **more: Any) -> ChartAddress:
    repository = more.pop("repository", server.url)
    return ChartAddress(repository=repository, name="web", version=version, **more)


def archives(folder: Path) -> list[Path]:
    """List the charts that a folder keeps."""
    return list(folder.glob("*.tgz"))


class TestFetching:
    async def test_brings_the_archive(self, server: ChartServer, store: ChartStore) -> None:
        """What the repository serves arrives, with its digest."""
        content = server.publish("web", "1.0.0")

        archive = await store.fetch(address(server))

        assert (archive.content, archive.digest) == (content, digest(content))

    async def test_brings_charts_of_registries(
        self, server: ChartServer, store: ChartStore
    ) -> None:
        """OCI registries serve charts too."""
        content = server.publish("web", "1.0.0")

        archive = await store.fetch(address(server, repository=server.oci))

        assert archive.content == content

    async def test_fetches_an_exact_version_once(
        self, server: ChartServer, store: ChartStore
    ) -> None:
        """The second time it comes from the folder."""
        server.publish("web", "1.0.0")
        await store.fetch(address(server))
        asked = len(server.requests)

        await store.fetch(address(server))

        assert len(server.requests) == asked

    @pytest.mark.parametrize("scheme", ["url", "oci"])
    async def test_takes_the_highest_version_of_a_range(
        self, server: ChartServer, store: ChartStore, scheme: str
    ) -> None:
        """Of all that match, in repositories and registries alike."""
        server.publish("web", "1.0.0")
        highest = server.publish("web", "1.10.0")
        server.publish("web", "1.9.0", mode="old")
        server.publish("web", "2.0.0", mode="new")

        archive = await store.fetch(address(server, "1.x", repository=getattr(server, scheme)))

        assert archive.digest == digest(highest)

    async def test_believes_for_a_while_what_a_range_comes_to(
        self, server: ChartServer, tmp_path: Path, clock: FakeClock
    ) -> None:
        """A newer chart is found in time, and until then nobody is asked."""
        versions = Versions(timedelta(minutes=5), monotonic=clock.monotonic)
        store = ChartStore(tmp_path, versions=versions)
        older = server.publish("web", "1.0.0")
        await store.fetch(address(server, "1.x"))
        asked, newer = len(server.requests), server.publish("web", "1.1.0")

        kept = await store.fetch(address(server, "1.x"))
        unasked = len(server.requests) == asked
        clock.advance(300)
        found = await store.fetch(address(server, "1.x"))

        assert unasked
        assert (kept.digest, found.digest) == (digest(older), digest(newer))

    async def test_holds_what_a_range_comes_to_to_what_it_was(
        self, server: ChartServer, tmp_path: Path
    ) -> None:
        """A version has one content, however it was asked for."""
        server.publish("web", "1.0.0")
        await ChartStore(tmp_path).fetch(address(server))
        server.publish("web", "1.0.0", mode="wild")

        with pytest.raises(ManifestError, match="published anew with other content"):
            await ChartStore(tmp_path).fetch(address(server, "1.x"))

    async def test_asks_once_for_all_who_want_the_same(
        self, server: ChartServer, store: ChartStore
    ) -> None:
        """Roots that start together share one chart."""
        server.publish("web", "1.0.0")

        async with asyncio.TaskGroup() as group:
            for _ in range(5):
                group.create_task(store.fetch(address(server)))

        assert server.requests == ["/index.yaml", "/web-1.0.0.tgz"]

    async def test_fetches_again_what_was_harmed(
        self, server: ChartServer, store: ChartStore, tmp_path: Path
    ) -> None:
        """An archive on disk that is not what it was is not used."""
        content = server.publish("web", "1.0.0")
        await store.fetch(address(server))
        (file,) = archives(tmp_path / "charts")
        file.write_bytes(b"half")

        assert (await store.fetch(address(server))).content == content

    async def test_keeps_within_its_capacity(self, server: ChartServer, tmp_path: Path) -> None:
        """What was not used for longest goes first."""
        size = len(server.publish("web", "1.0.0"))
        store = ChartStore(tmp_path, capacity=size + size // 2)
        await store.fetch(address(server))
        newer = server.publish("web", "2.0.0")

        await store.fetch(address(server, "2.0.0"))

        (kept,) = archives(tmp_path)
        assert kept.read_bytes() == newer


class TestTrust:
    async def test_holds_a_chart_to_the_digest_of_the_configuration(
        self, server: ChartServer, store: ChartStore
    ) -> None:
        """Another digest is refused, with both named."""
        content = server.publish("web", "1.0.0")
        expected = digest(b"another")

        with pytest.raises(ManifestError, match=f"{digest(content)}, not {expected}"):
            await store.fetch(address(server, digest=expected))

    async def test_refuses_a_version_that_was_published_anew(
        self, server: ChartServer, tmp_path: Path
    ) -> None:
        """Also after the archive was dropped, the digest is remembered."""
        server.publish("web", "1.0.0")
        await ChartStore(tmp_path).fetch(address(server))
        archives(tmp_path)[0].unlink()
        server.publish("web", "1.0.0", mode="wild")

        with pytest.raises(ManifestError, match="published anew with other content"):
            await ChartStore(tmp_path).fetch(address(server))

    async def test_tells_an_absent_chart(self, server: ChartServer, store: ChartStore) -> None:
        """There is no use in trying again."""
        server.publish("web", "1.0.0")

        with pytest.raises(ManifestError, match="is not there"):
            await store.fetch(address(server, "9.9.9"))

    async def test_tells_an_absent_repository(self, store: ChartStore) -> None:
        """Who does not answer may answer later."""
        nobody = ChartAddress(repository="http://127.0.0.1:9", name="web", version="1.0.0")

        with pytest.raises(SourceUnavailable, match="cannot be fetched"):
            await store.fetch(nobody)


class TestRendering:
    async def test_renders_a_fetched_chart(self, server: ChartServer, store: ChartStore) -> None:
        """The objects come from the values file that the repository has for it."""
        content = server.publish("web", "1.0.0")
        tree = folder({"app/values.yaml": {"mode": "wild"}})
        options = {"chart": "web", "repository": server.url, "version": "1.0.0"}

        rendering = await HelmRenderer(store=store).render(
            tree,
            request(values_files=["values.yaml"], digest=digest(content), **options),
        )

        assert rendering.manifests[0].body["data"] == {"mode": "wild"}
        assert set(rendering.read) == {"app/values.yaml"}
        assert places(rendering, tree) == {"ConfigMap/web-settings": "app/values.yaml:None"}

    async def test_reads_values_files_of_the_chart_itself(
        self, server: ChartServer, store: ChartStore
    ) -> None:
        """Where the tree has no such file, the chart may; the tree comes first."""
        server.publish(
            "web", "1.0.0", **{"env/prod.yaml": "mode: prod", "env/dev.yaml": "mode: dev"}
        )
        tree = folder({"app/env/dev.yaml": {"mode": "ours"}})
        chart = {"chart": "web", "repository": server.url, "version": "1.0.0"}
        renderer = HelmRenderer(store=store)

        packed = await renderer.render(tree, request(values_files=["env/prod.yaml"], **chart))
        nearer = await renderer.render(tree, request(values_files=["env/dev.yaml"], **chart))

        assert packed.manifests[0].body["data"] == {"mode": "prod"}
        assert packed.read == {}
        assert nearer.manifests[0].body["data"] == {"mode": "ours"}

    async def test_fetches_locked_dependencies_from_where_it_is_allowed(
        self, server: ChartServer, store: ChartStore
    ) -> None:
        """The lock file says the version, the options say which repositories are trusted."""
        server.publish("sub", "1.2.3")
        tree = folder(_needing(server, locked="1.2.3"))

        rendering = await HelmRenderer(store=store).render(tree, request(fetch_from=[server.url]))

        assert names(rendering) == ["ConfigMap/web-settings"]

    @pytest.mark.parametrize(("locked", "allowed"), [("1.2.3", False), (None, True)])
    async def test_fetches_nothing_else(
        self, server: ChartServer, store: ChartStore, locked: str | None, *, allowed: bool
    ) -> None:
        """Neither from a repository that only the chart names, nor a version that is not locked."""
        server.publish("sub", "1.2.3")
        tree = folder(_needing(server, locked=locked))

        with pytest.raises(ManifestError, match="missing in charts/ directory: sub"):
            await HelmRenderer(store=store).render(
                tree, request(fetch_from=[server.url] if allowed else [])
            )

        assert server.requests == []


def _needing(server: ChartServer, *, locked: str | None) -> dict[str, Any]:
    """Make a chart that needs another one, which is served."""
    needs = [{"name": "sub", "version": "1.x", "repository": server.url}]
    about = {"apiVersion": "v2", "name": "web", "version": "1.0.0", "dependencies": needs}
    files: dict[str, Any] = {"app/Chart.yaml": about}
    if locked:
        files["app/Chart.lock"] = {"dependencies": [{**needs[0], "version": locked}]}
    return files
