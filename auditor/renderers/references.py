"""What one kustomization, or one configuration of its plugins, refers to.

Keys are compared without case, as Go's JSON decoder does that kustomize reads with
(https://pkg.go.dev/encoding/json#Unmarshal): a field that is spelt ``Resources`` works, so it must not pass
unseen. Fields: https://github.com/kubernetes-sigs/kustomize/blob/api/v0.21.1/api/types/kustomization.go.
What is remote: https://github.com/kubernetes-sigs/kustomize/blob/api/v0.21.1/api/internal/git/repospec.go.
It refuses to open anything.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from auditor.errors import ManifestError
from auditor.renderers.documents import read_documents
from auditor.renderers.workspace import join, leaves

_REMOTE: Final = re.compile(
    r"https?:|(git::)?((ssh|file)://|[a-z][a-z0-9-]*@[^/]*[:/]|github\.com[/:])|git::",
    re.IGNORECASE,
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
    "openapi": ("path",),
}
_PLUGIN_FIELDS: Final = (
    *("path", "paths", "files", "env", "envs", "resources", "configurations"),
    *("valuesFile", "additionalValuesFiles"),
)
_OPAQUE: Final = frozenset({"valuesinline", "valueslocal"})
"""Fields whose content is the chart's, whatever its keys look like."""
_HARMLESS: Final = frozenset({"apiversion", "kind", "metadata", "resources"})
_INFLATION: Final = "HelmChartInflationGenerator"
_CHART_HOME: Final = "charts"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartUse:
    """A chart that is inflated: where it would be fetched, and where in the tree it is looked for."""

    name: str
    repository: str
    place: str


@dataclass(frozen=True, slots=True)
class References:
    """The fields of one document, of a file in a folder of the tree."""

    folder: str
    path: str
    fields: Mapping[str, Any]

    def roots(self) -> Iterator[str]:
        """Yield references to files or to folders with a kustomization."""
        return _strings(self.fields, _ROOTS)

    def plugins(self) -> Iterator[str]:
        """Yield references to configurations of plugins, or the configurations themselves."""
        return _strings(self.fields, _PLUGINS)

    def files(self) -> Iterator[str]:
        """Yield references to files alone."""
        yield from _strings(self.fields, _FILES)
        for field, names in _ENTRIES.items():
            for entry in _mappings(self.fields, field):
                yield from _strings(entry, names)

    def plugin_files(self) -> Iterator[str]:
        """Yield references to files, if this configures a plugin: at any depth."""
        return _nested(self.fields)

    def decryptable(self) -> Iterator[str]:
        """Yield references to files that Flux decrypts before it builds."""
        for entry in _mappings(self.fields, "secretGenerator"):
            yield from _strings(entry, ("files", "env", "envs"))
        for entry in _mappings(self.fields, "patches"):
            yield from _strings(entry, ("path",))

    def literals(self) -> Iterator[str]:
        """Yield what Secret generators write into Secrets."""
        yield from _strings(self.fields, ("literals",))
        for entry in _mappings(self.fields, "secretGenerator"):
            yield from _strings(entry, ("literals",))

    def charts(self) -> Iterator[ChartUse]:
        """Yield the charts that are inflated."""
        old = list(_mappings(self.fields, "helmChartInflationGenerator"))
        homes = [_text(entry, "chartHome", self.path) for entry in old]
        globals_ = next(_mappings(self.fields, "helmGlobals"), None)
        home = next(filter(None, reversed(homes)), "")
        home = home if globals_ is None else _text(globals_, "chartHome", self.path)
        for entry in _mappings(self.fields, "helmCharts"):
            yield self._chart(entry, home, ("name", "repo", "version"))
        for entry in old:
            yield self._chart(entry, home, ("chartName", "chartRepoUrl", "chartVersion"))
        if _text(self.fields, "kind", self.path) == _INFLATION:
            own = _text(self.fields, "chartHome", self.path)
            yield self._chart(self.fields, own, ("name", "repo", "version"))

    def is_plain(self) -> bool:
        """Tell whether a kustomization does nothing but list resources."""
        return all(str(key).casefold() in _HARMLESS for key in self.fields)

    def _chart(self, entry: Mapping[str, Any], home: str, names: tuple[str, str, str]) -> ChartUse:
        """Say where kustomize looks for a chart."""
        name, repository, version = (_text(entry, field, self.path) for field in names)
        home = home or _CHART_HOME
        if repository and version:
            home = posixpath.join(home, f"{name}-{version}")
        place = join(self.folder, posixpath.join(home, name))
        if leaves(place):
            raise self.refuse(place, "lies outside the repository")
        return ChartUse(name=name, repository=repository, place=place)

    def resolve(self, reference: str, *, unrestricted: bool = False) -> str | None:
        """Turn a reference into a path of the tree; None for what kustomize itself will refuse.

        Without its load restrictions kustomize refuses no file, so nothing may be left to it: not even
        what has several lines and is hardly a path.

        Raises:
            ManifestError: it lies outside the repository.

        """
        if unrestricted and (reference.startswith("/") or leaves(join(self.folder, reference))):
            raise self.refuse(reference.partition("\n")[0], "lies outside the repository")
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


def read_references(content: bytes, path: str) -> Iterator[References]:
    """Read every document of a file; what is no mapping refers to nothing.

    Raises:
        ManifestError: the file cannot be read.

    """
    folder = posixpath.dirname(path)
    for document in read_documents(content, path):
        if isinstance(document.value, dict):
            yield References(folder, path, document.value)


def _values(mapping: Any, name: str) -> Iterator[Any]:
    """Yield the values of a field, in whatever case it is spelt."""
    folded = name.casefold()
    if isinstance(mapping, dict):
        yield from (value for key, value in mapping.items() if str(key).casefold() == folded)


def _text(mapping: Any, name: str, path: str) -> str:
    """Read a field as text, empty where it is not there."""
    found = list(_values(mapping, name))
    if len(found) > 1:
        reason = f"{name} stands there in several spellings. Leave one of them."
        raise ManifestError(reason, path=path)
    return str(found[0] or "") if found else ""


def _mappings(mapping: Any, name: str) -> Iterator[Mapping[str, Any]]:
    for value in _values(mapping, name):
        entries = value if isinstance(value, list) else [value]
        yield from (entry for entry in entries if isinstance(entry, dict))


def _strings(mapping: Any, names: Iterable[str]) -> Iterator[str]:
    """Yield the texts of some fields, alone or in lists; ``key=path`` yields the path."""
    for name in names:
        for value in _values(mapping, name):
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, str):
                    yield item.partition("=")[2] if name == "files" and "=" in item else item


def _nested(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from _strings(value, _PLUGIN_FIELDS)
        for key, inner in value.items():
            if str(key).casefold() not in _OPAQUE:
                yield from _nested(inner)
    elif isinstance(value, list):
        for item in value:
            yield from _nested(item)
