"""What an ArtifactGenerator copies, as far as folders can say it.

https://github.com/fluxcd/source-watcher/blob/main/docs/spec/v1beta1/artifactgenerators.md: copying is like
``cp``, so ``@git/dir`` arrives in a folder as ``dir`` and ``@git/dir/**`` as what is in it. It refuses to
guess where that depends on which files there are.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from auditor.domain.gitops.branch import DeadEnd
from auditor.domain.gitops.flux_fields import Reference, clean, entries, text, words
from auditor.domain.gitops.flux_ignore import is_inert
from auditor.domain.gitops.flux_mounts import Mounts, joined, overlaps
from auditor.domain.identity import GroupKind
from auditor.domain.manifest import Manifest, holds_seal

GENERATORS: Final = GroupKind("source.extensions.fluxcd.io", "ArtifactGenerator")
_FROM: Final = re.compile(r"@([^/]+)/(.*)", re.DOTALL)
_ARTIFACT: Final = "@artifact/"
_PATTERN: Final = re.compile(r"[*?\[\]]")
_FILES: Final = (".yaml", ".yml", ".json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Copying:
    """Files of a source below one path (a folder, or a file), copied to another path."""

    source: Reference
    under: str
    at: str
    merges: bool = False

    def merges_into(self, mounts: Mounts) -> bool:
        """Tell whether files that were copied before may be merged with these."""
        return self.merges and any(overlaps(mount.at, self.at) for mount in mounts)


def said_of(operation: Any) -> str:
    """Name one copying for a person."""
    return f"copying {text(operation, 'from') or 'nothing'} to {text(operation, 'to') or 'nowhere'}"


def copying_of(operation: Mapping[str, Any], generator: Manifest) -> Copying | DeadEnd:
    """Read one copying of an artifact."""
    written = _FROM.fullmatch(text(operation, "from"))
    to = text(operation, "to")
    if written is None or not to.startswith(_ARTIFACT) or holds_seal(operation):
        return DeadEnd(reason="it is not of the form @alias/path to @artifact/path")
    source = _source(generator, written[1])
    if source is None:
        return DeadEnd(reason=f"the generator has no source {written[1]}")
    paths = _paths(written[2], to.removeprefix(_ARTIFACT))
    strategy = text(operation, "strategy") or "Overwrite"
    told = all(map(is_inert, words(operation, "exclude"))) and strategy in {"Overwrite", "Merge"}
    if paths is None or not told:
        return DeadEnd(reason="folders cannot tell which files that is")
    return Copying(source=source, under=paths[0], at=paths[1], merges=strategy == "Merge")


def _source(generator: Manifest, alias: str) -> Reference | None:
    for source in entries(generator.body, "spec", "sources"):
        if text(source, "alias") == alias:
            return Reference.read(source, namespace=generator.ref.namespace)
    return None


def _paths(pattern: str, to: str) -> tuple[str, str] | None:
    """The path that is copied and the one that it is copied to; ``None`` where that depends on files."""
    contents = pattern.removesuffix("/**")
    if pattern in {"*", "**"}:
        return "", clean(to)
    if contents != pattern and not _PATTERN.search(contents):
        return clean(contents), clean(to)
    if _PATTERN.search(pattern):
        return None
    path = clean(pattern)
    if not path:
        return "", clean(to)
    if to.endswith("/") or not to or pattern.endswith("/"):
        return path, joined(clean(to), posixpath.basename(path))
    is_file = path.endswith(_FILES) and to.endswith(_FILES)
    return (path, clean(to)) if is_file else None
