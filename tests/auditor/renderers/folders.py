"""Small repositories in memory, for tests of renderers.

``folder(**{"app/kustomization.yaml": "resources: [a.yaml]"})`` is a `Tree`. Blob ids are hashes of the
content, as Git has them. It refuses links: those are tested on real folders.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from auditor.errors import ManifestError
from auditor.ports import Blob, Rendering, RenderRequest, Skipped, Tree
from tests.builders import CLUSTER, REVISION

Content = str | bytes | Mapping[str, Any] | Sequence[Mapping[str, Any]]
"""Text, or what YAML is made of: one document, or several."""


@dataclass
class FolderTree:
    """Files in memory, as the port `Tree` has them; counts what is read."""

    files: dict[str, bytes]
    repository: str = "platform"
    revision: str = REVISION
    reads: list[str] = field(default_factory=list)

    def blobs(self, under: str = "") -> Iterator[Blob]:
        under = under.strip("/")
        found = [
            path for path in sorted(self.files) if not under or f"{path}/".startswith(f"{under}/")
        ]
        if not found:
            raise ManifestError("there is no such path", path=under)
        for path in found:
            content = self.files[path]
            yield Blob(path, hashlib.sha1(content, usedforsecurity=False).hexdigest(), len(content))

    def read(self, path: str, /) -> bytes:
        self.reads.append(path)
        if path not in self.files:
            raise ManifestError("there is no such file", path=path)
        return self.files[path]

    def omitted(self, under: str = "") -> Iterator[Skipped]:
        return iter(())


def folder(files: Mapping[str, Content]) -> FolderTree:
    """Make a tree of paths and contents."""
    return FolderTree({path: _bytes(content) for path, content in files.items()})


def request(path: str = "app", *, namespace: str = "", **options: Any) -> RenderRequest:
    """Ask for a path; ``options`` are the renderer's."""
    return RenderRequest(path=path, cluster=CLUSTER, namespace=namespace, options=options)


def names(rendering: Rendering) -> list[str]:
    """List what was rendered as Kind/name, sorted."""
    return sorted(f"{each.ref.kind}/{each.ref.name}" for each in rendering.manifests)


def places(rendering: Rendering, tree: Tree) -> dict[str, str]:
    """Say of each object where it comes from, as path:line, and check that it is from the tree."""
    found = {}
    for each in rendering.manifests:
        assert each.origin is not None
        assert (each.origin.repository, each.origin.revision) == (tree.repository, tree.revision)
        found[f"{each.ref.kind}/{each.ref.name}"] = f"{each.origin.path}:{each.origin.line}"
    return found


def _bytes(content: Content) -> bytes:
    if isinstance(content, bytes):
        return content
    if isinstance(content, str):
        return content.encode()
    documents = [content] if isinstance(content, Mapping) else content
    return yaml.safe_dump_all([dict(each) for each in documents], sort_keys=False).encode()
