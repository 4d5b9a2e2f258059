"""Files that the values of a chart, or single ones of them, are read from.

They lie in the tree, or in a fetched chart itself, where the tree has no such file. It refuses files of
other servers and files outside the tree: what is rendered is what was committed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from auditor.errors import ManifestError
from auditor.ports import Tree
from auditor.renderers.packed_charts import packed_file
from auditor.renderers.workspace import find_blob, is_folder, join, leaves

_MOUNT: Final = "$"
_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


@dataclass(frozen=True, slots=True)
class ValuesFile:
    """A file by its path in the tree, or with its content if it is one of the fetched chart."""

    path: str
    packed: bytes | None = None

    def content(self, tree: Tree) -> bytes:
        """What is in the file.

        Raises:
            ManifestError: it cannot be read.

        """
        return tree.read(self.path) if self.packed is None else self.packed


@dataclass(frozen=True, slots=True)
class Lookup:
    """Where files are looked for: a tree, from a folder on, and then in a fetched chart if there is one."""

    tree: Tree
    folder: str
    archive: bytes | None = None

    def all(self, names: Iterable[str]) -> tuple[ValuesFile, ...]:
        """Find files that must be there.

        Raises:
            ManifestError: one lies outside the tree, or is not there.

        """
        return tuple(self._demand(name) for name in names)

    def present(self, names: Iterable[str]) -> tuple[tuple[ValuesFile, ...], tuple[str, ...]]:
        """Find files that may be missing, and tell the paths of those that are.

        Raises:
            ManifestError: one lies outside the tree.

        """
        found = [(name, self._find(name)) for name in names]
        missing = (values_path(self.folder, name) for name, file in found if file is None)
        return tuple(file for _, file in found if file), tuple(missing)

    def _demand(self, name: str) -> ValuesFile:
        found = self._find(name)
        if found is None:
            path = values_path(self.folder, name)
            kind = "a folder" if is_folder(self.tree, path) else "not there"
            raise ManifestError(
                f"is {kind}, but named as a values file. Correct the option valuesFiles.", path=path
            )
        return found

    def _find(self, name: str) -> ValuesFile | None:
        path = values_path(self.folder, name)
        if find_blob(self.tree, path) is not None:
            return ValuesFile(path)
        if self.archive is None or name.startswith((_MOUNT, "/")):
            return None
        packed = packed_file(self.archive, name)
        return None if packed is None else ValuesFile(f"{name} of the chart", packed)


def values_path(folder: str, name: str) -> str:
    """Say where in the tree a file is: from a folder, from the root (``/``), or where ``$name/`` is seen.

    Raises:
        ManifestError: nowhere in it.

    """
    if _ADDRESS.match(name):
        raise ManifestError(
            f"the values file {_shown(name)} lies on another server, from which nothing is fetched. "
            "Copy it into the repository.",
            path=folder or None,
        )
    mount = f"{name.partition('/')[0]}/" if name.startswith(_MOUNT) else ""
    from_root = name.startswith("/") or bool(mount)
    path = join("" if from_root else folder.strip("/"), name.lstrip("/"))
    if leaves(path) or not path.startswith(mount):
        raise ManifestError(
            f"the values file {name} lies outside the repository. Copy it into the repository.",
            path=folder or None,
        )
    return path


def _shown(address: str) -> str:
    """An address without what may be a password or a token."""
    return re.sub(r"//[^/@]*@", "//", address).partition("?")[0]
