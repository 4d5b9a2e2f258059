"""What Git generators see of the repositories that are mounted in the tree.

Folders are those of a checkout but for hidden ones:
https://github.com/argoproj/argo-cd/blob/v3.6.1/reposerver/repository/utils.go (walkDirectoryTree); files
those of ``git ls-files``. It refuses to fetch.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from auditor.config.sections import Section
from auditor.errors import ManifestError
from auditor.ports import Blob, Tree
from auditor.renderers.applicationset.fields import mappings
from auditor.renderers.applicationset.patterns import (
    Fits,
    files_of_doublestar,
    files_of_git,
    folders_of_go,
)
from auditor.renderers.documents import read_documents


class MountedRepository(Section):
    """A repository that a Git generator names, and the folder of the tree in which its files lie."""

    url: str
    """Its address, as the generator writes it."""

    revision: str = ""
    """Branch, tag or commit, as the generator writes it."""

    at: str
    """The folder."""


class GitSources:
    """The files and folders of mounted repositories."""

    def __init__(
        self,
        tree: Tree,
        mounted: Sequence[MountedRepository],
        *,
        strict_globs: bool,
        hidden_folders: bool,
    ) -> None:
        self._tree = tree
        self._mounted = {(each.url, each.revision): each.at.strip("/") for each in mounted}
        self._files_that = files_of_doublestar if strict_globs else files_of_git
        self._hidden_folders = hidden_folders
        self._known: dict[str, dict[str, Blob]] = {}

    def folders(self, git: Mapping[str, Any]) -> list[str]:
        """All folders that a Git generator could name, sorted.

        Raises:
            ManifestError: its repository is not mounted.

        """
        return sorted(set(self._folders(self._blobs(git))))

    def chosen_folders(self, git: Mapping[str, Any]) -> list[str]:
        """The folders that a Git generator's patterns name; an exclusion always wins.

        Raises:
            ManifestError: its repository is not mounted, or a pattern cannot be read.

        """
        wanted, unwanted = _patterns(git.get("directories"), folders_of_go)
        return [path for path in self.folders(git) if wanted(path) and not unwanted(path)]

    def chosen_files(self, git: Mapping[str, Any]) -> list[str]:
        """The files that a Git generator's patterns name; an exclusion always wins.

        Raises:
            ManifestError: its repository is not mounted, or a pattern cannot be read.

        """
        wanted, unwanted = _patterns(git.get("files"), self._files_that)
        return [path for path in sorted(self._blobs(git)) if wanted(path) and not unwanted(path)]

    def read(self, git: Mapping[str, Any], path: str) -> list[Any]:
        """Read the objects of a file: one, or a list of them. An empty file holds one without fields.

        Raises:
            ManifestError: it is neither.

        """
        blob = self._blobs(git)[path]
        document = next(read_documents(self._tree.read(blob.path), blob.path), None)
        value = document.value if document else None
        objects = value if isinstance(value, list) else [{} if value is None else value]
        if not all(isinstance(each, dict | None) for each in objects):
            reason = "holds parameters, so it must be a mapping, or a list of mappings."
            raise ManifestError(reason, path=blob.path)
        return [each or {} for each in objects]

    def below(self, git: Mapping[str, Any], folder: str) -> Iterator[Blob]:
        """All files below a folder of a Git generator's repository.

        Raises:
            ManifestError: its repository is not mounted.

        """
        for path, blob in self._blobs(git).items():
            if not folder or path == folder or path.startswith(f"{folder}/"):
                yield blob

    def _blobs(self, git: Mapping[str, Any]) -> dict[str, Blob]:
        url, revision = str(git.get("repoURL") or ""), str(git.get("revision") or "")
        at = self._mounted.get((url, revision))
        if at is None:
            raise ManifestError(f"the files of {url} at {revision or 'HEAD'} are not at hand.")
        if at not in self._known:
            found = self._tree.blobs(at)
            self._known[at] = {posixpath.relpath(blob.path, at or "."): blob for blob in found}
        return self._known[at]

    def _folders(self, paths: Mapping[str, Blob]) -> Iterator[str]:
        for path in paths:
            folder = posixpath.dirname(path)
            if self._hidden_folders or not any(step.startswith(".") for step in folder.split("/")):
                yield from _upwards(folder)
            else:
                yield from _upwards(_before_hidden(folder))


def _upwards(folder: str) -> Iterator[str]:
    while folder:
        yield folder
        folder = posixpath.dirname(folder)


def _before_hidden(folder: str) -> str:
    steps = folder.split("/")
    hidden = next(at for at, step in enumerate(steps) if step.startswith("."))
    return "/".join(steps[:hidden])


def _patterns(entries: Any, read: Any) -> tuple[Fits, Fits]:
    """Read what is wanted and what is not."""
    found: dict[bool, list[Fits]] = {False: [], True: []}
    for entry in mappings(entries, "paths of a git generator"):
        found[entry.get("exclude") is True].append(read(str(entry.get("path") or "")))
    return _any(found[False]), _any(found[True])


def _any(fits: Sequence[Fits]) -> Fits:
    return lambda path: any(each(path) for each in fits)
