"""What a kustomization refers to, followed through the tree.

kustomize gets exactly the files that its kustomizations name, so the content of these files decides what it
renders, and nothing else of the repository is at hand. What lies outside the repository is refused here,
before kustomize could fetch it. All other mistakes are left to kustomize, whose words people know.

Fields: https://github.com/kubernetes-sigs/kustomize/blob/api/v0.21.1/api/types/kustomization.go. What is
remote: https://github.com/kubernetes-sigs/kustomize/blob/api/v0.21.1/api/internal/git/repospec.go.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from auditor.errors import ManifestError
from auditor.ports import Tree
from auditor.renderers.documents import read_documents
from auditor.renderers.workspace import Selection, find_blob, is_folder, join, leaves

NAMES: Final = ("kustomization.yaml", "kustomization.yml", "Kustomization")
"""What kustomize takes for a kustomization. More than one in a folder it refuses."""
MAX_DEPTH: Final = 100
"""So many kustomizations may stand on each other's shoulders."""
_REMOTE: Final = re.compile(
    r"(git::)?((https?|ssh|file):/?/|[a-z][a-z0-9-]*@[^/]*[:/]|github\.com[/:])", re.IGNORECASE
)
_PASSWORD: Final = re.compile(r"//[^/@\s]*@")
_ROOTS: Final = ("resources", "bases", "components")
_PLUGINS: Final = ("generators", "transformers", "validators")
_FILES: Final = ("crds", "configurations", "patchesStrategicMerge")
_ENTRIES: Final = {
    "patches": ("path",),
    "patchesJson6902": ("path",),
    "replacements": ("path",),
    "configMapGenerator": ("files", "env", "envs"),
    "secretGenerator": ("files", "env", "envs"),
    "helmCharts": ("valuesFile", "additionalValuesFiles"),
    "helmChartInflationGenerator": ("values",),
}
_PLUGIN_FIELDS: Final = (
    *("path", "paths", "files", "env", "envs", "resources", "configurations"),
    *("valuesFile", "additionalValuesFiles"),
)
_INFLATION: Final = "HelmChartInflationGenerator"
_CHART_HOME: Final = "charts"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartUse:
    """A chart that a kustomization inflates. ``place`` is where kustomize looks for it, in the tree."""

    declared_in: str
    name: str
    repository: str
    version: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """All that kustomize needs, and the charts among it that the tree does not hold."""

    root: str
    selection: Selection
    absent_charts: tuple[ChartUse, ...]
    confidential: frozenset[str]
    """Literals of Secret generators, which may stand in no message."""


def kustomization_file(tree: Tree, folder: str) -> str | None:
    """Find the kustomization of a folder; None where there is none."""
    names = (join(folder, name) for name in NAMES)
    return next((name for name in names if find_blob(tree, name)), None)


def follow(tree: Tree, path: str) -> Followed:
    """Select all that the kustomization of a folder refers to.

    Raises:
        ManifestError: it refers to something outside the repository, or cannot be read.

    """
    folder, name = posixpath.split(path)
    root = folder if name in NAMES and find_blob(tree, path) else path.strip("/")
    walk = _Walk(tree)
    walk.visit(root)
    return Followed(
        root=root,
        selection=walk.selection,
        absent_charts=tuple(walk.absent_charts),
        confidential=frozenset(walk.confidential),
    )


class _Walk:
    """Visits kustomizations, each once."""

    def __init__(self, tree: Tree) -> None:
        self.selection = Selection(tree)
        self.absent_charts: list[ChartUse] = []
        self.confidential: set[str] = set()
        self._tree = tree
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
        for name in NAMES:
            path = join(folder, name)
            if self.selection.take(path):
                self._follow(_Kustomization.read(self._tree, folder, path), depth)

    def _follow(self, source: _Kustomization, depth: int) -> None:
        for reference in source.roots():
            self._root(source, reference, depth)
        for reference in source.plugins():
            self._plugin(source, reference, depth)
        for reference in source.files():
            self._file(source, reference)
        for use in source.charts():
            self._chart(source, use)
        self.confidential |= set(source.literals())

    def _root(self, source: _Kustomization, reference: str, depth: int) -> str | None:
        """Select what may be a file or a folder; return its path if it is a file."""
        path = source.resolve(reference)
        if path is None or self.selection.take(path):
            return path
        if is_folder(self._tree, path):
            self.visit(path, depth + 1)
        return None

    def _plugin(self, source: _Kustomization, reference: str, depth: int) -> None:
        """Select the configuration of a generator or transformer, and what that refers to."""
        if "\n" in reference:
            self._configured(source, reference.encode())
            return
        path = self._root(source, reference, depth)
        if path is not None:
            self._configured(source, self._tree.read(path))

    def _configured(self, source: _Kustomization, content: bytes) -> None:
        for document in read_documents(content, source.path):
            if isinstance(document.value, dict):
                plugin = _Kustomization(source.folder, source.path, document.value)
                for reference in plugin.strings(_PLUGIN_FIELDS):
                    self._file(plugin, reference)
                if document.value.get("kind") == _INFLATION:
                    self._chart(plugin, plugin.chart(document.value, document.value))
                self.confidential |= set(plugin.strings(("literals",)))

    def _file(self, source: _Kustomization, reference: str) -> None:
        path = source.resolve(reference)
        if path is not None:
            self.selection.take(path)

    def _chart(self, source: _Kustomization, use: ChartUse) -> None:
        if leaves(use.place):
            raise source.refuse(use.place, "lies outside the repository")
        if not is_folder(self._tree, use.place):
            self.absent_charts.append(use)
            return
        for left_out in self.selection.take_all(use.place):
            raise ManifestError(f"{left_out.reason}.", path=left_out.path)


@dataclass(frozen=True, slots=True)
class _Kustomization:
    """One kustomization, or the configuration of one of its plugins."""

    folder: str
    path: str
    fields: Mapping[str, Any]

    @classmethod
    def read(cls, tree: Tree, folder: str, path: str) -> _Kustomization:
        """Read a kustomization: the first document of its file, as kustomize does."""
        document = next(read_documents(tree.read(path), path), None)
        fields = document.value if document and isinstance(document.value, dict) else {}
        return cls(folder, path, fields)

    def roots(self) -> Iterator[str]:
        """Yield references to files or to folders with a kustomization."""
        return self._listed(_ROOTS)

    def plugins(self) -> Iterator[str]:
        """Yield references to configurations of plugins, or the configurations themselves."""
        return self._listed(_PLUGINS)

    def files(self) -> Iterator[str]:
        """Yield references to files alone."""
        yield from self._listed(_FILES)
        for field, names in _ENTRIES.items():
            for entry in _mappings(self.fields.get(field)):
                yield from _strings(entry, names)
        yield from _strings(self.fields.get("openapi"), ("path",))

    def strings(self, names: Iterable[str]) -> Iterator[str]:
        """Yield the values of some fields."""
        return _strings(self.fields, names)

    def literals(self) -> Iterator[str]:
        """Yield what the Secret generators write into Secrets."""
        for entry in _mappings(self.fields.get("secretGenerator")):
            yield from _strings(entry, ("literals",))

    def charts(self) -> Iterator[ChartUse]:
        """Yield the charts that are inflated."""
        homes = self.fields.get("helmGlobals")
        for entry in _mappings(self.fields.get("helmCharts")):
            yield self.chart(entry, homes if isinstance(homes, dict) else {})
        for entry in _mappings(self.fields.get("helmChartInflationGenerator")):
            renamed = {"chartName": "name", "chartVersion": "version", "chartRepoUrl": "repo"}
            modern = {renamed.get(key, key): value for key, value in entry.items()}
            yield self.chart(modern, entry)

    def chart(self, entry: Mapping[str, Any], homes: Mapping[str, Any]) -> ChartUse:
        """Say where kustomize looks for a chart."""
        name, repository, version = (
            str(entry.get(key) or "") for key in ("name", "repo", "version")
        )
        home = str(homes.get("chartHome") or _CHART_HOME)
        if repository and version:
            home = posixpath.join(home, f"{name}-{version}")
        place = join(self.folder, posixpath.join(home, name))
        return ChartUse(
            declared_in=self.path, name=name, repository=repository, version=version, place=place
        )

    def resolve(self, reference: str) -> str | None:
        """Turn a reference into a path of the tree; None for what kustomize itself will refuse.

        Raises:
            ManifestError: it lies outside the repository.

        """
        if "\n" in reference or not reference:
            return None
        if _REMOTE.match(reference):
            raise self.refuse(reference, "is not in this repository and never fetched")
        if reference.startswith("/"):
            return None
        path = join(self.folder, reference)
        if leaves(path):
            raise self.refuse(reference, "lies outside the repository")
        return path

    def refuse(self, reference: str, reason: str) -> ManifestError:
        """Refuse what lies elsewhere."""
        shown = _PASSWORD.sub("//", reference)
        return ManifestError(
            f"{shown} {reason}. Copy what it names into the repository, and refer to that.",
            path=self.path,
        )

    def _listed(self, names: Iterable[str]) -> Iterator[str]:
        return _strings(self.fields, names)


def _mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    entries = value if isinstance(value, list) else [value]
    return (entry for entry in entries if isinstance(entry, dict))


def _strings(mapping: Any, names: Iterable[str]) -> Iterator[str]:
    """Yield the texts of some fields, alone or in lists; ``key=path`` yields the path."""
    for name in names:
        value = mapping.get(name) if isinstance(mapping, dict) else None
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, str):
                yield item.partition("=")[2] if name == "files" and "=" in item else item
