"""The Kubernetes objects of one file, whatever it is written in.

Decodes text, picks YAML or JSON, takes Lists apart and leaves out by name what nobody applies. It knows
nothing of folders, and of Kubernetes only what every object has.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from auditor.errors import ManifestError
from auditor.renderers.json_documents import read_json
from auditor.renderers.yaml_documents import Document, read_yaml

LOCAL_CONFIG: Final = "config.kubernetes.io/local-config"
"""https://kubernetes.io/docs/reference/labels-annotations-taints/#config-kubernetes-io-local-config"""
_KUSTOMIZE_GROUP: Final = "kustomize.config.k8s.io/"
_ENCODINGS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True, slots=True)
class Found:
    """An object of a file and the line that it begins on."""

    body: dict[str, Any]
    line: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A document of a file that is no object to apply, and why, in words for a person."""

    line: int
    reason: str


def read_objects(content: bytes, path: str) -> Iterator[Found | LeftOut]:
    """Read every object of a file, in order. Empty documents are passed over in silence.

    Raises:
        ManifestError: the file cannot be read; names place and remedy.

    """
    for document in read_documents(content, path):
        if document.value is not None:
            yield from _objects(document.value, document, path)


def read_documents(content: bytes, path: str) -> Iterator[Document]:
    """Read every document of a file: as JSON where it is any, else as YAML, like kubectl.

    Raises:
        ManifestError: the file cannot be read; names place and remedy.

    """
    text = _decode(content, path)
    if not text.lstrip().startswith("{"):
        return read_yaml(text, path)
    try:
        return iter(tuple(read_json(text, path)))
    except ManifestError:
        if path.endswith(".json"):
            raise
        return read_yaml(text, path)


def _decode(content: bytes, path: str) -> str:
    mark, encoding = next((e for e in _ENCODINGS if content.startswith(e[0])), (b"", "utf-8"))
    try:
        return content[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: len(mark) + error.start].count(b"\n") + 1
        reason = f"is not valid {encoding.upper()} text. Save the file as UTF-8, or remove it."
        raise ManifestError(reason, path=path, line=line) from error


def _objects(value: Any, document: Document, path: str) -> Iterator[Found | LeftOut]:
    line = document.line_of(value)
    if not isinstance(value, dict):
        yield LeftOut(line, "is no Kubernetes object: not a mapping")
    elif _is_list(value):
        for item in value["items"] or ():
            yield from _objects(_typed(item, value), document, path)
    else:
        yield _classify(value, line, path)


def _is_list(value: dict[str, Any]) -> bool:
    """Tell ``List`` and ``<Kind>List`` objects, which kubectl takes apart."""
    kind = value.get("kind")
    items = value.get("items", 0)
    return isinstance(kind, str) and kind.endswith("List") and isinstance(items, list | None)


def _typed(item: Any, parent: dict[str, Any]) -> Any:
    """Give an item of a typed list (``ConfigMapList``) the type that it may leave out."""
    if not isinstance(item, dict) or item.get("kind") or parent["kind"] == "List":
        return item
    kind = parent["kind"].removesuffix("List")
    return {"apiVersion": parent.get("apiVersion"), "kind": kind} | item


def _classify(body: dict[str, Any], line: int, path: str) -> Found | LeftOut:
    reason = _why_not(body)
    if reason:
        return LeftOut(line, reason)
    _refuse_odd_names(body, line, path)
    return Found(body, line)


def _why_not(body: dict[str, Any]) -> str | None:
    """Say why a document is not applied; ``None`` where it is."""
    metadata = body.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    annotations = metadata.get("annotations")
    if str(body.get("apiVersion")).startswith(_KUSTOMIZE_GROUP):
        return f"is a {body.get('kind')} of kustomize, which is no object of a cluster"
    if not body.get("apiVersion") or not body.get("kind"):
        return "is no Kubernetes object: it has no apiVersion and kind"
    if isinstance(annotations, dict) and annotations.get(LOCAL_CONFIG) == "true":
        return f"is annotated {LOCAL_CONFIG}: it is never applied"
    if metadata.get("name") is not None:
        return None
    if metadata.get("generateName"):
        return (
            "has a generateName: every creation makes another object, so none is the declared one"
        )
    return "is no Kubernetes object: it has no metadata.name"


def _refuse_odd_names(body: dict[str, Any], line: int, path: str) -> None:
    """Refuse ``name: 123`` and ``name: on``, as the API server does: they are no text."""
    metadata = body["metadata"]
    named = {
        "apiVersion": body["apiVersion"],
        "kind": body["kind"],
        "metadata.name": metadata["name"],
        "metadata.namespace": metadata.get("namespace") or "",
    }
    for field, value in named.items():
        if not isinstance(value, str):
            kind = type(value).__name__
            raise ManifestError(
                f"{field} is read as {kind}, not as text: quote it.", path=path, line=line
            )
