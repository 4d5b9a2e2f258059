"""Folders of this machine in place of repositories: what lies there now is what counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from auditor.domain.history import CommitInfo, Passage
from auditor.errors import ManifestError, SourceUnavailable
from auditor.ports import Repository, Tree
from auditor.sources.git.addresses import addresses_of
from auditor.sources.git.directory import DirectoryTree, open_directory
from auditor.sources.git.objects import Objects
from auditor.state.atlas import EVERY, KnownRepository

_NOT_COMMITTED: Final = "working tree"


def open_within(path: Path, folders: Iterable[Path]) -> tuple[DirectoryTree, str]:
    """Open the folder that a path is looked at in: one of those named, its checkout, or itself.

    Raises:
        ManifestError: there is no such path.

    """
    for folder in folders:
        if path.resolve().is_relative_to(folder.resolve()):
            tree, inside = open_directory(folder)
            rest = path.resolve().relative_to(folder.resolve()).as_posix()
            return tree, "/".join(step for step in (inside, rest) if step not in {"", "."})
    return open_directory(path)


def stand_ins(
    tree: Tree, path: Path, beside: Mapping[str, Path]
) -> tuple[dict[str, Repository], list[KnownRepository]]:
    """The tree that is looked at and folders for other repositories, with the addresses of all.

    ``beside`` has folders by the URL that they stand for.
    """
    repositories: dict[str, Repository] = {tree.repository: FolderRepository(tree)}
    addresses = {tree.repository: [*addresses_of(path)]}
    for url, at in beside.items():
        other, _ = open_directory(at)
        repositories.setdefault(other.repository, FolderRepository(other))
        addresses.setdefault(other.repository, []).append(url)
    known = [
        KnownRepository(name=name, urls=tuple(urls), ref=EVERY) for name, urls in addresses.items()
    ]
    return repositories, known


class FolderRepository:
    """A folder as the port `Repository`: one revision, the one that lies there now."""

    def __init__(self, tree: Tree, history: Objects | None = None) -> None:
        self._tree = tree
        self._history = history

    @property
    def name(self) -> str:
        """The folder's name."""
        return self._tree.repository

    async def head(self) -> str:
        """The commit that is checked out, or words to that effect."""
        return self._tree.revision or _NOT_COMMITTED

    def tree(self, commit: str) -> Tree:
        """The folder, whatever commit is asked for: there is only one."""
        del commit
        return self._tree

    def changed(self, before: str, after: str) -> frozenset[str]:
        """A folder has no history.

        Raises:
            SourceUnavailable: always.

        """
        raise SourceUnavailable(f"{self.name} is a folder and knows no {before} or {after}")

    def commit(self, commit: str) -> CommitInfo:
        """Whoever works in the folder, now."""
        now = datetime.now(UTC)
        return CommitInfo(id=commit, author="", authored=now, committed=now)

    def last_change(self, commit: str, passage: Passage) -> CommitInfo:
        """The commit that last changed a passage of a file that lies here as it was committed.

        Raises:
            SourceUnavailable: it was changed since, or the folder has no history.

        """
        if self._history is None or not self._is_committed(self._history, passage.path):
            raise SourceUnavailable(f"{self.name}: {passage.path} is not committed as it lies here")
        return self._history.last_change(commit, passage)

    def _is_committed(self, history: Objects, path: str) -> bool:
        try:
            return history.tree(self._tree.revision).read(path) == self._tree.read(path)
        except ManifestError:
            return False
