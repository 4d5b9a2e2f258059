"""Fetched charts: what helm pulls is kept, and held to what it was."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from auditor.errors import ManifestError, SourceUnavailable
from auditor.renderers.chart_store import ChartAddress, ChartStore
from auditor.renderers.helm import HelmRenderer
from tests.auditor.renderers.chart_server import ChartServer, digest, serve_charts
from tests.auditor.renderers.folders import folder, names, places, request

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

    async def test_asks_again_for_a_range(self, server: ChartServer, store: ChartStore) -> None:
        """A range means another chart as soon as one is published."""
        server.publish("web", "1.0.0")
        await store.fetch(address(server, "1.x"))
        newer = server.publish("web", "1.1.0")

        archive = await store.fetch(address(server, "1.x"))

        assert archive.digest == digest(newer)

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
