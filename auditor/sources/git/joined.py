"""A tree that is made up of parts of several trees.

Where two parts have the same file the later one counts, as with files that are copied one after the other.
It knows where each of its files comes from, so that places can be told in a repository's own words. It
refuses to hold content.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from auditor.domain.manifest import Origin
from auditor.errors import ManifestError
from auditor.ports import Blob, Skipped, Tree
from auditor.state.roots import Edition, Mounted

ALIVE: Final = "alive"
"""Stands for a commit where something is called for by what is alive, and lies in no repository."""


@dataclass(frozen=True, slots=True)
class Part:
    """A tree, and where which of its files are seen."""

    mounted: Mounted
    tree: Tree

    def inward(self, path: str) -> str | None:
        """The path in the part's own tree; ``None`` if it lies elsewhere."""
        return self.mounted.inward(path)

    def outward(self, path: str) -> str | None:
        """The path in the whole of a path of the part's tree; ``None`` if it is not seen."""
        return self.mounted.outward(path)


class JoinedTree:
    """Parts as one `Tree`. The first part gives it its name and revision."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = tuple(parts)

    @property
    def repository(self) -> str:
        """The first part's repository."""
        return self._parts[0].tree.repository

    @property
    def revision(self) -> str:
        """The first part's commit."""
        return self._parts[0].tree.revision

    def blobs(self, under: str = "") -> Iterator[Blob]:
        """All files below a folder (or the file itself), in path order.

        Raises:
            ManifestError: there is no such path.

        """
        found = {blob.path: blob for part in self._parts for blob in _blobs(part, under)}
        if not found and under:
            raise ManifestError(self._absent(under), path=under)
        return iter([found[path] for path in sorted(found)])

    def _absent(self, under: str) -> str:
        """Say that a path is not there, in the words of the one part that should have it."""
        holders = [(part, place) for part in self._parts for place in _places(part, under)]
        if len(holders) == 1:
            part, place = holders[0]
            try:
                next(part.tree.blobs(place), None)
            except ManifestError as error:
                return error.reason
        return "there is no such path in what is put together here. Correct the path."

    def read(self, path: str, /) -> bytes:
        """The content of one file.

        Raises:
            ManifestError: no such file, or it is larger than what is read.

        """
        part, inside = self._holder(path)
        return part.tree.read(inside)

    def omitted(self, under: str = "") -> Iterator[Skipped]:
        """What the parts leave out below a folder, in the whole's paths."""
        for part in self._parts:
            for skipped in _omitted(part, under):
                path = part.outward(skipped.path)
                if path is not None:
                    yield Skipped(path=path, line=skipped.line, reason=skipped.reason)

    def origin(self, origin: Origin) -> Origin:
        """Tell a place of the whole in the words of the repository that it comes from."""
        try:
            part, inside = self._holder(origin.path)
        except ManifestError:
            return origin
        tree = part.tree
        return Origin(
            repository=tree.repository, revision=tree.revision, path=inside, line=origin.line
        )

    def _holder(self, path: str) -> tuple[Part, str]:
        """The part that a file comes from, and its path there."""
        for part in reversed(self._parts):
            inside = part.inward(path)
            if inside is not None and _has(part.tree, inside):
                return part, inside
        raise ManifestError("there is no such file", path=path)


class EmptyTree:
    """The `Tree` of what needs no files: something alive calls for it, and all that it needs is said."""

    repository = ""
    revision = ALIVE

    def blobs(self, under: str = "") -> Iterator[Blob]:
        """No file.

        Raises:
            ManifestError: a path is asked for.

        """
        if under:
            raise ManifestError("there is no such path", path=under)
        return iter(())

    def read(self, path: str, /) -> bytes:
        """No file.

        Raises:
            ManifestError: always.

        """
        raise ManifestError("there is no such file", path=path)

    def omitted(self, under: str = "") -> Iterator[Skipped]:
        """Leave nothing out, where nothing is."""
        del under
        return iter(())


def seen(mounts: Iterable[Mounted], edition: Edition, changed: Iterable[str]) -> frozenset[str]:
    """Changed paths of an edition, as a tree with these mounts has them."""
    own = [mount for mount in mounts if mount.edition == edition]
    paths = (mount.outward(path) for path in changed for mount in own)
    return frozenset(path for path in paths if path is not None)


def _blobs(part: Part, under: str) -> Iterator[Blob]:
    for place in _places(part, under.strip("/")):
        try:
            for blob in part.tree.blobs(place):
                path = part.outward(blob.path)
                if path is not None:
                    yield Blob(path, blob.id, blob.size)
        except ManifestError:
            continue


def _omitted(part: Part, under: str) -> Iterator[Skipped]:
    for place in _places(part, under.strip("/")):
        try:
            yield from part.tree.omitted(place)
        except ManifestError:
            continue


def _places(part: Part, under: str) -> Iterator[str]:
    """Where in a part's tree the files below a folder of the whole lie, if any do."""
    inside = part.inward(under)
    if inside is not None:
        yield inside
    elif not under or part.mounted.at.startswith(f"{under}/"):
        yield part.mounted.under


def _has(tree: Tree, path: str) -> bool:
    try:
        return any(blob.path == path for blob in tree.blobs(path))
    except ManifestError:
        return False
