"""Folders of plain files."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import pytest
import yaml

from auditor.domain.manifest import Manifest, Origin
from auditor.errors import ManifestError
from auditor.ports import Rendering, RenderRequest
from auditor.renderers.parsed import ParsedFiles
from auditor.renderers.plain import PlainRenderer
from auditor.sources.git.directory import DirectoryTree
from auditor.state.packed_manifests import PackedManifests
from tests.builders import CLUSTER, config_map, deployment, secret, service

CHART = {"apiVersion": "v2", "name": "web", "version": "1.0.0"}


class Folder:
    """A folder to write files to and to render."""

    def __init__(self, root: Path, renderer: PlainRenderer) -> None:
        self.root = root
        self._renderer = renderer

    def write(self, path: str, *content: object) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(
            content[0]
            if isinstance(content[0], str)
            else yaml.safe_dump_all(content, sort_keys=False)
        )

    async def render(self, path: str = "") -> Rendering:
        tree = DirectoryTree(self.root, name="platform", revision="abc")
        return await self._renderer.render(tree, RenderRequest(path=path, cluster=CLUSTER))


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path, PlainRenderer())


def names(rendering: Rendering) -> list[str]:
    return [f"{manifest.ref.kind}/{manifest.ref.name}" for manifest in rendering.manifests]


def reasons(rendering: Rendering) -> dict[str, str]:
    return {skipped.path: skipped.reason for skipped in rendering.skipped}


async def test_every_file_below_a_folder_is_read(folder: Folder) -> None:
    """In path order, whatever its ending of the three; others are none of ours."""
    folder.write("b.yml", service())
    folder.write("a/deep/x.yaml", deployment(), config_map())
    folder.write("c.json", '{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}')
    folder.write("README.md", "{{ no yaml }}")

    rendering = await folder.render()

    assert names(rendering) == ["Deployment/web", "ConfigMap/settings", "Service/web", "Secret/s"]
    assert set(rendering.read) == {"a/deep/x.yaml", "b.yml", "c.json"}
    assert rendering.skipped == ()


async def test_one_file_can_be_rendered(folder: Folder) -> None:
    """A root may be a file."""
    folder.write("a.yaml", service())
    folder.write("b.yaml", deployment())

    assert names(await folder.render("b.yaml")) == ["Deployment/web"]


async def test_a_manifest_knows_its_place(folder: Folder) -> None:
    """Repository, revision, path and line."""
    folder.write("apps/web.yaml", service(), deployment())
    line = (folder.root / "apps/web.yaml").read_text().splitlines().index("---") + 2

    _, web = (await folder.render("apps")).manifests

    origin = Origin(repository="platform", revision="abc", path="apps/web.yaml", line=line)
    assert web == Manifest(ref=web.ref, version="v1", body=deployment(), origin=origin)


async def test_charts_are_left_out_as_a_whole(folder: Folder) -> None:
    """Their templates are no YAML; one reason for each chart, not for each file."""
    folder.write("web/Chart.yaml", CHART)
    folder.write("web/values.yaml", {"image": "web"})
    folder.write("web/templates/web.yaml", "image: {{ .Values.image }}\n")
    folder.write("web/charts/sub/Chart.yaml", CHART)
    folder.write("web2/a.yaml", service())

    rendering = await folder.render()

    assert names(rendering) == ["Service/web"]
    assert list(reasons(rendering)) == ["web/"]
    assert "helm" in reasons(rendering)["web/"]


async def test_what_is_skipped_is_named_with_path_and_line(folder: Folder) -> None:
    """So that nobody wonders where an object went."""
    folder.write("a.yaml", "apiVersion: v1\nkind: X\nmetadata: {name: x}\n---\njust: data\n")

    (skipped,) = (await folder.render()).skipped

    assert (skipped.path, skipped.line) == ("a.yaml", 5)


async def test_of_two_documents_for_one_object_the_last_counts(folder: Folder) -> None:
    """As when kubectl applies both in order; the first one is named with the place of the second."""
    folder.write("a.yaml", deployment(image="web:1"))
    folder.write("b.yaml", deployment(image="web:2"))

    rendering = await folder.render()

    (web,) = rendering.manifests
    assert web.body["spec"]["template"]["spec"]["containers"][0]["image"] == "web:2"
    assert "apps/Deployment/shop/web" in reasons(rendering)["a.yaml"]
    assert "b.yaml:1" in reasons(rendering)["a.yaml"]


async def test_links_that_leave_are_skipped_by_name(folder: Folder) -> None:
    """The tree's own omissions reach the reader."""
    folder.write("a.yaml", service())
    (folder.root / "b.yaml").symlink_to("/etc/passwd")

    assert "leaves the repository" in reasons(await folder.render())["b.yaml"]


class TestBrokenFiles:
    async def test_one_broken_file_fails_the_whole(self, folder: Folder) -> None:
        """Half a rendering would look like deleted objects."""
        folder.write("a.yaml", service())
        folder.write("b.yaml", "a: b: c\n")

        with pytest.raises(ManifestError, match=r"^b\.yaml:1: ") as failure:
            await folder.render()

        assert (failure.value.path, failure.value.line) == ("b.yaml", 1)

    async def test_three_are_named_and_the_rest_counted(self, folder: Folder) -> None:
        """One message for all of them, of bounded length."""
        for name in "abcde":
            folder.write(f"{name}.yaml", "a: b: c\n")

        with pytest.raises(ManifestError) as failure:
            await folder.render()

        lines = str(failure.value).splitlines()
        assert [line[:7] for line in lines] == ["a.yaml:", "b.yaml:", "c.yaml:", "2 more "]

    async def test_a_path_that_is_not_there_is_refused(self, folder: Folder) -> None:
        """It is no empty folder."""
        with pytest.raises(ManifestError, match=r"^nothing: there is no such path"):
            await folder.render("nothing")

    async def test_no_value_reaches_the_message(self, folder: Folder) -> None:
        """A broken Secret stays secret."""
        folder.write("s.yaml", "apiVersion: v1\nkind: Secret\nstringData:\n  p: hunter2: x\n")

        with pytest.raises(ManifestError) as failure:
            await folder.render()

        assert "hunter2" not in str(failure.value)


class TestRemembering:
    async def test_rendering_again_gives_the_same(self, folder: Folder) -> None:
        """From what was parsed before, with the places of now."""
        folder.write("a.yaml", service(), {"no": "object"})
        first = await folder.render()
        (folder.root / "a.yaml").rename(folder.root / "b.yaml")

        second = await folder.render()

        assert [m.body for m in second.manifests] == [m.body for m in first.manifests]
        assert second.manifests[0].origin
        assert second.manifests[0].origin.path == "b.yaml"
        assert [skipped.path for skipped in second.skipped] == ["b.yaml"]

    async def test_nothing_is_unpacked_to_be_declared(self, folder: Folder) -> None:
        """What renders again shares the bytes of what is remembered."""
        folder.write("a.yaml", service(), deployment())

        first, second = [(await folder.render()).manifests for _ in range(2)]

        assert isinstance(first, PackedManifests)
        assert isinstance(second, PackedManifests)
        for one, other in zip(first.packed, second.packed, strict=True):
            assert one.body is other.body

    async def test_places_share_the_name_of_their_commit(self, folder: Folder) -> None:
        """It is the same for a hundred thousand objects, so it is kept once."""
        folder.write("a.yaml", service(), deployment())

        one, other = (await folder.render()).manifests

        assert one.origin
        assert other.origin
        assert one.origin.revision is other.origin.revision

    async def test_objects_are_packed_file_by_file(self, folder: Folder) -> None:
        """Rendering many files never takes the memory of all their objects unpacked."""
        for number in range(100):
            items = [deployment(f"app-{number}-{n}") for n in range(10)]
            folder.write(f"{number}.json", json.dumps({"kind": "List", "items": items}))
        tracemalloc.start()
        try:
            rendering = await folder.render()
            kept, peak = tracemalloc.get_traced_memory()
            unpacked = list(rendering.manifests)
            both, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

        print(kept, peak, both - kept)
        assert len(unpacked) == 1000
        assert peak < (both - kept) / 2

    def test_memory_is_bounded(self) -> None:
        """What was not used for longest goes first."""
        parsed = ParsedFiles(capacity=5_000)
        for number in range(20):
            parsed.parse(yaml.safe_dump(secret()).encode(), "a.yaml", f"blob-{number}")
            parsed.recall("blob-0")

        known = [number for number in range(20) if parsed.recall(f"blob-{number}")]
        assert known[0] == 0
        assert known[-1] == 19
        assert len(known) < 12

    def test_the_same_file_parsed_twice_counts_once(self) -> None:
        """Two threads may meet at one file."""
        parsed = ParsedFiles(capacity=2_000)
        for _ in range(50):
            parsed.parse(yaml.safe_dump(secret()).encode(), "a.yaml", "blob")

        assert parsed.recall("blob")
