"""What a kustomization needs, followed through the tree.

kustomize gets exactly the files that its kustomizations name, so the content of these files decides what it
renders, and nothing else of the repository is at hand. What lies outside the repository is refused here,
before kustomize could fetch it. All other mistakes are left to kustomize, whose words people know.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import Final

from auditor.errors import ManifestError
from auditor.ports import Tree
from auditor.renderers.references import ChartUse, References, read_references
from auditor.renderers.workspace import Selection, find_blob, is_folder, join

NAMES: Final = ("kustomization.yaml", "kustomization.yml", "Kustomization")
"""What kustomize takes for a kustomization. More than one in a folder it refuses."""
MAX_DEPTH: Final = 100
"""So many kustomizations may stand on each other's shoulders."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What a build may take: charts, and files that lie not below the kustomization that names them."""

    inflates: bool = False
    unrestricted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """All that kustomize needs to render the kustomization of a folder."""

    root: str
    selection: Selection
    confidential: frozenset[str]
    """Literals of Secret generators, which may stand in no message."""

    decryptable: frozenset[str]
    """Files that Flux decrypts before it builds, if they are encrypted."""


def kustomization_file(tree: Tree, folder: str) -> str | None:
    """Find the kustomization of a folder; None where there is none."""
    names = (join(folder, name) for name in NAMES)
    return next((name for name in names if find_blob(tree, name)), None)


def root_folder(tree: Tree, path: str) -> str:
    """Name the folder that is built where a path is asked for, which may be the kustomization itself."""
    folder, name = posixpath.split(path)
    return folder if name in NAMES and find_blob(tree, path) else join("", path.strip("/"))


def follow(tree: Tree, root: str, reach: Reach) -> Followed:
    """Select all that the kustomization of a folder refers to, within the reach of a build.

    Raises:
        ManifestError: it refers to something outside the repository, or cannot be read.

    """
    walk = _Walk(tree, reach)
    walk.visit(root)
    return Followed(
        root=root,
        selection=walk.selection,
        confidential=frozenset(walk.confidential),
        decryptable=frozenset(walk.decryptable),
    )


class _Walk:
    """Visits kustomizations, each once."""

    def __init__(self, tree: Tree, reach: Reach) -> None:
        self.selection = Selection(tree)
        self.confidential: set[str] = set()
        self.decryptable: set[str] = set()
        self._tree = tree
        self._reach = reach
        self._visited: set[str] = set()

    def visit(self, folder: str, depth: int = 0) -> None:
        """Select a folder's kustomization and what it refers to."""
        if folder in self._visited:
            return
        if depth > MAX_DEPTH:
            raise ManifestError(
                f"kustomizations refer to each other more than {MAX_DEPTH} deep. Flatten them.",
                path=folder,
            )
        self._visited.add(folder)
        self.selection.folders.add(folder)
        for source in self._kustomizations(folder):
            self._follow(source, depth)

    def _kustomizations(self, folder: str) -> list[References]:
        """Read the kustomizations of a folder: the first document of each, as kustomize does."""
        named = (join(folder, name) for name in NAMES)
        paths = [path for path in named if find_blob(self._tree, path)]
        for path in paths:
            self.selection.take(path)
        firsts = (next(read_references(self._tree.read(path), path), None) for path in paths)
        return [first for first in firsts if first is not None]

    def _follow(self, source: References, depth: int) -> None:
        for reference in source.roots():
            self._root(source, reference, depth)
        for reference in source.plugins():
            self._plugin(source, reference)
        for reference in source.files():
            self._file(source, reference)
        for use in source.charts() if self._reach.inflates else ():
            self._chart(source, use)
        self.confidential |= set(source.literals())
        paths = (self._resolve(source, reference) for reference in source.decryptable())
        self.decryptable |= {path for path in paths if path is not None}

    def _resolve(self, source: References, reference: str) -> str | None:
        return source.resolve(reference, unrestricted=self._reach.unrestricted)

    def _root(self, source: References, reference: str, depth: int) -> None:
        """Select what may be a file or a folder."""
        path = self._resolve(source, reference)
        if path is None:
            return
        if is_folder(self._tree, path):
            self.visit(path, depth + 1)
        else:
            self.selection.take(path)

    def _file(self, source: References, reference: str) -> None:
        path = self._resolve(source, reference)
        if path is not None:
            self.selection.take(path)

    def _plugin(self, source: References, reference: str) -> None:
        """Select the configuration of a plugin, which may stand in place or in a file or folder."""
        inline = _inline(source, reference)
        for configured in inline:
            self._configured(configured)
        path = None if inline else self._resolve(source, reference)
        if path is None:
            return
        if self.selection.take(path):
            for configured in read_references(self._tree.read(path), path):
                self._configured(References(source.folder, path, configured.fields))
        elif is_folder(self._tree, path):
            self._plugin_folder(path)

    def _plugin_folder(self, folder: str) -> None:
        """Select a folder of configurations, which may only list them.

        Whatever else it does could make a configuration that refers to what was not looked at.
        """
        if folder in self._visited:
            return
        self._visited.add(folder)
        self.selection.folders.add(folder)
        for source in self._kustomizations(folder):
            if not source.is_plain():
                raise ManifestError(
                    "configures plugins by more than a list of resources. Name the files "
                    "themselves under generators, transformers or validators.",
                    path=source.path,
                )
            for reference in source.roots():
                self._plugin(source, reference)

    def _configured(self, plugin: References) -> None:
        for reference in plugin.plugin_files():
            self._file(plugin, reference)
        for use in plugin.charts() if self._reach.inflates else ():
            self._chart(plugin, use)
        self.confidential |= set(plugin.literals())

    def _chart(self, source: References, use: ChartUse) -> None:
        """Select a chart; kustomize would fetch one that is not there."""
        if is_folder(self._tree, use.place):
            for left_out in self.selection.take_all(use.place):
                raise ManifestError(f"{left_out.reason}.", path=left_out.path)
        elif use.repository:
            raise ManifestError(
                f"the chart {use.name} is not in this repository, and never fetched for a "
                f"kustomization. Commit it as {use.place}.",
                path=source.path,
            )


def _inline(source: References, reference: str) -> list[References]:
    """Read configurations that stand in place of a reference to a file; none if it is one."""
    try:
        found = list(read_references(reference.encode(), source.path))
    except ManifestError:
        if "\n" in reference:
            raise
        return []
    return [References(source.folder, source.path, each.fields) for each in found]
