"""What an owner lays over a kustomization before it is built.

Argo CD runs ``kustomize edit`` and Flux rewrites the file; both come to a root kustomization with a few
fields set or added to (https://kubectl.docs.kubernetes.io/references/kustomize/cmd/edit/). Fields are found
in whatever case they are spelt, as kustomize reads them. It refuses to write into the repository: the tree
that is built is another one.
"""

from __future__ import annotations

import heapq
import posixpath
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from auditor.errors import ManifestError
from auditor.ports import Blob, Skipped, Tree

Fields = Mapping[str, Any]
"""The fields of a kustomization."""

_KEPT: Final = "*"
"""In an image: what the kustomization has already (``kustomize edit set image app=*:v2``)."""


class GraftedTree:
    """A tree in which some files have other content, or exist at all. The others are as they were.

    A file that is changed keeps its blob id, and one that is added has none: neither is in the repository,
    and what they are made of decides the rendering in their place.
    """

    def __init__(self, tree: Tree, files: Mapping[str, bytes]) -> None:
        self._tree = tree
        self._files = dict(files)

    @property
    def repository(self) -> str:
        """The repository's configured name."""
        return self._tree.repository

    @property
    def revision(self) -> str:
        """The commit id of what is grafted on."""
        return self._tree.revision

    def blobs(self, under: str = "") -> Iterator[Blob]:
        """All files below a folder (or the file itself), in path order.

        Raises:
            ManifestError: there is no such path.

        """
        under = under.strip("/")
        grafts = [path for path in sorted(self._files) if _is_below(path, under)]
        if not grafts:
            return self._tree.blobs(under)
        return self._merged(under, grafts)

    def read(self, path: str, /) -> bytes:
        """The content of one file.

        Raises:
            ManifestError: no such file, or it is larger than what is read.

        """
        content = self._files.get(path)
        return self._tree.read(path) if content is None else content

    def omitted(self, under: str = "") -> Iterator[Skipped]:
        """What lies below a folder and is not in `blobs`."""
        return (each for each in self._tree.omitted(under) if each.path not in self._files)

    def _merged(self, under: str, grafts: list[str]) -> Iterator[Blob]:
        grafted = (Blob(path, "", len(self._files[path])) for path in grafts)
        last = ""
        for blob in heapq.merge(self._existing(under), grafted, key=lambda blob: blob.path):
            if blob.path != last:
                size = len(self._files.get(blob.path, b"")) or blob.size
                yield Blob(blob.path, blob.id, size)
            last = blob.path

    def _existing(self, under: str) -> Iterator[Blob]:
        try:
            yield from self._tree.blobs(under)
        except ManifestError:
            return


def lay_over(fields: Fields, overlay: Fields, *, merges_images: bool) -> dict[str, Any]:
    """Lay an owner's fields over those of a kustomization.

    Texts replace, mappings are merged, lists are added to. Images and replicas replace the entry of their
    name, as ``kustomize edit set`` does; with ``merges_images`` they change only what they set, as Flux
    does (https://github.com/fluxcd/pkg/blob/kustomize/v1.40.0/kustomize/kustomize_generator.go).
    """
    result = dict(fields)
    for name, value in overlay.items():
        key = spelling(result, name)
        result[key] = _combined(result.get(key), value, name, merges_images=merges_images)
    return result


def spelling(fields: Fields, name: str) -> str:
    """Say how a kustomization spells a field; as it is written everywhere where it has none."""
    return next((key for key in fields if str(key).casefold() == name.casefold()), name)


def _combined(before: Any, value: Any, name: str, *, merges_images: bool) -> Any:
    if name == "images":
        return _by_name(before, value, _changed_image if merges_images else _replaced_image)
    if name == "replicas":
        return _by_name(before, value, lambda _, entry: entry)
    if isinstance(value, Mapping):
        return (before if isinstance(before, dict) else {}) | dict(value)
    if isinstance(value, list | tuple):
        known = before if isinstance(before, list) else []
        return [*known, *(entry for entry in value if entry not in known)]
    return value


Change = Callable[[Mapping[str, Any], Mapping[str, Any]], Mapping[str, Any]]


def _by_name(before: Any, entries: Any, change: Change) -> list[Any]:
    """Replace entries by those of the same name; the others are added."""
    result = list(before) if isinstance(before, list) else []
    for entry in entries:
        places = [
            place
            for place, each in enumerate(result)
            if isinstance(each, dict) and each.get("name") == entry.get("name")
        ]
        for place in places:
            result[place] = change(result[place], entry)
        if not places:
            result.append(change({}, entry))
    return result


def _replaced_image(before: Mapping[str, Any], image: Mapping[str, Any]) -> Mapping[str, Any]:
    kept = {key: before.get(key) if value == _KEPT else value for key, value in image.items()}
    return {key: value for key, value in kept.items() if value is not None}


def _changed_image(before: Mapping[str, Any], image: Mapping[str, Any]) -> Mapping[str, Any]:
    """Change the fields that an image sets. A tag and a digest are one thing: setting one drops the other."""
    has_version = image.get("newTag") or image.get("digest")
    dropped = ("newTag", "digest") if has_version else ()
    kept = {key: value for key, value in before.items() if key not in dropped}
    return kept | {key: value for key, value in image.items() if value}


def _is_below(path: str, folder: str) -> bool:
    return not folder or path == folder or posixpath.join(folder, "") == path[: len(folder) + 1]
