"""The files of one commit, read from the object store: nothing is checked out.

Links to files inside the tree are followed, with the content of what they point to; all others are left
out by name. It refuses to leave the commit.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

import pygit2
from pygit2.enums import FileMode

from auditor.errors import ManifestError, SourceUnavailable
from auditor.ports import Blob, Skipped
from auditor.sources.git.links import Links, Place, Unreachable
from auditor.sources.git.omitted import MAX_FILE, SUBMODULE, TO_FOLDER, leave_out, too_big


class GitTree:
    """A commit's files, as the port `Tree` has them."""

    def __init__(
        self, repository: pygit2.Repository, commit: pygit2.Commit, links: Links, *, name: str
    ) -> None:
        self._repository = repository
        self._commit = commit
        self._links = links
        self._name = name
        self._walked: dict[str, tuple[Blob | Skipped, ...]] = {}

    @property
    def repository(self) -> str:
        """The repository's configured name."""
        return self._name

    @property
    def revision(self) -> str:
        """The commit id."""
        return str(self._commit.id)

    def blobs(self, under: str = "") -> Iterator[Blob]:
        """All files below a folder (or the file itself), in path order.

        Raises:
            ManifestError: there is no such path.

        """
        return (found for found in self._walk(under) if isinstance(found, Blob))

    def omitted(self, under: str = "") -> Iterator[Skipped]:
        """Submodules, links that lead to no file of the commit, and big files."""
        return (found for found in self._walk(under) if isinstance(found, Skipped))

    def read(self, path: str, /) -> bytes:
        """The content of one file.

        Raises:
            ManifestError: no such file, or it is larger than what is read.
            SourceUnavailable: the object store is damaged.

        """
        place = self._locate(path)
        if place.is_folder:
            raise ManifestError("is a folder, not a file. Name a file in it.", path=path)
        found = self._file(path, place.id)
        if isinstance(found, Skipped):
            raise ManifestError(f"{found.reason}.", path=path)
        content: bytes = self._object(place.id).data
        return content

    def _walk(self, under: str) -> tuple[Blob | Skipped, ...]:
        """All that lies below a path; remembered, because a renderer asks for both kinds."""
        if under not in self._walked:
            place = self._locate(under)
            path = under.strip("/")
            prefix = f"{path}/" if path else ""
            self._walked[under] = (
                tuple(self._walk_folder(self._object(place.id), prefix))
                if place.is_folder
                else (self._file(path, place.id),)
            )
        return self._walked[under]

    def _walk_folder(self, folder: pygit2.Tree, prefix: str) -> Iterator[Blob | Skipped]:
        for entry in folder:
            path = prefix + entry.name
            match entry.filemode:
                case FileMode.TREE:
                    yield from self._walk_folder(self._object(entry.id), f"{path}/")
                case FileMode.LINK:
                    yield self._linked(path)
                case FileMode.COMMIT:
                    yield leave_out(path, SUBMODULE)
                case _:
                    yield self._file(path, entry.id)

    def _linked(self, path: str) -> Blob | Skipped:
        try:
            place = self._links.locate(self._commit.tree, path)
        except Unreachable as fact:
            return leave_out(path, fact.reason)
        return leave_out(path, TO_FOLDER) if place.is_folder else self._file(path, place.id)

    def _file(self, path: str, blob: pygit2.Oid) -> Blob | Skipped:
        try:
            _, size = self._repository.odb.read_header(blob)
        except (KeyError, pygit2.GitError) as error:
            raise self._damaged(blob) from error
        if size > MAX_FILE:
            return leave_out(path, too_big(size, MAX_FILE))
        return Blob(path, str(blob), size)

    def _locate(self, path: str) -> Place:
        try:
            return self._links.locate(self._commit.tree, path)
        except Unreachable as fact:
            raise ManifestError(self._absent(path), path=path) from fact

    def _absent(self, path: str) -> str:
        """Say that a path is not there, and what looks like it."""
        parent, _, name = path.strip("/").rpartition("/")
        try:
            place = self._links.locate(self._commit.tree, parent)
        except Unreachable:
            return (
                f"there is no such path in {self._name} at {self.revision[:10]}. Correct the path."
            )
        names = [entry.name for entry in self._object(place.id)] if place.is_folder else []
        near = get_close_matches(name, names, n=1)
        hint = f"did you mean {f'{parent}/{near[0]}'.lstrip('/')}?" if near else "Correct the path."
        return f"there is no such path in {self._name} at {self.revision[:10]}. {hint}"

    def _object(self, oid: pygit2.Oid) -> Any:
        try:
            return self._repository[oid]
        except (KeyError, pygit2.GitError) as error:
            raise self._damaged(oid) from error

    def _damaged(self, oid: pygit2.Oid) -> SourceUnavailable:
        place = self._repository.path
        return SourceUnavailable(
            f"repository {self._name}: object {oid} is not in {place}. "
            "Remove that folder if it is the auditor's cache; else run git fsck in it."
        )
