"""In real kustomizations every field is traced to a place that says it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from auditor.domain.fieldpath import FieldPath, Key, Segment
from auditor.domain.history import Layers, Passage
from auditor.domain.manifest import Manifest
from auditor.errors import ManifestError
from auditor.ports import RenderRequest
from auditor.renderers.kustomize import KustomizeRenderer
from auditor.sources.git.directory import open_directory
from auditor.sources.git.extent import object_at
from auditor.sources.git.fields import field_at
from auditor.sources.git.tracing.files import Files
from auditor.sources.git.tracing.trace import trace

pytestmark = [
    pytest.mark.corpora,
    pytest.mark.timeout(600),
    pytest.mark.usefixtures("rendering_programs"),
]

REPOSITORIES = (
    "GoogleCloudPlatform+microservices-demo",
    "argoproj+argo-cd",
    "fluxcd+flux2-kustomize-helm-example",
)
MOST = 300
"""Fields of one object that are looked at; CustomResourceDefinitions have thousands."""


@dataclass
class Kustomization:
    """One kustomization that was built, and the files of its repository."""

    base: str
    files: Files
    read: tuple[str, ...]
    outcomes: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def look(self, manifest: Manifest) -> None:
        """Trace every field of an object, and see what stands there."""
        origin = manifest.origin
        assert origin
        text = self.files.text(origin.path)
        body = object_at(text, origin.line) if text and origin.line else None
        for path, said in list(_fields(manifest.body))[:MOST]:
            layers = Layers(
                kind=manifest.ref.kind,
                name=manifest.ref.name,
                said=(said,),
                base=self.base,
                files=self.read,
            )
            asked = Passage(origin.path, origin.line, (FieldPath(path),), layers=layers)
            places = trace(self.files, asked)
            told = f"{self.base}: {manifest.ref} {FieldPath(path)}"
            if any(place.spans or place.path != origin.path for place in places):
                self.outcomes["traced"] += 1
                if not self._says(places, said):
                    self.wrong.append(f"{told} is not said at {places}")
            elif (own := field_at(body, path)) is not None and own.text != said:
                self.outcomes["said nowhere"] += 1
                if path != ("metadata", "name"):  # which nothing but a prefix makes
                    self.wrong.append(f"{told} is said nowhere")
            else:
                self.outcomes["own"] += 1

    def _says(self, places: tuple[Passage, ...], said: str) -> bool:
        """Whether a place without lines, which is a whole file, or any line says it, or part of an image."""
        lines = "\n".join(self._lines(place) for place in places)
        parts = {said, said.partition("\n")[0], *said.rpartition(":")[::2], *said.split("@")}
        return any(part in lines for part in parts if part)

    def _lines(self, place: Passage) -> str:
        lines = (self.files.text(place.path) or "").splitlines()
        spans = place.spans or ((1, len(lines)),)
        return "\n".join(line for first, last in spans for line in lines[first - 1 : last])


def _fields(
    value: Any, path: tuple[Segment, ...] = ()
) -> Iterator[tuple[tuple[Segment, ...], str]]:
    """The scalars of an object; items with names of their own go by these."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _fields(inner, (*path, name))
    elif isinstance(value, list):
        names = [item.get("name") if isinstance(item, dict) else None for item in value]
        are_keys = None not in names and len(set(names)) == len(names)
        for place, item in enumerate(value):
            key = Key((("name", names[place]),)) if are_keys else place
            yield from _fields(item, (*path, key))
    elif isinstance(value, bool):
        yield path, str(value).lower()
    elif isinstance(value, str | int | float):
        yield path, str(value)


def _bases(repository: Path) -> list[str]:
    found = sorted(file.parent for file in repository.rglob("kustomization.yaml"))
    return [each.relative_to(repository).as_posix().removeprefix(".") for each in found]


async def _built(repository: Path) -> Iterator[tuple[Kustomization, list[Manifest]]]:
    """Every kustomization of a repository that can be built, with its objects that may be looked into."""
    tree = open_directory(repository)[0]
    found = []
    for base in _bases(repository):
        request = RenderRequest(path=base, cluster="prod")
        try:
            rendering = await KustomizeRenderer().render(tree, request)
        except ManifestError:
            continue
        objects = [m for m in rendering.manifests if m.ref.kind != "Secret" and m.origin]
        found.append((Kustomization(base, Files(tree.read), tuple(rendering.read)), objects))
    return iter(found)


@pytest.mark.parametrize("name", REPOSITORIES)
async def test_every_field_is_said_where_it_is_traced_to(corpora: Path, name: str) -> None:
    """And what its own file does not say as it is declared is traced, but for prefixes of names."""
    outcomes: Counter[str] = Counter()
    wrong = []
    for kustomization, objects in await _built(corpora / name):
        for manifest in objects:
            kustomization.look(manifest)
        outcomes += kustomization.outcomes
        wrong += kustomization.wrong

    assert outcomes["own"] > outcomes["traced"] > 0
    assert wrong == []
