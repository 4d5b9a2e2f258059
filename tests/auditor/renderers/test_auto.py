"""What a folder holds decides how it is rendered."""

from __future__ import annotations

import pytest

from auditor.errors import ManifestError
from auditor.plugins import parse_options
from auditor.renderers.auto import AutoRenderer, detect
from tests.auditor.renderers.folders import Content, folder, names, request
from tests.auditor.renderers.test_helm import CHART
from tests.builders import service

KUSTOMIZATION: dict[str, Content] = {
    "app/kustomization.yaml": {"resources": ["s.yaml"], "namePrefix": "eu-"},
    "app/s.yaml": service(),
}


class TestDetection:
    @pytest.mark.parametrize(
        ("files", "path", "renderer"),
        [
            (KUSTOMIZATION, "app", "kustomize"),
            (KUSTOMIZATION, "app/kustomization.yaml", "kustomize"),
            (KUSTOMIZATION, "app/s.yaml", "plain"),
            (KUSTOMIZATION, "", "plain"),
            ({"Kustomization": "{}"}, "", "kustomize"),
            ({"app/kustomization.yml": "{}"}, "app/", "kustomize"),
            (CHART, "app", "helm"),
            (CHART, "app/Chart.yaml", "helm"),
            (CHART, "app/templates", "plain"),
            (CHART | KUSTOMIZATION, "app", "kustomize"),
        ],
    )
    def test_looks_at_the_folder_itself(
        self, files: dict[str, Content], path: str, renderer: str
    ) -> None:
        """A kustomization is for kustomize, a chart for helm, all else is plain."""
        assert detect(folder(files), path) == renderer


@pytest.mark.usefixtures("rendering_programs")
class TestRendering:
    async def test_renders_each_as_it_is_meant(self) -> None:
        """One renderer serves all three."""
        renderer = AutoRenderer()
        plain: dict[str, Content] = {"app/s.yaml": service()}

        renderings = [
            await renderer.render(folder(files), request())
            for files in (KUSTOMIZATION, CHART, plain)
        ]

        assert [(each.renderer, names(each)) for each in renderings] == [
            ("kustomize", ["Service/eu-web"]),
            ("helm", ["ConfigMap/web-settings"]),
            ("plain", ["Service/web"]),
        ]

    async def test_hands_options_on(self) -> None:
        """Options are those of the renderer that the files are meant for."""
        rendering = await AutoRenderer().render(folder(CHART), request(release_name="shop"))

        assert names(rendering) == ["ConfigMap/shop-settings"]

    def test_leaves_options_open_until_the_files_are_known(self) -> None:
        """A configuration is checked without its repositories."""
        assert parse_options(AutoRenderer, {"releaseName": "shop"}, place="options") is not None

    async def test_refuses_options_of_another(self) -> None:
        """A chart's options say nothing to kustomize."""
        with pytest.raises(ManifestError, match="release_name"):
            await AutoRenderer().render(folder(KUSTOMIZATION), request(release_name="shop"))
