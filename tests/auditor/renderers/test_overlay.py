"""What owners lay over a kustomization comes to what ``kustomize edit`` makes of it."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import ManifestError
from auditor.renderers.documents import Found, read_objects
from auditor.renderers.kustomize import KustomizeRenderer
from auditor.renderers.overlay import GraftedTree, lay_over
from auditor.sources.git.directory import DirectoryTree
from tests.auditor.renderers.folders import folder, names, places, request
from tests.builders import config_map, deployment, service

BASE: dict[str, Any] = {
    "resources": ["web.yaml"],
    "namePrefix": "old-",
    "images": [
        {"name": "web", "newName": "registry.example/web", "newTag": "1.0"},
        {"name": "side", "newTag": "7"},
    ],
    "replicas": [{"name": "web", "count": 2}],
    "commonAnnotations": {"team": "one"},
}
CASES: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "namespace": (("set", "namespace", "elsewhere"), {"namespace": "elsewhere"}),
    "prefix": (("set", "nameprefix", "new-"), {"namePrefix": "new-"}),
    "suffix": (("set", "namesuffix", "--", "-v2"), {"nameSuffix": "-v2"}),
    "image tag": (
        ("set", "image", "web:2.0"),
        {"images": [{"name": "web", "newTag": "2.0"}]},
    ),
    "image name and tag": (
        ("set", "image", "web=other/web:2.0"),
        {"images": [{"name": "web", "newName": "other/web", "newTag": "2.0"}]},
    ),
    "image that keeps its name": (
        ("set", "image", "web=*:2.0"),
        {"images": [{"name": "web", "newName": "*", "newTag": "2.0"}]},
    ),
    "image that keeps its tag": (
        ("set", "image", "web=other/web:*"),
        {"images": [{"name": "web", "newName": "other/web", "newTag": "*"}]},
    ),
    "image digest": (
        ("set", "image", f"web@sha256:{'0' * 64}"),
        {"images": [{"name": "web", "digest": f"sha256:{'0' * 64}"}]},
    ),
    "another image": (
        ("set", "image", "busybox:9"),
        {"images": [{"name": "busybox", "newTag": "9"}]},
    ),
    "replicas": (("set", "replicas", "web=5"), {"replicas": [{"name": "web", "count": 5}]}),
    "labels": (
        ("add", "label", "tier:front", "app:shop"),
        {"commonLabels": {"tier": "front", "app": "shop"}},
    ),
    "labels without selectors": (
        ("add", "label", "--without-selector", "--include-templates", "tier:front"),
        {"labels": [{"pairs": {"tier": "front"}, "includeTemplates": True}]},
    ),
    "annotations": (
        ("add", "annotation", "--force", "team:two", "size:small"),
        {"commonAnnotations": {"team": "two", "size": "small"}},
    ),
    "component": (("add", "component", "../extra"), {"components": ["../extra"]}),
    "resource": (("add", "resource", "more.yaml"), {"resources": ["more.yaml"]}),
    "patch": (
        (
            *("add", "patch", "--kind", "Deployment"),
            *("--patch", '[{"op": "add", "path": "/spec/paused", "value": true}]'),
        ),
        {
            "patches": [
                {
                    "target": {"kind": "Deployment"},
                    "patch": '[{"op": "add", "path": "/spec/paused", "value": true}]',
                }
            ]
        },
    ),
}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    component = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component"}
    files = {
        "app/kustomization.yaml": BASE,
        "app/web.yaml": deployment(),
        "app/more.yaml": service(),
        "extra/kustomization.yaml": {**component, "resources": ["settings.yaml"]},
        "extra/settings.yaml": config_map(),
    }
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(yaml.safe_dump(content))
    return tmp_path


def kustomize(place: Path, *arguments: str) -> bytes:
    """Run the program in a folder."""
    command = ("kustomize", *arguments)
    return subprocess.run(command, cwd=place, check=True, capture_output=True).stdout


@pytest.mark.usefixtures("rendering_programs")
class TestAgainstTheProgram:
    @pytest.mark.parametrize("case", CASES)
    async def test_equals_editing_and_building(self, case: str, repository: Path) -> None:
        """The same objects as after ``kustomize edit`` in the folder itself."""
        edit, overlay = CASES[case]
        tree = DirectoryTree(repository, name="platform")
        ours = await KustomizeRenderer().render(tree, request("app", overlay=overlay))

        await asyncio.to_thread(kustomize, repository / "app", "edit", *edit)
        own = await asyncio.to_thread(kustomize, repository / "app", "build")

        built = [part.body for part in read_objects(own, "own") if isinstance(part, Found)]
        assert [each.body for each in ours.manifests] == built

    async def test_keeps_files_and_lines(self, repository: Path) -> None:
        """Objects come from where Git has them, though the kustomization was changed."""
        tree = DirectoryTree(repository, name="platform")
        overlay = {"namePrefix": "new-", "components": ["../extra"]}

        rendering = await KustomizeRenderer().render(tree, request("app", overlay=overlay))

        assert places(rendering, tree) == {
            "ConfigMap/new-settings": "extra/settings.yaml:1",
            "Deployment/new-web": "app/web.yaml:1",
        }
        assert set(rendering.read) == {
            "app/kustomization.yaml",
            "app/web.yaml",
            "extra/kustomization.yaml",
            "extra/settings.yaml",
        }

    async def test_components_that_are_missing_may_be_passed_over(self, repository: Path) -> None:
        """Where the owner says so, and only there."""
        tree = DirectoryTree(repository, name="platform")
        overlay = {"components": ["../gone", "../extra"]}
        renderer = KustomizeRenderer()

        passed = request("app", overlay=overlay, ignoreMissingComponents=True)
        rendering = await renderer.render(tree, passed)

        assert names(rendering) == ["ConfigMap/old-settings", "Deployment/old-web"]
        with pytest.raises(ManifestError, match="gone"):
            await renderer.render(tree, request("app", overlay=overlay))

    async def test_another_overlay_is_another_rendering(self, repository: Path) -> None:
        """What is laid over counts as input, though no file changed."""
        tree = DirectoryTree(repository, name="platform")
        renderer = KustomizeRenderer()

        seals = {
            (await renderer.plan(tree, request("app", overlay={"namespace": name}))).seal
            for name in ("one", "two", "one")
        }

        assert len(seals) == 2

    async def test_annotations_of_origin_stay_where_git_wants_them(self) -> None:
        """An overlay does not take away what the kustomization asks for."""
        files = folder(
            {
                "app/kustomization.yaml": {
                    "resources": ["s.yaml"],
                    "buildMetadata": ["originAnnotations"],
                },
                "app/s.yaml": service(),
            }
        )

        rendering = await KustomizeRenderer().render(
            files, request("app", overlay={"nameSuffix": "-x"})
        )

        assert "config.kubernetes.io/origin" in rendering.manifests[0].metadata["annotations"]
        assert places(rendering, files) == {"Service/web-x": "app/s.yaml:1"}


class TestLayingOver:
    def test_fields_are_found_however_they_are_spelt(self) -> None:
        """A field ``Resources`` is read too, so there must not be both."""
        assert lay_over({"Resources": ["a"]}, {"resources": ["b"]}, merges_images=False) == {
            "Resources": ["a", "b"]
        }

    def test_images_may_be_merged(self) -> None:
        """As Flux does: a tag takes the place of a digest, and a name stays where none is given."""
        before = {"images": [{"name": "web", "newName": "mirror/web", "digest": "sha256:0"}]}
        overlay = {"images": [{"name": "web", "newTag": "2"}, {"name": "side", "newTag": "1"}]}

        assert lay_over(before, overlay, merges_images=True)["images"] == [
            {"name": "web", "newName": "mirror/web", "newTag": "2"},
            {"name": "side", "newTag": "1"},
        ]

    fields = st.dictionaries(st.sampled_from("abc"), st.text(max_size=3) | st.lists(st.text()))

    @given(fields, fields)
    def test_laying_over_twice_is_laying_over_once(
        self, fields: dict[str, Any], overlay: dict[str, Any]
    ) -> None:
        """An overlay says how things are, not what to do."""
        once = lay_over(fields, overlay, merges_images=False)

        assert lay_over(once, overlay, merges_images=False) == once

    def test_the_fields_in_git_are_not_changed(self) -> None:
        """The same kustomization may be rendered for another owner."""
        fields = {"resources": ["a"], "labels": [{"pairs": {"x": "y"}}]}

        lay_over(fields, {"resources": ["b"], "labels": [{"pairs": {}}]}, merges_images=False)

        assert fields == {"resources": ["a"], "labels": [{"pairs": {"x": "y"}}]}


class TestGraftedTree:
    def test_has_the_grafts_in_path_order(self) -> None:
        """Beside what was there."""
        tree = GraftedTree(folder({"a/1": "x", "a/3": "x", "b": "x"}), {"a/2": b"new", "c": b""})

        assert [blob.path for blob in tree.blobs()] == ["a/1", "a/2", "a/3", "b", "c"]
        assert [blob.path for blob in tree.blobs("a")] == ["a/1", "a/2", "a/3"]
        assert tree.read("a/2") == b"new"

    def test_a_changed_file_is_the_one_that_git_has(self) -> None:
        """Its id stays, because a change of it in Git changes the rendering."""
        inner = folder({"a": "old"})
        tree = GraftedTree(inner, {"a": b"newer"})

        (before,), (after,) = inner.blobs(), tree.blobs()

        assert (after.id, after.size) == (before.id, 5)
        assert tree.read("a") == b"newer"

    def test_a_folder_may_begin_with_a_graft(self) -> None:
        """There was no such path before."""
        tree = GraftedTree(folder({"b": "x"}), {"a/x": b"1"})

        assert [(blob.path, blob.id) for blob in tree.blobs("a")] == [("a/x", "")]
        with pytest.raises(ManifestError):
            list(tree.blobs("elsewhere"))
