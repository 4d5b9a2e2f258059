"""Every Application of real repositories is read, and rendered where its content is at hand."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from auditor.domain.gitops.argocd import read_application
from auditor.domain.gitops.branch import Branch, DeadEnd
from auditor.domain.manifest import Manifest, Origin, manifest_from
from auditor.errors import ManifestError
from auditor.plugins import parse_options
from auditor.ports import Blob, RenderRequest, Skipped, Tree
from auditor.renderers.argocd import ArgoRenderer
from auditor.renderers.documents import Found, read_objects
from auditor.sources.git.directory import DirectoryTree
from tests.auditor.domain.gitops.argocd_objects import application, branch, source
from tests.auditor.domain.gitops.flux_objects import Around
from tests.builders import CLUSTER

pytestmark = [
    pytest.mark.corpora,
    pytest.mark.timeout(300),
    pytest.mark.usefixtures("rendering_programs"),
]


@dataclass(frozen=True)
class Declared:
    """An Application, and the repository that it lies in."""

    repository: Path
    manifest: Manifest


def applications(repository: Path) -> Iterator[Declared]:
    """Every Application of a repository, as it is written."""
    for file in sorted(repository.rglob("*.y*ml")):
        for body in objects(file):
            if body["kind"] == "Application" and body["apiVersion"] == "argoproj.io/v1alpha1":
                path = file.relative_to(repository).as_posix()
                origin = Origin(repository=repository.name, revision="", path=path, line=1)
                yield Declared(repository, manifest_from(body, cluster=CLUSTER, origin=origin))


def objects(file: Path) -> Iterator[Mapping[str, Any]]:
    try:
        parts = list(read_objects(file.read_bytes(), file.name))
    except ManifestError:
        return
    yield from (part.body for part in parts if isinstance(part, Found))


def content(declared: Declared, found: Branch) -> Tree | None:
    """The files of a branch, if all of them are at hand: they lie in the Application's own repository."""
    if "chart" in found.options or any(mount.url for mount in found.files):
        return None
    folders = [declared.repository / mount.under for mount in found.files]
    return DirectoryTree(folders[0], name="beside") if len(folders) == 1 else None


async def test_every_application_is_read(corpora: Path) -> None:
    """To branches whose options are right, and to no dead end in what people really write."""
    told: Counter[str] = Counter()

    for repository in ("cnoe-io+stacks", "argoproj+argo-cd"):
        for declared in applications(corpora / repository):
            for each in read_application(declared.manifest, Around()):
                if isinstance(each, DeadEnd):
                    told[each.reason] += 1
                    continue
                told["chart" if "chart" in each.options else "files"] += 1
                assert parse_options(ArgoRenderer, each.options, place="options")

    assert told.keys() == {"chart", "files"}
    assert told["chart"] >= 18
    assert told["files"] >= 30


async def test_every_application_whose_content_is_at_hand_renders(corpora: Path) -> None:
    """Of the repository that lies beside it."""
    rendered: Counter[str] = Counter()
    renderer = ArgoRenderer()

    for declared in applications(corpora / "cnoe-io+stacks"):
        for each in read_application(declared.manifest, Around()):
            tree = content(declared, each) if isinstance(each, Branch) else None
            if isinstance(each, Branch) and tree is not None:
                path = "" if each.path == "." else each.path
                request = RenderRequest(path=path, cluster=CLUSTER, options=each.options)
                rendering = await renderer.render(tree, request)
                rendered[rendering.renderer] += 1
                rendered["objects"] += len(rendering.manifests)

    assert rendered["plain"] >= 20
    assert rendered["kustomize"] == 1
    assert rendered["objects"] >= 200


PATCH = "- {op: add, path: /spec/paused, value: true}"
KUSTOMIZE: dict[str, Any] = {
    "namePrefix": "prod-",
    "nameSuffix": "-v2",
    "namespace": "elsewhere",
    "images": ["quay.io/argoproj/argocd=example.com/argocd:v9", "redis:7"],
    "replicas": [{"name": "argocd-server", "count": 5}],
    "commonLabels": {"team": "$ARGOCD_APP_NAME"},
    "labelWithoutSelector": True,
    "labelIncludeTemplates": True,
    "commonAnnotations": {"from": "git"},
    "patches": [
        {
            "target": {"kind": "Deployment", "name": "argocd-server"},
            "patch": PATCH,
        }
    ],
}
EDITS = [
    ["set", "nameprefix", "--", "prod-"],
    ["set", "namesuffix", "--", "-v2"],
    ["set", "image", *KUSTOMIZE["images"]],
    ["set", "replicas", "argocd-server=5"],
    ["add", "label", "--without-selector", "--include-templates", "team:web"],
    ["add", "annotation", "from:git"],
    ["set", "namespace", "--", "elsewhere"],
    ["add", "patch", "--kind=Deployment", "--name=argocd-server", f"--patch={PATCH}"],
]


async def test_kustomize_options_are_what_argo_cd_makes_of_them(
    corpora: Path, tmp_path: Path
) -> None:
    """It edits the kustomization with the program's own commands, and builds it."""
    path = "manifests/cluster-install"
    called = branch(application(source=source(path=path, kustomize=KUSTOMIZE)))
    tree = DirectoryTree(corpora / "argoproj+argo-cd", name="argo-cd")
    request = RenderRequest(path=path, cluster=CLUSTER, options=called.options)

    ours = await ArgoRenderer().render(tree, request)

    edited = tmp_path / "argo-cd"
    shutil.copytree(corpora / "argoproj+argo-cd" / "manifests", edited / "manifests")
    for edit in EDITS:
        run(edited / path, "edit", *edit)
    built = read_objects(run(edited / path, "build"), "output")
    theirs = [part.body for part in built if isinstance(part, Found)]
    assert [each.body for each in ours.manifests] == theirs
    assert len(theirs) > 40


def run(folder: Path, *arguments: str) -> bytes:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    command = ("kustomize", *arguments)
    return subprocess.run(
        command, cwd=folder, check=True, capture_output=True, env=environment
    ).stdout


class Spread:
    """A tree in which another folder is seen at a name."""

    repository, revision = "spread", ""

    def __init__(self, own: Tree, at: str, other: Tree) -> None:
        self._own, self._at, self._other = own, at, other

    def blobs(self, under: str = "") -> Iterator[Blob]:
        if under.startswith(f"{self._at}/"):
            for blob in self._other.blobs(under.removeprefix(f"{self._at}/")):
                yield Blob(f"{self._at}/{blob.path}", blob.id, blob.size)
        else:
            yield from self._own.blobs(under)

    def read(self, path: str, /) -> bytes:
        inside = path.removeprefix(f"{self._at}/")
        return self._other.read(inside) if inside != path else self._own.read(path)

    def omitted(self, under: str = "") -> Iterator[Skipped]:
        return self._own.omitted(under)


async def test_a_real_chart_takes_values_of_a_real_repository(corpora: Path) -> None:
    """The chart in one repository, its values in another, as several sources put them together."""
    helm = {
        "valueFiles": ["$values/values.yaml"],
        "parameters": [{"name": "frontend.create", "value": "false"}],
    }
    lender = {"repoURL": "https://git.example.com/values", "ref": "values"}
    called = branch(application("shop", sources=[source(path="helm-chart", helm=helm), lender]))
    demo = DirectoryTree(corpora / "GoogleCloudPlatform+microservices-demo", name="demo")
    values = DirectoryTree(corpora / "GoogleCloudPlatform+microservices-demo/helm-chart", name="v")
    request = RenderRequest(path=called.path, cluster=CLUSTER, options=called.options)

    rendering = await ArgoRenderer().render(Spread(demo, "$values", values), request)

    deployments = {each.ref.name for each in rendering.manifests if each.ref.kind == "Deployment"}
    assert "cartservice" in deployments
    assert "frontend" not in deployments
    assert {"$values/values.yaml", "helm-chart/values.yaml"} <= rendering.read.keys()
