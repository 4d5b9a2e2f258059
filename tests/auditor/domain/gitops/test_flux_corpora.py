"""Owners of real Flux repositories, read among the objects of the same repository."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from auditor.domain.gitops.branch import Branch, DeadEnd, Mount
from auditor.plugins import parse_options
from auditor.renderers.flux import FluxRenderer
from auditor.renderers.helm import HelmRenderer
from tests.auditor.domain.gitops.flux_objects import read_files

pytestmark = pytest.mark.corpora

RENDERERS = {"flux": FluxRenderer, "helm": HelmRenderer}
GENERATED = "ConfigMap /flux-metrics-configmap, which holds values, is neither declared nor alive"
"""A generator of kustomize makes it, which reading files alone does not run."""
PATCH = "it names no chart"
"""A patch of a HelmRelease lies in a file of its own, and is no whole one."""


def _said(*roots: Path) -> list[Branch | DeadEnd]:
    files = [file for root in roots for file in sorted(root.rglob("*.yaml"))]
    return read_files((str(file), file.read_bytes()) for file in files)


def _counted(said: Iterable[Branch | DeadEnd]) -> Counter[str]:
    return Counter(each.renderer if isinstance(each, Branch) else each.reason for each in said)


def test_a_home_is_read_whole(corpora: Path) -> None:
    """Every Kustomization and HelmRelease of a large repository leads somewhere."""
    found = _counted(_said(corpora / "onedr0p+home-ops"))
    assert found == {"flux": 78, "helm": 68, GENERATED: 1}


def test_a_home_is_asked_for_in_the_renderers_words(corpora: Path) -> None:
    """What owners come to are options of the renderers, and all charts are in registries."""
    said = _said(corpora / "onedr0p+home-ops")
    branches = [each for each in said if isinstance(each, Branch)]
    for branch in branches:
        parse_options(RENDERERS[branch.renderer], branch.options, place="options")
    repositories = [str(each.options.get("repository", "oci://")) for each in branches]
    assert all(each.startswith("oci://") for each in repositories)


@pytest.mark.parametrize("environment", ["production", "staging"])
def test_a_repository_is_split_into_artifacts(corpora: Path, environment: str) -> None:
    """Flux's own example copies folders of one repository into two artifacts."""
    example = corpora / "fluxcd+flux2-kustomize-helm-example" / "clusters" / environment
    apps, controllers, configs = _said(example)
    assert isinstance(apps, Branch)
    assert isinstance(controllers, Branch)
    assert isinstance(configs, Branch)
    assert (apps.path, apps.files) == (
        environment,
        (
            Mount(under="apps/base", at="base"),
            Mount(under=f"apps/{environment}", at=environment),
        ),
    )
    assert (controllers.path, controllers.files) == (
        "controllers",
        (Mount(under="infrastructure"),),
    )
    assert (configs.path, list(configs.options["overlay"])) == ("configs", ["patches"])


def test_an_example_is_read_whole(corpora: Path) -> None:
    """Charts of a repository and of registries; patches are told from HelmReleases."""
    root = corpora / "fluxcd+flux2-kustomize-helm-example"
    found = _counted(_said(root / "apps", root / "infrastructure"))
    assert found == {"helm": 3, PATCH: 2}
