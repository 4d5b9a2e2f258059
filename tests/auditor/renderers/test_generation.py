"""A folder without a kustomization is rendered as Flux renders it."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.errors import ManifestError
from auditor.ports import Rendering
from auditor.renderers.generation import generated
from auditor.renderers.gitignore import Ignored
from auditor.renderers.kustomize import KustomizeRenderer
from tests.auditor.renderers.folders import Content, folder, names, places, request
from tests.builders import config_map, deployment, service


def resources(*paths: str, under: str = "app") -> Any:
    tree = folder(dict.fromkeys(paths, "x"))
    return generated(tree, under).get("resources")


class TestResources:
    def test_every_manifest_below_the_folder(self) -> None:
        """In the order in which Go walks a tree, and YAML only."""
        found = resources("app/b.yml", "app/a/x.yaml", "app/a.yaml", "app/c.json", "app/README.md")

        assert found == ["./a/x.yaml", "./a.yaml", "./b.yml"]

    def test_a_folder_with_its_own_kustomization_is_one(self) -> None:
        """Nothing below it is taken a second time."""
        found = resources(
            *("app/a.yaml", "app/sub/kustomization.yml", "app/sub/x.yaml"),
            *("app/sub/deep/Kustomization", "app/other/deep/kustomization.yaml"),
        )

        assert found == ["./a.yaml", "./other/deep", "./sub"]

    def test_the_repositorys_root_is_a_folder_too(self) -> None:
        """Relative to itself."""
        assert resources("a.yaml", "b/kustomization.yaml", under="") == ["./a.yaml", "./b"]

    def test_what_sources_leave_out_is_not_there(self) -> None:
        """By Flux's defaults, and by a file in the repository."""
        tree = folder(
            {
                ".sourceignore": "# mine\n/app/values/\n*.skip.yaml\n!app/keep.skip.yaml\n",
                **dict.fromkeys(
                    (
                        *("app/.sops.yaml", "app/.github/flow.yaml", "app/values/prod.yaml"),
                        *("app/x.skip.yaml", "app/keep.skip.yaml", "app/a.yaml"),
                    ),
                    "x",
                ),
            }
        )

        assert generated(tree, "app")["resources"] == ["./a.yaml", "./keep.skip.yaml"]

    def test_nothing_is_an_empty_kustomization(self) -> None:
        """That kustomize takes for one."""
        assert generated(folder({"app/README.md": "x"}), "app")["namespace"] == "_placeholder"


@pytest.mark.usefixtures("rendering_programs")
class TestRendering:
    async def render(self, files: dict[str, Content], **options: Any) -> Rendering:
        asked = request("app", generate=True, **options)
        return await KustomizeRenderer().render(folder(files), asked)

    async def test_renders_manifests_and_kustomizations(self) -> None:
        """With their files and lines, and nothing read that is not in Git."""
        files: dict[str, Content] = {
            "app/web.yaml": [service(), deployment()],
            "app/sub/kustomization.yaml": {"resources": ["c.yaml"], "namePrefix": "sub-"},
            "app/sub/c.yaml": config_map(),
        }
        rendering = await self.render(files)

        found = places(rendering, folder(files))
        assert set(found) == {"ConfigMap/sub-settings", "Deployment/web", "Service/web"}
        assert found["ConfigMap/sub-settings"] == "app/sub/c.yaml:1"
        assert set(rendering.read) == set(files)

    async def test_an_overlay_covers_what_is_generated(self) -> None:
        """As Flux's targetNamespace and patches do."""
        rendering = await self.render(
            {"app/web.yaml": service()}, overlay={"namespace": "elsewhere"}
        )

        assert rendering.manifests[0].ref.namespace == "elsewhere"

    async def test_a_folder_without_manifests_declares_nothing(self) -> None:
        """And is no mistake."""
        assert (await self.render({"app/README.md": "x"})).manifests == ()

    async def test_a_kustomization_that_is_there_is_taken(self) -> None:
        """Files that it does not name are not rendered."""
        rendering = await self.render(
            {
                "app/Kustomization": {"resources": ["s.yaml"]},
                "app/s.yaml": service(),
                "app/stray.yaml": config_map(),
            }
        )

        assert names(rendering) == ["Service/web"]

    async def test_origins_stay_where_flux_asks_for_them(self) -> None:
        """It does where a kustomization names no resources, so the cluster has the annotation."""
        rendering = await self.render(
            {
                "app/kustomization.yaml": {
                    "configMapGenerator": [{"name": "made", "literals": ["a=1"]}]
                }
            }
        )

        assert "config.kubernetes.io/origin" in rendering.manifests[0].metadata["annotations"]

    async def test_a_file_that_is_no_manifest_fails_the_whole(self) -> None:
        """As in Flux."""
        with pytest.raises(ManifestError, match=r"values\.yaml"):
            await self.render({"app/s.yaml": service(), "app/values.yaml": "replicas: 1\n"})

    async def test_what_leaves_files_out_counts_as_read(self) -> None:
        """A change of it changes what is rendered."""
        rendering = await self.render({"app/s.yaml": service(), ".sourceignore": "/x\n"})

        assert set(rendering.read) == {".sourceignore", "app/s.yaml"}

    async def test_is_as_lenient_as_flux(self) -> None:
        """Fields that nobody knows are dropped, and numbers are text where text is due."""
        text = (
            "resources: [web.yaml]\nfoo: bar\nnamePrefix: 12-\nimages: [{name: web, newTag: 1.10}]"
        )

        rendering = await self.render(
            {"app/kustomization.yaml": text, "app/web.yaml": deployment(image="web:1")}
        )

        (web,) = rendering.manifests
        assert web.ref.name == "12-web"
        assert web.body["spec"]["template"]["spec"]["containers"][0]["image"] == "web:1.1"

    async def test_without_the_option_there_is_nothing_to_build(self) -> None:
        """In kustomize's own words."""
        with pytest.raises(ManifestError, match="unable to find one of"):
            await KustomizeRenderer().render(folder({"app/s.yaml": service()}), request("app"))


@pytest.mark.parametrize(
    ("pattern", "path", "is_left_out"),
    [
        ("*.log", "a/b.log", True),
        ("/*.log", "a/b.log", False),
        ("/*.log", "b.log", True),
        ("build/", "a/build/x", True),
        ("build/", "build", False),
        ("build", "build", True),
        ("a/b", "a/b/c", True),
        ("a/b", "x/a/b", False),
        ("**/b", "x/a/b", True),
        ("a/**", "a/b/c", True),
        ("a/**", "a", False),
        ("a/**/c", "a/c", True),
        ("a/**/c", "a/x/y/c", True),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("[a-c]x", "bx", True),
        ("[!a-c]x", "bx", False),
        (r"\#x", "#x", True),
        ("#x", "#x", False),
        (r"\!x", "!x", True),
        ("a.yaml", "abyaml", False),
    ],
)
def test_patterns_mean_what_git_means(pattern: str, path: str, *, is_left_out: bool) -> None:
    """https://git-scm.com/docs/gitignore#_pattern_format."""
    assert Ignored([pattern]).matches(path) is is_left_out


def test_the_last_pattern_decides() -> None:
    """But what lies in a folder that is left out is never taken in again."""
    ignored = Ignored(["*.yaml", "!keep.yaml", "gone/", "!gone/keep.yaml"])

    assert [ignored.matches(path) for path in ("a.yaml", "x/keep.yaml", "gone/keep.yaml")] == [
        True,
        False,
        True,
    ]
