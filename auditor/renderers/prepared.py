"""The kustomization that is really built: the one in Git, and what is laid over it or asked of it.

Where nothing is laid over it, the file stays as it is but for a question at its end, so that kustomize's
words about it keep their lines. It refuses to change any other file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from auditor.errors import ManifestError
from auditor.ports import Tree
from auditor.renderers.documents import read_documents
from auditor.renderers.generation import DEFAULT_NAME, IGNORE_FILE, as_flux_reads, generated
from auditor.renderers.kustomization import kustomization_file, root_folder
from auditor.renderers.overlay import Fields, GraftedTree, lay_over, spelling
from auditor.renderers.workspace import find_blob, is_folder, join

_BUILD_METADATA: Final = "buildMetadata"
_ORIGINS: Final = "originAnnotations"
_QUESTION: Final = b"\nbuildMetadata:\n- originAnnotations\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What is wanted beside the kustomization in Git. ``generates`` means: as Flux treats it."""

    overlay: Fields = field(default_factory=dict)
    merges_images: bool = False
    ignores_missing: bool = False
    generates: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A folder to build, in a tree that has its kustomization as it is built.

    ``place`` is what an object comes from of which nothing else is known. ``is_annotated`` tells whether
    objects say where they come from, and ``keeps_annotations`` whether that belongs to them.
    """

    tree: Tree
    root: str
    place: str
    is_annotated: bool = False
    keeps_annotations: bool = False
    consulted: tuple[str, ...] = ()
    """Files that decided what is built, and are no part of it."""


def prepare(tree: Tree, path: str, wishes: Wishes) -> Prepared:
    """Make the kustomization that is built where a path is asked for.

    Raises:
        ManifestError: it must be changed and cannot be read.

    """
    root = root_folder(tree, path)
    file = kustomization_file(tree, root)
    if file is None and not wishes.generates:
        return Prepared(tree=tree, root=root, place=root)
    if file is not None and not wishes.overlay and not wishes.generates:
        return _asked(tree, root, file)
    fields = generated(tree, root) if file is None else _read(tree, file)
    fields = as_flux_reads(fields) if wishes.generates else fields
    keeps = wishes.generates and file is not None and not fields.get(spelling(fields, "resources"))
    made = lay_over(fields, _present(tree, root, wishes), merges_images=wishes.merges_images)
    return _made(tree, root, file, _asking(made, keeps=keeps))


def _asked(tree: Tree, root: str, file: str) -> Prepared:
    """Take a kustomization as it is, and ask for origins where that can be added safely."""
    content = tree.read(file)
    if not _can_ask(content, file):
        return Prepared(tree=tree, root=root, place=file)
    grafted = GraftedTree(tree, {file: content + _QUESTION})
    return Prepared(tree=grafted, root=root, place=file, is_annotated=True)


def _can_ask(content: bytes, path: str) -> bool:
    """Tell whether the question adds its field to the kustomization and does nothing else."""
    try:
        before = [document.value for document in read_documents(content, path)]
        after = [document.value for document in read_documents(content + _QUESTION, path)]
    except ManifestError:
        return False
    if len(before) != 1 or not isinstance(before[0], dict) or _BUILD_METADATA in before[0]:
        return False
    return after == [before[0] | {_BUILD_METADATA: [_ORIGINS]}]


def _read(tree: Tree, file: str) -> dict[str, Any]:
    document = next(read_documents(tree.read(file), file), None)
    value = None if document is None else document.value
    if value is not None and not isinstance(value, dict):
        raise ManifestError("is no kustomization: not a mapping.", path=file)
    return value or {}


def _present(tree: Tree, root: str, wishes: Wishes) -> Fields:
    """Leave out components that are not there, where that is wanted."""
    components = wishes.overlay.get("components")
    if not wishes.ignores_missing or not components:
        return wishes.overlay
    present = [each for each in components if _exists(tree, join(root, str(each)))]
    return {**wishes.overlay, "components": present}


def _exists(tree: Tree, path: str) -> bool:
    return is_folder(tree, path) or find_blob(tree, path) is not None


@dataclass(frozen=True, slots=True)
class _Asking:
    """A kustomization that asks for origins, and whether its objects keep them."""

    fields: Mapping[str, Any]
    keeps: bool


def _asking(fields: Mapping[str, Any], *, keeps: bool) -> _Asking:
    """Ask for origins.

    Flux asks for them itself where a kustomization names no resources, and nothing else is then asked
    (https://github.com/fluxcd/pkg/blob/kustomize/v1.40.0/kustomize/kustomize_generator.go).
    """
    key = spelling(fields, _BUILD_METADATA)
    wanted = fields.get(key)
    wanted = [] if keeps or not isinstance(wanted, list) else wanted
    asked = wanted if _ORIGINS in wanted else [*wanted, _ORIGINS]
    return _Asking({**fields, key: asked}, keeps=keeps or _ORIGINS in wanted)


def _made(tree: Tree, root: str, file: str | None, asking: _Asking) -> Prepared:
    content = json.dumps(asking.fields, ensure_ascii=False).encode()
    return Prepared(
        tree=GraftedTree(tree, {file or join(root, DEFAULT_NAME): content}),
        root=root,
        place=file or root,
        is_annotated=True,
        keeps_annotations=asking.keeps,
        consulted=(IGNORE_FILE,) if file is None and find_blob(tree, IGNORE_FILE) else (),
    )
