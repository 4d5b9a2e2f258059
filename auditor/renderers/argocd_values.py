"""Values files that an Application names by a pattern: those that match, in the order of their paths.

It refuses patterns that match nothing, unless files may be missing: values that are not there look like
values that somebody removed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from auditor.errors import ManifestError
from auditor.ports import Tree
from auditor.renderers.applicationset.patterns import files_of_doublestar, fixed_part
from auditor.renderers.values_files import values_path
from auditor.renderers.workspace import find_blob

_SIGNS: Final = frozenset("*?[{")


@dataclass(frozen=True, slots=True)
class ValuesPatterns:
    """Where patterns are looked up: in a tree, from the folder of a chart on."""

    tree: Tree
    folder: str
    may_miss: bool

    def expanded(self, names: Iterable[str]) -> list[str]:
        """Replace patterns by the files that match; other names stay.

        Raises:
            ManifestError: a pattern leads out of the tree, or matches nothing although it has to.

        """
        return [each for name in names for each in self._expand(name)]

    def _expand(self, name: str) -> list[str]:
        if _SIGNS.isdisjoint(name):
            return [name]
        path = values_path(self.folder, name)
        if find_blob(self.tree, path) is not None:
            return [name]
        found = [f"/{each}" for each in self._matching(path)]
        if not found and not self.may_miss:
            raise ManifestError(f"no file matches the values files {name}.", path=path)
        return found

    def _matching(self, pattern: str) -> Iterator[str]:
        fits = files_of_doublestar(pattern)
        try:
            blobs = list(self.tree.blobs(fixed_part(pattern)))
        except ManifestError:
            return
        yield from (blob.path for blob in blobs if fits(blob.path))
