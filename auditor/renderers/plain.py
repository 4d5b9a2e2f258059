"""Folders of plain YAML and JSON, as ``kubectl apply -R -f`` takes them, or Argo CD's ``directory``.

Reads ``*.yaml``, ``*.yml`` and ``*.json`` below a path, or one file; which of them the options narrow down.
It refuses templates, charts and Jsonnet: they are left out by name, for a renderer of their own.
"""

from __future__ import annotations

import asyncio
import posixpath
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from auditor.config.sections import Section
from auditor.domain.manifest import Origin
from auditor.errors import ManifestError
from auditor.ports import Blob, Remark, Rendering, RenderRequest, Skipped, Tree
from auditor.renderers.documents import LeftOut
from auditor.renderers.globs import Glob, GlobError
from auditor.renderers.parsed import PackedFound, ParsedFiles
from auditor.renderers.plan import read_options
from auditor.state.packed_manifests import (
    PackedManifest,
    PackedManifests,
    packed_manifest_from,
)

ENDINGS: Final = (".yaml", ".yml", ".json")
"""The files that kubectl reads in a folder."""
_CHART: Final = "Chart.yaml"
_JSONNET: Final = ".jsonnet"
_NAMED_FAILURES: Final = 3
_NO_YAML: Final = "is a Helm chart, whose templates are no YAML yet: render it with helm"
_NO_JSONNET: Final = "is Jsonnet, which is not evaluated here: what it makes is not known"
_NO_OBJECT: Final = "looks like no object and cannot be read: {}"
_MARKED: Final = "says {!r}: whoever applies the folder passes it over"


class PlainOptions(Section):
    """Options of the renderer ``plain``. Patterns are Argo CD's: ``*`` crosses folders, ``{a,b}`` is either.

    https://argo-cd.readthedocs.io/en/stable/user-guide/directory/
    """

    recurse: bool = True
    """Whether folders below the path are read too."""

    include: str = ""
    """A pattern that files must match, from the path on. Default: all files."""

    exclude: str = ""
    """A pattern of files that are left out, whatever they are included by."""

    require_json_or_yaml_extension: bool = True
    """Whether only ``*.yaml``, ``*.yml`` and ``*.json`` are read. Else include and exclude decide alone."""

    skip_marked: str = ""
    """Files that hold this text anywhere are left out. Argo CD's is ``+argocd:skip-file-rendering``."""

    skip_unreadable: bool = False
    """Whether files that cannot be read are left out, if nothing in them looks like an object."""

    jsonnet: bool = False
    """Whether ``*.jsonnet`` files are meant too: they are named as left out, for none is evaluated."""


class PlainRenderer:
    """Renders plain files; keeps what it parsed, so that rendering again costs what changed."""

    Options = PlainOptions

    def __init__(self, parsed: ParsedFiles | None = None) -> None:
        self._parsed = parsed or ParsedFiles()

    async def render(self, tree: Tree, request: RenderRequest) -> Rendering:
        """Render a folder or a file; parsing is work for a thread.

        Raises:
            ManifestError: a file cannot be read, or the path does not exist.

        """
        return await asyncio.to_thread(self._render, tree, request)

    def _render(self, tree: Tree, request: RenderRequest) -> Rendering:
        options: PlainOptions = read_options(PlainRenderer, request)
        choice = _Choice(tree, request.path, options)
        choice.make()
        skipped = choice.skipped
        parts = list(self._read_all(tree, choice.files, tolerant=options.skip_unreadable))
        for path, part in parts:
            if isinstance(part, LeftOut):
                skipped.append(Skipped(path=path, line=part.line, reason=part.reason))
        repository, revision = tree.repository, tree.revision  # one text for all of them
        manifests = (
            packed_manifest_from(
                part.body,
                cluster=request.cluster,
                origin=Origin(repository=repository, revision=revision, path=path, line=part.line),
            )
            for path, part in parts
            if isinstance(part, PackedFound)
        )
        return Rendering(
            manifests=PackedManifests(_last_of_each(manifests, skipped)),
            skipped=tuple(skipped),
            remarks=tuple(choice.remarks),
            read={blob.path: blob.id for blob in choice.read},
        )

    def _read_all(
        self, tree: Tree, files: Iterable[Blob], *, tolerant: bool
    ) -> Iterator[tuple[str, PackedFound | LeftOut]]:
        failures = []
        for blob in files:
            try:
                parts = self._parsed.recall(blob.id)
                if parts is None:
                    parts = self._parsed.parse(tree.read(blob.path), blob.path, blob.id)
            except ManifestError as failure:
                if tolerant and not _looks_like_object(tree.read(blob.path)):
                    yield blob.path, LeftOut(failure.line or 1, _NO_OBJECT.format(failure.reason))
                else:
                    failures.append(failure)
                continue
            yield from ((blob.path, part) for part in parts)
        if failures:
            raise _joined(failures)


@dataclass(slots=True)
class _Choice:
    """Picks the files of a path to read; charts are left out as a whole, each with one reason."""

    tree: Tree
    path: str
    options: PlainOptions
    files: list[Blob] = field(default_factory=list)
    read: list[Blob] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)

    def make(self) -> None:
        """Pick.

        Raises:
            ManifestError: the path does not exist.

        """
        blobs = [blob for blob in self.tree.blobs(self.path) if self._is_in_reach(blob.path)]
        omitted = self.tree.omitted(self.path)
        self.skipped += [each for each in omitted if self._is_in_reach(each.path)]
        charts = [blob.path.removesuffix(_CHART) for blob in blobs if _is_chart(blob.path)]
        self.skipped += [
            Skipped(path=chart or ".", line=None, reason=_NO_YAML) for chart in _outermost(charts)
        ]
        self._pick(blob for blob in blobs if not blob.path.startswith(tuple(charts)))

    def _pick(self, blobs: Iterable[Blob]) -> None:
        include = self._pattern("include")
        exclude = self._pattern("exclude")
        for blob in blobs:
            name = self._relative(blob.path)
            is_excluded = exclude is not None and exclude.matches(name)
            is_included = not self.options.include or (
                include is not None and include.matches(name)
            )
            if is_included and not is_excluded:
                self._take(blob)

    def _take(self, blob: Blob) -> None:
        if blob.path.endswith(_JSONNET):
            if self.options.jsonnet:
                reason = _NO_JSONNET
                self.skipped.append(
                    Skipped(path=blob.path, line=None, reason=reason, is_applied=True)
                )
        elif blob.path.endswith(ENDINGS) or not self.options.require_json_or_yaml_extension:
            self.read.append(blob)
            if self._is_marked(blob):
                reason = _MARKED.format(self.options.skip_marked)
                self.skipped.append(Skipped(path=blob.path, line=None, reason=reason))
            else:
                self.files.append(blob)

    def _is_marked(self, blob: Blob) -> bool:
        marker = self.options.skip_marked
        return bool(marker) and marker.encode() in self.tree.read(blob.path)

    def _is_in_reach(self, path: str) -> bool:
        return self.options.recurse or "/" not in self._relative(path)

    def _relative(self, path: str) -> str:
        below = path.removeprefix(self.path.strip("/")).removeprefix("/")
        return below or posixpath.basename(path)

    def _pattern(self, option: str) -> Glob | None:
        """Read a pattern. One that is none matches nothing, as in Argo CD, and that is told."""
        text = getattr(self.options, option)
        if not text:
            return None
        try:
            return Glob(text)
        except GlobError as error:
            told = f"the pattern {text!r} of {option} {error}, so it matches no file"
            self.remarks.append(Remark(path=self.path or ".", line=None, text=told))
            return None


def _looks_like_object(content: bytes) -> bool:
    return all(word in content for word in (b"apiVersion:", b"kind:", b"metadata:"))


def _is_chart(path: str) -> bool:
    return path == _CHART or path.endswith(f"/{_CHART}")


def _outermost(folders: Iterable[str]) -> list[str]:
    outer: list[str] = []
    for folder in sorted(folders):
        if not outer or not folder.startswith(outer[-1]):
            outer.append(folder)
    return outer


def _last_of_each(
    manifests: Iterable[PackedManifest], skipped: list[Skipped]
) -> Iterable[PackedManifest]:
    """Keep the last of several documents for one object, which is what applying them in order does."""
    kept: dict[object, PackedManifest] = {}
    for manifest in manifests:
        earlier = kept.pop(manifest.ref, None)
        if earlier is not None:
            skipped.append(_overruled(earlier, manifest))
        kept[manifest.ref] = manifest
    return kept.values()


def _overruled(earlier: PackedManifest, later: PackedManifest) -> Skipped:
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
