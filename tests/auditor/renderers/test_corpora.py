"""Real manifests of real repositories render, and what does not is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from auditor.errors import ManifestError
from auditor.ports import Rendering, RenderRequest
from auditor.renderers.plain import PlainRenderer
from auditor.sources.git.directory import DirectoryTree
from tests.builders import CLUSTER

pytestmark = pytest.mark.corpora

FOLDERS = {
    "GoogleCloudPlatform+microservices-demo/release": 40,
    "GoogleCloudPlatform+microservices-demo/kubernetes-manifests": 30,
    "GoogleCloudPlatform+microservices-demo/istio-manifests": 5,
    "argoproj+argo-cd/manifests": 60,
    "awslabs+crossplane-on-eks": 65,
    "cert-manager+cert-manager/deploy/crds": 6,
    "fluxcd+flux2-kustomize-helm-example": 15,
    "kubernetes+examples/AI": 20,
    "kubernetes+examples/web": 10,
    "onedr0p+home-ops/kubernetes": 350,
    "upbound+platform-ref-aws": 10,
}
"""Folders of plain manifests, and how many objects each has at least."""


async def render(corpora: Path, folder: str) -> Rendering:
    repository, _, path = folder.partition("/")
    tree = DirectoryTree(corpora / repository, name=repository)
    return await PlainRenderer().render(tree, RenderRequest(path=path, cluster=CLUSTER))


@pytest.mark.parametrize("folder", FOLDERS)
async def test_a_real_folder_renders(folder: str, corpora: Path) -> None:
    """Every object has a name, a kind and a place."""
    rendering = await render(corpora, folder)

    assert len(rendering.manifests) >= FOLDERS[folder]
    for manifest in rendering.manifests:
        assert manifest.ref.name
        assert manifest.ref.kind
        assert manifest.origin
        assert manifest.origin.line


@pytest.mark.parametrize("folder", ["onedr0p+home-ops/kubernetes", "argoproj+argo-cd/manifests"])
async def test_the_line_is_where_the_object_begins(folder: str, corpora: Path) -> None:
    """A link to it leads a reader there."""
    rendering = await render(corpora, folder)
    repository = corpora / folder.partition("/")[0]

    for manifest in rendering.manifests:
        assert manifest.origin
        assert manifest.origin.line
        lines = (repository / manifest.origin.path).read_text().splitlines()
        first = next(iter(manifest.body))
        assert lines[manifest.origin.line - 1].strip(" -\"'{").startswith(first)


async def test_anchors_that_are_defined_twice_are_taken(corpora: Path) -> None:
    """Kubernetes takes them, and this repository uses them."""
    rendering = await render(corpora, "onedr0p+home-ops/kubernetes")
    anchors = {
        path: re.findall(r"(?m)[:-] &([\w-]+)", (corpora / "onedr0p+home-ops" / path).read_text())
        for path in rendering.read
    }

    twice = [path for path, names in anchors.items() if len(set(names)) < len(names)]

    assert len(twice) >= 3


async def test_a_chart_in_a_folder_is_skipped_by_name(corpora: Path) -> None:
    """And everything else in the folder is rendered."""
    rendering = await render(corpora, "GoogleCloudPlatform+microservices-demo")

    charts = [skipped.path for skipped in rendering.skipped if "Helm chart" in skipped.reason]
    assert charts == ["helm-chart/"]


async def test_real_mistakes_are_found(corpora: Path) -> None:
    """Keys that stand twice, in manifests that people copied for years."""
    with pytest.raises(
        ManifestError, match=r"etcd-controller\.yaml:12: key 'selector' stands twice"
    ):
        await render(corpora, "kubernetes+examples/_archived/openshift-origin")
