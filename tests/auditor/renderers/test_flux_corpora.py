"""Real Flux repositories are rendered as their Kustomizations ask for it."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from auditor.errors import ManifestError
from auditor.ports import Rendering
from auditor.renderers.documents import Found, read_objects
from auditor.renderers.flux import FluxRenderer
from auditor.renderers.generation import DEFAULT_NAME, generated
from auditor.renderers.kustomization import NAMES
from auditor.renderers.workspace import join
from auditor.sources.git.directory import DirectoryTree
from tests.auditor.renderers.folders import request

pytestmark = [
    pytest.mark.corpora,
    pytest.mark.timeout(600),
    pytest.mark.usefixtures("rendering_programs"),
]

FIELDS = {"targetNamespace": "namespace"} | {
    name: name for name in ("namePrefix", "nameSuffix", "patches", "images", "components")
}
"""What a Kustomization's spec lays over the kustomization, and as which of its fields."""

REASONS = ("sonarr/app/kustomization.yaml: loading KV pairs",)
"""Why anything there is refused: the corpus lacks a script of sonarr's."""

HOME = "onedr0p+home-ops"
EXAMPLE = "fluxcd+flux2-kustomize-helm-example"


ARTIFACTS = ("", "apps", "infrastructure")
"""Folders that paths begin at: the example cuts artifacts out of its repository."""


def kustomizations(tree: DirectoryTree) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield path and spec of every Flux Kustomization of a repository that has the path."""
    for blob in tree.blobs():
        if blob.path.endswith(".yaml"):
            for part in _objects(tree, blob.path):
                if part["apiVersion"].startswith("kustomize.toolkit.fluxcd.io/"):
                    spec: dict[str, Any] = part.get("spec") or {}
                    paths = (join(artifact, spec.get("path", ".")) for artifact in ARTIFACTS)
                    yield from ((path, spec) for path in paths if path and _exists(tree, path))


def _objects(tree: DirectoryTree, path: str) -> list[dict[str, Any]]:
    try:
        parts = list(read_objects(tree.read(path), path))
    except ManifestError:
        return []
    return [part.body for part in parts if isinstance(part, Found)]


def _exists(tree: DirectoryTree, path: str) -> bool:
    try:
        return next(tree.blobs(path), None) is not None
    except ManifestError:
        return False


def options_of(spec: dict[str, Any]) -> dict[str, Any]:
    substitute = (spec.get("postBuild") or {}).get("substitute") or {}
    return {
        "overlay": {FIELDS[name]: spec[name] for name in FIELDS if name in spec},
        "substitute": {name: str(value) for name, value in substitute.items()},
    }


@pytest.mark.parametrize(("name", "least"), [(HOME, 70), (EXAMPLE, 6)])
async def test_every_kustomization_is_rendered(corpora: Path, name: str, least: int) -> None:
    """With objects from places of the repository, or with a reason that names the file."""
    tree = DirectoryTree(corpora / name, name=name)
    renderer, rendered, wrong = FluxRenderer(), 0, []

    for path, spec in kustomizations(tree):
        try:
            rendering = await renderer.render(tree, request(path, **options_of(spec)))
        except ManifestError as error:
            wrong += [] if any(reason in str(error) for reason in REASONS) else [str(error)]
            continue
        rendered += 1
        wrong += [f"{path}: {each}" for each in _strange(rendering)]

    assert wrong == []
    assert rendered >= least


def _strange(rendering: Rendering) -> list[str]:
    """Say what is not as it should be."""
    strange = [f"{each.path}: {each.reason}" for each in rendering.skipped]
    for each in rendering.manifests:
        if each.origin is None or each.origin.path not in rendering.read:
            strange.append(f"{each.ref} comes from {each.origin}")
        if "${" in json.dumps(each.body["metadata"]["name"]):
            strange.append(f"{each.ref} has a variable in its name")
    return strange


@pytest.mark.parametrize("name", [HOME, EXAMPLE])
async def test_equals_the_program_on_the_same_kustomization(
    corpora: Path, name: str, tmp_path: Path
) -> None:
    """Written out by hand: a kustomization above that names the folder and has the spec's fields."""
    tree = DirectoryTree(corpora / name, name=name)
    shutil.copytree(corpora / name, tmp_path / "copy")
    renderer, equal = FluxRenderer(), 0

    for path, spec in kustomizations(tree):
        if spec.get("components") or spec.get("postBuild"):
            continue
        own = await asyncio.to_thread(_built, tmp_path / "copy", path, spec, tree)
        if own is not None:
            options = {"overlay": options_of(spec)["overlay"]}
            ours = await renderer.render(tree, request(path, **options))
            assert _sorted(each.body for each in ours.manifests) == _sorted(own), path
            equal += 1

    assert equal >= 6


def _sorted(bodies: Any) -> list[str]:
    return sorted(json.dumps(body, sort_keys=True) for body in bodies)


def _built(
    copy: Path, path: str, spec: dict[str, Any], tree: DirectoryTree
) -> list[dict[str, Any]] | None:
    """Build with the program; None where it refuses."""
    folder = copy / path
    if not any((folder / name).exists() for name in NAMES):
        (folder / DEFAULT_NAME).write_text(json.dumps(generated(tree, path)))
    above = copy / "above"
    above.mkdir(exist_ok=True)
    fields = options_of(spec)["overlay"]
    root = {"resources": [os.path.relpath(folder, above)], **fields}
    (above / DEFAULT_NAME).write_text(json.dumps(root))
    command = ("kustomize", "build", "--load-restrictor", "LoadRestrictionsNone", str(above))
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        return None
    parts = read_objects(done.stdout, "own")
    return [part.body for part in parts if isinstance(part, Found)]
