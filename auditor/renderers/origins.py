"""Where each object of a built kustomization comes from.

kustomize is asked to annotate that; the annotations end here, unless the kustomization itself wants them in
the cluster. It refuses to guess: without an annotation an object comes from the kustomization.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Any, Final

from auditor.domain.manifest import Origin
from auditor.errors import ManifestError
from auditor.ports import Tree
from auditor.renderers.documents import read_documents
from auditor.renderers.places import Places
from auditor.renderers.prepared import Prepared
from auditor.renderers.workspace import join
from auditor.renderers.yaml_documents import Document

ORIGIN: Final = "config.kubernetes.io/origin"
"""https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/buildmetadata/"""


class Origins:
    """Reads kustomize's annotations, and takes off those that were asked for here."""

    def __init__(self, tree: Tree, prepared: Prepared) -> None:
        self._places = Places(tree)
        self._tree = tree
        self._prepared = prepared

    def take(self, body: dict[str, Any]) -> tuple[dict[str, Any], Origin]:
        """Return an object as it is declared, and where."""
        annotations = dict(body["metadata"].get("annotations") or {})
        text = annotations.pop(ORIGIN, None) if self._prepared.is_annotated else None
        if not isinstance(text, str):
            return body, self._places.file(self._prepared.place)
        origin = self._origin(_first(text.encode(), ORIGIN).value, body)
        if self._prepared.keeps_annotations:
            return body, origin
        metadata = {key: value for key, value in body["metadata"].items() if key != "annotations"}
        metadata |= {"annotations": annotations} if annotations else {}
        return body | {"metadata": metadata}, origin

    def _origin(self, said: Mapping[str, Any], body: dict[str, Any]) -> Origin:
        root, place = self._prepared.root, self._prepared.place
        if "path" in said:
            return self._places.origin(join(root, str(said["path"])), body)
        path = join(root, str(said.get("configuredIn") or posixpath.basename(place)))
        return self._places.file(path, self._generator_line(path, body))

    def _generator_line(self, path: str, body: dict[str, Any]) -> int | None:
        """Find the entry of a generator that made an object; none where the file is none of Git's."""
        try:
            document = _first(self._tree.read(path), path)
        except ManifestError:
            return None
        kind, name = body["kind"], body["metadata"]["name"]
        entries = document.value.get(f"{kind[0].lower()}{kind[1:]}Generator")
        named = [
            entry
            for entry in (entries if isinstance(entries, list) else ())
            if isinstance(entry, dict) and str(entry.get("name")) in name
        ]
        best = max(named, key=lambda entry: len(str(entry.get("name"))), default=None)
        return None if best is None else document.line_of(best)


def _first(content: bytes, path: str) -> Document:
    """Read the first document of what is known to hold a mapping."""
    document = next(read_documents(content, path), None)
    is_mapping = document is not None and isinstance(document.value, dict)
    return document if document and is_mapping else Document(value={}, line=1)
