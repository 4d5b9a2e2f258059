"""Real repositories render to what the programs themselves make of them."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from auditor.errors import ManifestError
from auditor.ports import Renderer, Rendering
from auditor.renderers.documents import Found, read_objects
from auditor.renderers.helm import HelmRenderer
from auditor.renderers.helm_output import HOOK
from auditor.renderers.kustomization import NAMES
from auditor.renderers.kustomize import KustomizeRenderer
from auditor.renderers.plain import PlainRenderer
from auditor.sources.git.directory import DirectoryTree
from tests.auditor.renderers.folders import request

pytestmark = [
    pytest.mark.corpora,
    pytest.mark.timeout(600),
    pytest.mark.usefixtures("rendering_programs"),
]

REASONS = (
    "no matches for Id",
    "no such file or directory",
    "cannot start any token",
    "https://github.com/argoproj/argo-workflows/",
    "missing in charts/ directory: kube-prometheus-stack",
)
"""Every reason for which anything in the corpora is refused."""


@dataclass
class Outcomes:
    """How the renderings of all places went, ours beside the program's own."""

    rendered: int = 0
    refused: int = 0
    objects: int = 0
    without_line: int = 0
    wrong: list[str] = field(default_factory=list)

    def note(self, place: str, ours: Rendering | ManifestError, own: list[Any] | str) -> None:
        """Compare one place."""
        if isinstance(ours, ManifestError) or isinstance(own, str):
            self.refused += 1
            if _reason(str(ours)) is None or _reason(str(ours)) != _reason(str(own)):
                self.wrong.append(f"{place}: {ours!s:.300} <> {own!s:.300}")
            return
        self.rendered += 1
        self.objects += len(own)
        origins = [each.origin for each in ours.manifests]
        self.without_line += sum(origin is None or origin.line is None for origin in origins)
        if [each.body for each in ours.manifests] != own:
            self.wrong.append(f"{place}: other objects")


def _reason(message: str) -> str | None:
    return next((reason for reason in REASONS if reason in message), None)


def run(*command: str) -> list[Any] | str:
    """Run a program as its users do, without network; return its objects, or its complaint."""
    environment = {"PATH": os.environ["PATH"], "HTTPS_PROXY": "http://127.0.0.1:9"}
    done = subprocess.run(command, capture_output=True, check=False, env=environment)
    if done.returncode:
        return done.stderr.decode()
    parts = read_objects(done.stdout, "output")
    return [part.body for part in parts if isinstance(part, Found)]


async def try_render(
    renderer: Renderer, tree: DirectoryTree, path: str, **options: Any
) -> Rendering | ManifestError:
    try:
        return await renderer.render(tree, request("" if path == "." else path, **options))
    except ManifestError as error:
        return error


def repositories(corpora: Path) -> Iterator[Path]:
    yield from sorted(each for each in corpora.iterdir() if each.is_dir() and each.name[0] != "_")


def folders_with(repository: Path, names: tuple[str, ...]) -> list[str]:
    found = {file.parent for name in names for file in repository.rglob(name)}
    return sorted(folder.relative_to(repository).as_posix() for folder in found)


async def test_every_kustomization_equals_kustomize_build(corpora: Path) -> None:
    """The same objects in the same order, or the same reason for refusing."""
    outcomes, renderer = Outcomes(), KustomizeRenderer()

    for repository in repositories(corpora):
        tree = DirectoryTree(repository, name=repository.name)
        for folder in folders_with(repository, NAMES):
            ours = await try_render(renderer, tree, folder)
            own = await asyncio.to_thread(run, "kustomize", "build", str(repository / folder))
            outcomes.note(f"{repository.name}/{folder}", ours, own)

    assert outcomes.wrong == []
    assert outcomes.rendered >= 140
    assert outcomes.without_line <= outcomes.objects // 100


async def test_every_chart_equals_helm_template(corpora: Path) -> None:
    """The same objects in the same order but for hooks, or the same reason for refusing."""
    outcomes, renderer = Outcomes(), HelmRenderer()

    for repository in repositories(corpora):
        tree = DirectoryTree(repository, name=repository.name)
        for folder in folders_with(repository, ("Chart.yaml",)):
            ours = await try_render(renderer, tree, folder, release_name="app")
            own = run("helm", "template", "app", str(repository / folder), "--include-crds")
            kept = own if isinstance(own, str) else [body for body in own if not _is_hook(body)]
            outcomes.note(f"{repository.name}/{folder}", ours, kept)

    assert outcomes.wrong == []
    assert outcomes.rendered >= 3
    assert outcomes.without_line <= outcomes.objects // 10


def _is_hook(body: Mapping[str, Any]) -> bool:
    return HOOK in (body["metadata"].get("annotations") or {})


async def test_argo_cd_installs_what_it_says(corpora: Path) -> None:
    """The kustomization of Argo CD renders to the manifest that Argo CD publishes of it."""
    tree = DirectoryTree(corpora / "argoproj+argo-cd", name="argo-cd")

    rendered = await KustomizeRenderer().render(tree, request("manifests/cluster-install"))
    published = await PlainRenderer().render(tree, request("manifests/install.yaml"))

    ours = {each.ref: each.body for each in rendered.manifests}
    theirs = {each.ref: each.body for each in published.manifests}
    assert len(ours) > 40
    assert ours == theirs


async def test_one_application_declared_in_three_ways(corpora: Path) -> None:
    """Plain, kustomize and helm agree on microservices-demo as far as upstream keeps them alike.

    The chart alone gives redis-cart an account of its own.
    """
    repository = corpora / "GoogleCloudPlatform+microservices-demo"
    tree = DirectoryTree(repository, name="microservices-demo")

    plain = await PlainRenderer().render(tree, request("kustomize/base"))
    kustomize = await KustomizeRenderer().render(tree, request("kustomize"))
    helm = await HelmRenderer().render(tree, request("helm-chart"))

    bodies = {each.ref: each.body for each in kustomize.manifests}
    assert bodies == {each.ref: each.body for each in plain.manifests}
    assert _kinds(helm) - _kinds(plain) == {("ServiceAccount", "redis-cart"): 1}
    assert _kinds(plain) - _kinds(helm) == {}
    assert _ports(plain) == _ports(helm)


def _kinds(rendering: Rendering) -> Counter[tuple[str, str]]:
    return Counter((each.ref.kind, each.ref.name) for each in rendering.manifests)


def _ports(rendering: Rendering) -> dict[str, list[int]]:
    return {
        each.ref.name: [port["port"] for port in each.body["spec"]["ports"]]
        for each in rendering.manifests
        if each.ref.kind == "Service"
    }
