"""A chart in a tree: its files, its dependencies and what of them is at hand.

helm gets every file of the chart, and dependencies that lie elsewhere in the repository are put where helm
looks for them, as ``helm dependency build`` would. It refuses charts of which an essential file cannot be
read, because a template less looks like an object deleted.

Fields: https://helm.sh/docs/topics/charts/#the-chartyaml-file.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from auditor.errors import ManifestError
from auditor.ports import Skipped, Tree
from auditor.renderers.documents import read_documents
from auditor.renderers.workspace import Selection, find_blob, join, leaves

CHART: Final = "Chart.yaml"
_ESSENTIAL: Final = ("templates/", "crds/", "charts/", CHART, "values", "requirements")
_LOCAL: Final = "file://"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """What a chart needs: another chart, of a version (a range, unless it is locked)."""

    name: str
    repository: str
    version: str
    is_locked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart's folder and name, the files that helm needs, and where they are put for it.

    ``moved`` maps the place of a dependency in the tree to the place where helm looks for it.
    ``absent`` are dependencies that are not in the tree.
    """

    folder: str
    name: str
    selection: Selection
    skipped: tuple[Skipped, ...] = ()
    moved: Mapping[str, str] = field(default_factory=dict)
    absent: tuple[Dependency, ...] = ()

    def placed(self, name: str) -> str:
        """Say where helm looks for a dependency."""
        return join(self.folder, posixpath.join("charts", name))


def is_chart(tree: Tree, folder: str) -> bool:
    """Tell whether a folder is a chart."""
    return find_blob(tree, join(folder, CHART)) is not None


def select_chart(tree: Tree, folder: str) -> Chart:
    """Select the files of a chart, and of those of its dependencies that lie in the tree.

    Raises:
        ManifestError: it is no chart, or a file of it cannot be read.

    """
    folder = folder.strip("/").removesuffix(CHART).rstrip("/")
    path = join(folder, CHART)
    if find_blob(tree, path) is None:
        raise ManifestError("there is no Chart.yaml. Name the folder of a chart.", path=path)
    selection = Selection(tree)
    skipped = selection.take_all(folder)
    _refuse_gaps(folder, skipped)
    moved, absent = _find_dependencies(tree, folder, selection)
    return Chart(
        folder=folder,
        name=str(_mapping(tree, path).get("name") or ""),
        selection=selection,
        skipped=skipped,
        moved=moved,
        absent=tuple(absent),
    )


def _refuse_gaps(folder: str, skipped: tuple[Skipped, ...]) -> None:
    """Refuse a chart that would be rendered without a part of it."""
    for left_out in skipped:
        if posixpath.relpath(left_out.path, folder or ".").startswith(_ESSENTIAL):
            raise ManifestError(f"{left_out.reason}.", path=left_out.path)


def _find_dependencies(
    tree: Tree, folder: str, selection: Selection
) -> tuple[dict[str, str], list[Dependency]]:
    """Sort the dependencies that are not in ``charts/`` into those nearby and those absent."""
    moved: dict[str, str] = {}
    absent: list[Dependency] = []
    for dependency in _dependencies(tree, folder):
        if _is_vendored(selection, folder, dependency.name):
            continue
        nearby = join(folder, dependency.repository.removeprefix(_LOCAL))
        is_local = dependency.repository.startswith(_LOCAL)
        if is_local and not leaves(nearby) and is_chart(tree, nearby):
            _refuse_gaps(nearby, selection.take_all(nearby))
            moved[nearby] = join(folder, posixpath.join("charts", dependency.name))
        else:
            absent.append(dependency)
    return moved, absent


def _is_vendored(selection: Selection, folder: str, name: str) -> bool:
    """Tell whether ``charts/`` holds a chart of a name, as a folder or as an archive."""
    place = join(folder, posixpath.join("charts", name))
    return any(path.startswith((f"{place}/", f"{place}-")) for path in selection.files)


def _dependencies(tree: Tree, folder: str) -> Iterator[Dependency]:
    """Yield what a chart needs, in the versions that its lock file says."""
    modern, old = join(folder, CHART), join(folder, "requirements.yaml")
    declared = _entries(tree, modern) or _entries(tree, old)
    locked = _entries(tree, join(folder, "Chart.lock")) or _entries(
        tree, join(folder, "requirements.lock")
    )
    versions = {entry["name"]: str(entry.get("version")) for entry in locked}
    for entry in declared:
        name = entry["name"]
        yield Dependency(
            name=name,
            repository=str(entry.get("repository") or ""),
            version=versions.get(name) or str(entry.get("version") or ""),
            is_locked=name in versions,
        )


def _entries(tree: Tree, path: str) -> list[dict[str, Any]]:
    entries = _mapping(tree, path).get("dependencies")
    listed = entries if isinstance(entries, list) else []
    return [each for each in listed if isinstance(each, dict) and isinstance(each.get("name"), str)]


def _mapping(tree: Tree, path: str) -> Mapping[str, Any]:
    if find_blob(tree, path) is None:
        return {}
    document = next(read_documents(tree.read(path), path), None)
    return document.value if document and isinstance(document.value, dict) else {}
