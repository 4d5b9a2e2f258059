"""Which files Argo CD takes, where it chooses otherwise than others do.

Of a plain directory it takes the files that its patterns let through, none of folders below unless told to,
none that say that they are not to be rendered, and none that are neither objects nor YAML at all. It refuses
a directory with Jsonnet among the chosen files: what that makes is not known here.

https://argo-cd.readthedocs.io/en/stable/user-guide/directory/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from auditor.domain.gitops.argocd_fields import Unknowable
from auditor.domain.gitops.argocd_globs import is_pattern, over_all, over_folders
from auditor.errors import ManifestError
from auditor.ports import Blob, Skipped, Tree
from auditor.renderers.documents import read_documents
from auditor.renderers.values_files import values_path
from auditor.renderers.workspace import find_blob

_ENDINGS: Final = (".yaml", ".yml", ".json", ".jsonnet")
_JSONNET: Final = ".jsonnet"
_SKIP: Final = b"+argocd:skip-file-rendering"
_OBJECT: Final = (b"apiVersion:", b"kind:", b"metadata:")


class DirectoryFiles:
    """The files of a tree that Argo CD would render of a directory, as a `Tree`."""

    def __init__(
        self, tree: Tree, folder: str, *, recurse: bool, include: str, exclude: str
    ) -> None:
        self._tree = tree
        self._folder = "" if folder == "." else folder
        self._recurse = recurse
        self._include = over_all(include) if include else None
        self._exclude = over_all(exclude) if exclude else None

    @property
    def repository(self) -> str:
        """The repository's configured name."""
        return self._tree.repository

    @property
    def revision(self) -> str:
        """The commit id."""
        return self._tree.revision

    def blobs(self, under: str = "") -> Iterator[Blob]:
        """The chosen files, in path order.

        Raises:
            ManifestError: there is no such path, or there is Jsonnet among them.

        """
        for blob in self._tree.blobs(self._folder if under in {"", "."} else under):
            if self._is_named(blob.path) and self._is_meant(blob.path):
                yield blob

    def read(self, path: str, /) -> bytes:
        """The content of one file.

        Raises:
            ManifestError: no such file, or it is larger than what is read.

        """
        return self._tree.read(path)

    def omitted(self, under: str = "") -> Iterator[Skipped]:
        """What is left out of the files that would be chosen."""
        for each in self._tree.omitted(under):
            if self._is_named(each.path):
                yield each

    def _is_named(self, path: str) -> bool:
        """Tell whether Argo CD looks into a file of this name and place."""
        inner = path.removeprefix(f"{self._folder}/") if self._folder else path
        if not inner.endswith(_ENDINGS) or ("/" in inner and not self._recurse):
            return False
        if self._exclude is not None and self._exclude.fullmatch(inner):
            return False
        return self._include is None or bool(self._include.fullmatch(inner))

    def _is_meant(self, path: str) -> bool:
        """Tell whether what is in a file is meant to be applied."""
        content = self._tree.read(path)
        if _SKIP in content:
            return False
        if path.endswith(_JSONNET):
            raise ManifestError("is Jsonnet, which is not evaluated here.", path=path)
        return path.endswith(".json") or all(w in content for w in _OBJECT) or _reads(content, path)


def _reads(content: bytes, path: str) -> bool:
    """Tell whether a file that looks like no object is YAML at all; Argo CD passes over one that is not."""
    try:
        return all(True for _ in read_documents(content, path))
    except ManifestError:
        return False


def expand_values_files(
    tree: Tree, folder: str, names: Iterable[str], *, may_miss: bool
) -> list[str]:
    """Look up values files that are named by a pattern: those that match, in the order of their paths.

    Raises:
        ManifestError: a name leads out of the tree.
        Unknowable: nothing matches, and something has to.

    """
    return [each for name in names for each in _expanded(tree, folder, name, may_miss=may_miss)]


def _expanded(tree: Tree, folder: str, name: str, *, may_miss: bool) -> list[str]:
    if not is_pattern(name):
        return [name]
    path = values_path(folder, name)
    if find_blob(tree, path) is not None:
        return [name]
    pattern = over_folders(path)
    found = [f"/{blob.path}" for blob in tree.blobs() if pattern.fullmatch(blob.path)]
    if not found and not may_miss:
        raise Unknowable(f"no file matches the values files {name}")
    return found
