"""Folders of plain YAML and JSON, as ``kubectl apply -R -f`` takes them.

Reads ``*.yaml``, ``*.yml`` and ``*.json`` below a path, or one file. It refuses templates and charts: they
are left out by name, for a renderer of their own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from auditor.domain.manifest import Manifest, Origin, manifest_from
from auditor.errors import ManifestError
from auditor.ports import Blob, Rendering, RenderRequest, Skipped, Tree
from auditor.renderers.documents import Found, LeftOut
from auditor.renderers.parsed import ParsedFiles

ENDINGS: Final = (".yaml", ".yml", ".json")
"""The files that kubectl reads in a folder."""
_CHART: Final = "Chart.yaml"
_NAMED_FAILURES: Final = 3


class PlainRenderer:
    """Renders plain files; keeps what it parsed, so that rendering again costs what changed."""

    def __init__(self, parsed: ParsedFiles | None = None) -> None:
        self._parsed = parsed or ParsedFiles()

    async def render(self, tree: Tree, request: RenderRequest) -> Rendering:
        """Render a folder or a file; parsing is work for a thread.

        Raises:
            ManifestError: a file cannot be read, or the path does not exist.

        """
        return await asyncio.to_thread(self._render, tree, request)

    def _render(self, tree: Tree, request: RenderRequest) -> Rendering:
        files, skipped = _choose(tree, request.path)
        parts = list(self._read_all(tree, files))
        for path, part in parts:
            if isinstance(part, LeftOut):
                skipped.append(Skipped(path=path, line=part.line, reason=part.reason))
        manifests = (
            manifest_from(part.body, cluster=request.cluster, origin=_origin(tree, path, part.line))
            for path, part in parts
            if isinstance(part, Found)
        )
        return Rendering(
            manifests=tuple(_last_of_each(manifests, skipped)),
            skipped=tuple(skipped),
            read={blob.path: blob.id for blob in files},
        )

    def _read_all(self, tree: Tree, files: Iterable[Blob]) -> Iterator[tuple[str, Found | LeftOut]]:
        failures = []
        for blob in files:
            try:
                parts = self._parsed.recall(blob.id)
                if parts is None:
                    parts = self._parsed.parse(tree.read(blob.path), blob.path, blob.id)
            except ManifestError as failure:
                failures.append(failure)
                continue
            yield from ((blob.path, part) for part in parts)
        if failures:
            raise _joined(failures)


def _choose(tree: Tree, path: str) -> tuple[list[Blob], list[Skipped]]:
    """Pick the files to read; charts are left out as a whole, each with one reason."""
    blobs = list(tree.blobs(path))
    skipped = list(tree.omitted(path))
    charts = [blob.path.removesuffix(_CHART) for blob in blobs if _is_chart(blob.path)]
    reason = "is a Helm chart, whose templates are no YAML yet: render it with helm"
    skipped += [
        Skipped(path=chart or ".", line=None, reason=reason) for chart in _outermost(charts)
    ]
    files = [
        blob
        for blob in blobs
        if blob.path.endswith(ENDINGS) and not blob.path.startswith(tuple(charts))
    ]
    return files, skipped


def _is_chart(path: str) -> bool:
    return path == _CHART or path.endswith(f"/{_CHART}")


def _outermost(folders: Iterable[str]) -> list[str]:
    outer: list[str] = []
    for folder in sorted(folders):
        if not outer or not folder.startswith(outer[-1]):
            outer.append(folder)
    return outer


def _origin(tree: Tree, path: str, line: int) -> Origin:
    return Origin(repository=tree.repository, revision=tree.revision, path=path, line=line)


def _last_of_each(manifests: Iterable[Manifest], skipped: list[Skipped]) -> Iterable[Manifest]:
    """Keep the last of several documents for one object, which is what applying them in order does."""
    kept: dict[object, Manifest] = {}
    for manifest in manifests:
        earlier = kept.pop(manifest.ref, None)
        if earlier is not None:
            skipped.append(_overruled(earlier, manifest))
        kept[manifest.ref] = manifest
    return kept.values()


def _overruled(earlier: Manifest, later: Manifest) -> Skipped:
    before, after = earlier.origin, later.origin
    if before is None or after is None:
        raise ValueError("a rendered manifest has an origin")
    reason = f"declares {earlier.ref}, which {after.path}:{after.line} declares again; the last one counts"
    return Skipped(path=before.path, line=before.line, reason=reason)


def _joined(failures: Sequence[ManifestError]) -> ManifestError:
    """Make one error of many: the first, with the next ones named in its message."""
    first, *rest = failures
    named = [str(failure) for failure in rest[: _NAMED_FAILURES - 1]]
    unnamed = len(rest) - len(named)
    more = [f"{unnamed} more files cannot be read"] if unnamed else []
    return ManifestError("\n".join([first.reason, *named, *more]), path=first.path, line=first.line)
