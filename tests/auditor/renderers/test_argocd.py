"""One source of an Application is rendered as Argo CD's repository server does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from auditor.domain.capabilities import Capabilities
from auditor.domain.manifest import Manifest
from auditor.errors import ManifestError
from auditor.ports import Rendering
from auditor.renderers.argocd import ArgoRenderer
from auditor.renderers.chart_store import ChartStore
from auditor.renderers.helm import HelmRenderer
from tests.auditor.renderers.chart_server import TEMPLATE, serve_charts
from tests.auditor.renderers.folders import Content, FolderTree, folder, names, request
from tests.builders import config_map

pytestmark = pytest.mark.usefixtures("rendering_programs")

CHART: Final[dict[str, Content]] = {
    "app/Chart.yaml": {"apiVersion": "v2", "name": "web", "version": "1.0.0"},
    "app/values.yaml": {"mode": "calm"},
    "app/templates/settings.yaml": TEMPLATE,
}
KUSTOMIZATION: Final[dict[str, Content]] = {
    "app/kustomization.yaml": "resources: [settings.yaml]\n",
    "app/settings.yaml": config_map(),
}
DIRECTORY: Final[dict[str, Content]] = {
    "app/one.yaml": config_map("one"),
    "app/two.json": '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "two"}}',
    "app/sub/three.yml": config_map("three"),
    "other/four.yaml": config_map("four"),
}


async def render(files: dict[str, Content] | FolderTree, **options: Any) -> Rendering:
    tree = files if isinstance(files, FolderTree) else folder(files)
    return await ArgoRenderer().render(tree, request(application="web", **options))


async def refusal(files: dict[str, Content], **options: Any) -> ManifestError:
    with pytest.raises(ManifestError) as caught:
        await render(files, **options)
    return caught.value


def mode(rendering: Rendering) -> str:
    (made,) = rendering.manifests
    return str(made.body["data"]["mode"])


class TestTools:
    @pytest.mark.parametrize(
        ("files", "tool"),
        [
            (CHART, "helm"),
            (KUSTOMIZATION, "kustomize"),
            (DIRECTORY, "plain"),
            (CHART | KUSTOMIZATION, "kustomize"),
        ],
    )
    async def test_the_files_say_which_tool_is_meant(
        self, files: dict[str, Content], tool: str
    ) -> None:
        """Of a chart and a kustomization in one folder, the kustomization counts."""
        assert (await render(files)).renderer == tool

    async def test_the_application_says_it_first(self) -> None:
        """A section of one tool, however empty, decides."""
        assert (await render(CHART | KUSTOMIZATION, source={"helm": {}})).renderer == "helm"

        found = await render(KUSTOMIZATION, source={"directory": {}})

        assert (found.renderer, names(found)) == ("plain", ["ConfigMap/settings"])

    async def test_a_release_is_called_as_the_application(self) -> None:
        """Not as the chart, and without the Application's namespace."""
        assert names(await render(CHART)) == ["ConfigMap/web-settings"]
        assert names(await render(CHART, release="shop")) == ["ConfigMap/shop-settings"]

    async def test_a_plugin_is_refused(self) -> None:
        """It runs in Argo CD alone."""
        assert "plugin" in (await refusal(DIRECTORY, source={"plugin": {}})).reason

    async def test_kustomize_is_told_what_the_application_says(self) -> None:
        """As if it stood in the kustomization."""
        said = {"kustomize": {"namePrefix": "prod-", "commonLabels": {"app": "$ARGOCD_APP_NAME"}}}
        variables = {"ARGOCD_APP_NAME": "web"}

        (made,) = (await render(KUSTOMIZATION, source=said, variables=variables)).manifests

        assert made.ref.name == "prod-settings"
        assert made.metadata["labels"] == {"app": "web"}

    async def test_charts_are_told_what_the_cluster_is(self) -> None:
        """Major and minor version, as Argo CD does; what the Application says goes first."""
        text = TEMPLATE + '  kube: "{{ .Capabilities.KubeVersion.Version }}"\n'
        files = CHART | {"app/templates/settings.yaml": text}

        async def made(**options: Any) -> Manifest:
            asked = request(application="web", **options)
            asked = replace(asked, capabilities=Capabilities(kube_version="v1.31.4+vendor"))
            (manifest,) = (await ArgoRenderer().render(folder(files), asked)).manifests
            return manifest

        given = await made()
        said = await made(source={"helm": {"kubeVersion": "1.30"}})

        assert given.body["data"]["kube"] == "v1.31"
        assert said.body["data"]["kube"].startswith("v1.30")


class TestOverrides:
    async def test_files_beside_the_content_change_what_is_said(self) -> None:
        """First the one for all, then the one of this Application; others' count for nothing."""
        said = {"helm": {"values": "mode: spec"}}
        files = CHART | {"app/.argocd-source-other.yaml": {"helm": {"values": "mode: other"}}}
        assert mode(await render(files, source=said)) == "spec"

        files["app/.argocd-source.yaml"] = {"helm": {"values": "mode: all"}}
        assert mode(await render(files, source=said)) == "all"

        files["app/.argocd-source-web.yaml"] = {"helm": {"values": "mode: own"}}
        found = await render(files, source=said)
        assert mode(found) == "own"
        assert {"app/.argocd-source.yaml", "app/.argocd-source-web.yaml"} <= found.read.keys()

    async def test_they_are_merged(self) -> None:
        """A null takes away, a list replaces, the rest stays."""
        said = {"helm": {"releaseName": "a", "values": "mode: spec", "parameters": [{"name": "x"}]}}
        override = {"helm": {"values": None, "parameters": [{"name": "mode", "value": "new"}]}}

        found = await render(CHART | {"app/.argocd-source.yaml": override}, source=said)

        assert (names(found), mode(found)) == (["ConfigMap/a-settings"], "new")

    async def test_they_may_name_the_tool(self) -> None:
        """And two tools at once are refused, wherever they are named."""
        files = KUSTOMIZATION | {"app/.argocd-source.yaml": {"directory": {"recurse": True}}}

        assert (await render(files)).renderer == "plain"
        assert "several tools" in (await refusal(files, source={"kustomize": {}})).reason

    @pytest.mark.parametrize("text", ["", "# nothing\n", "other: field\n"])
    async def test_one_that_says_nothing_changes_nothing(self, text: str) -> None:
        """Only what speaks to tools counts."""
        assert mode(await render(CHART | {"app/.argocd-source.yaml": text})) == "calm"


class TestDirectories:
    async def test_folders_below_are_not_looked_into(self) -> None:
        """Unless the Application says so."""
        flat = await render(DIRECTORY)
        deep = await render(DIRECTORY, source={"directory": {"recurse": True}})

        assert names(flat) == ["ConfigMap/one", "ConfigMap/two"]
        assert names(deep) == ["ConfigMap/one", "ConfigMap/three", "ConfigMap/two"]

    @pytest.mark.parametrize(
        ("include", "exclude", "chosen"),
        [
            ("*.json", "", ["two"]),
            ("", "sub/*", ["one", "two"]),
            ("{one.yaml,sub/*}", "", ["one", "three"]),
            ("*", "*.yaml", ["three", "two"]),
            ("s*", "", ["three"]),
        ],
    )
    async def test_patterns_choose_files(
        self, include: str, exclude: str, chosen: list[str]
    ) -> None:
        """Over paths from the directory on; what is excluded stays out."""
        directory = {"recurse": True, "include": include, "exclude": exclude}

        found = await render(DIRECTORY, source={"directory": directory})

        assert names(found) == [f"ConfigMap/{name}" for name in chosen]

    async def test_the_root_of_a_repository_is_a_directory(self) -> None:
        """A dot stands for it."""
        files: dict[str, Content] = {"a.yaml": config_map("a"), "sub/b.yaml": config_map("b")}

        for path in ("", "."):
            found = await ArgoRenderer().render(folder(files), request(path))
            assert names(found) == ["ConfigMap/a"]

    async def test_files_that_are_marked_or_no_objects_are_passed_over(self) -> None:
        """A mark says that a file is not to be rendered; what is no YAML at all is not Argo CD's."""
        marked = (
            "# +argocd:skip-file-rendering\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}"
        )
        files = DIRECTORY | {"app/marked.yaml": marked, "app/notes.yaml": "{{ template }}: {"}

        assert names(await render(files)) == ["ConfigMap/one", "ConfigMap/two"]

    async def test_a_broken_object_is_not(self) -> None:
        """It is told with its file."""
        files = DIRECTORY | {"app/x.yaml": "apiVersion: v1\nkind: A\nmetadata: {name: {{ x }}}\n a"}

        assert (await refusal(files)).path == "app/x.yaml"

    async def test_jsonnet_is_named_as_applied_all_the_same(self) -> None:
        """What it makes is declared, and nobody here knows it; what is not chosen is nobody's."""
        files = DIRECTORY | {"app/x.jsonnet": "{}", "app/lib.libsonnet": "{}"}

        (skipped,) = (await render(files)).skipped

        assert (skipped.path, skipped.is_applied) == ("app/x.jsonnet", True)
        assert not (await render(files, source={"directory": {"exclude": "*.jsonnet"}})).skipped


class TestValuesFiles:
    FILES: Final = CHART | {
        "app/env/b.yaml": {"mode": "b"},
        "app/env/a.yaml": {"mode": "a"},
        "app/env/deep/c.yaml": {"mode": "c"},
        "$values/prod.yaml": {"mode": "prod"},
    }

    @pytest.mark.parametrize(
        ("files", "said"),
        [
            (["env/*.yaml"], "b"),
            (["env/**/*.yaml"], "c"),
            (["env/b.yaml", "env/a.yaml"], "a"),
            (["/app/env/[a].yaml"], "a"),
            (["$values/*.yaml"], "prod"),
            (["$values/prod.yaml"], "prod"),
            (["none.yaml", "env/a.yaml"], "a"),
            (["none/*.yaml"], "calm"),
        ],
    )
    async def test_patterns_stand_for_files_in_the_order_of_their_paths(
        self, files: list[str], said: str
    ) -> None:
        """The last one wins; those that are missing may be passed over."""
        helm = {"valueFiles": files, "ignoreMissingValueFiles": True}

        found = await render(self.FILES, source={"helm": helm}, refs=["$values"])

        assert mode(found) == said

    async def test_a_pattern_has_to_match(self) -> None:
        """Unless files may be missing."""
        error = await refusal(self.FILES, source={"helm": {"valueFiles": ["none/*.yaml"]}})

        assert "no file matches" in error.reason


async def test_a_chart_of_a_repository_takes_values_of_other_sources(tmp_path: Path) -> None:
    """It is fetched; its own files and those of other sources are at hand."""
    files: dict[str, Content] = {"$values/prod.yaml": {"mode": "prod"}}
    helm = {"valueFiles": ["own.yaml", "$values/prod.yaml"], "releaseName": "shop"}
    async with serve_charts() as server:
        server.publish("web", "7.0.1", **{"own.yaml": "mode: own"})
        address = {"chart": "web", "repository": server.url, "version": "7.*"}

        renderer = ArgoRenderer({"helm": HelmRenderer(store=ChartStore(tmp_path))})
        found = await renderer.render(
            folder(files), request("", source={"helm": helm}, refs=["$values"], **address)
        )

    assert (names(found), mode(found)) == (["ConfigMap/shop-settings"], "prod")
