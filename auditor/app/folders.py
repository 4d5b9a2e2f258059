"""Folders of this machine in place of repositories: what lies there now is what counts."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from auditor.domain.history import CONFIGURED, CommitInfo, Heads, Passage
from auditor.errors import ManifestError, SourceUnavailable
from auditor.ports import Repository, Tree
from auditor.sources.git.addresses import addresses_of
from auditor.sources.git.directory import DirectoryTree, open_checkout, open_directory
from auditor.sources.git.objects import Objects
from auditor.sources.git.tracing.files import Files
from auditor.sources.git.tracing.trace import trace
from auditor.state.atlas import EVERY, KnownRepository

_NOT_COMMITTED: Final = "working tree"
_UNUSUAL: Final = re.compile(r"[^a-z0-9._-]+")
_LONGEST: Final = 56


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


class StandIns:
    """Folders in place of repositories: each once, under a name of its own, known by its addresses."""

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self._urls: dict[str, list[str]] = {}
        self._names: dict[Path, str] = {}

    @property
    def known(self) -> list[KnownRepository]:
        """What they stand for; whichever revision somebody asks for is what lies there."""
        return [
            KnownRepository(name=name, urls=tuple(urls), ref=EVERY)
            for name, urls in self._urls.items()
        ]

    def add(self, folder: DirectoryTree, *urls: str, tree: Tree | None = None) -> str:
        """Let a folder stand for a repository, also at these addresses; return its name.

        ``tree`` is what is seen instead of what lies there: one of its commits.
        """
        if folder.root not in self._names:
            name = self._free(folder.repository)
            self._names[folder.root] = name
            self._urls[name] = [*addresses_of(folder.root)]
            seen = folder.called(name) if tree is None else tree
            self.repositories[name] = FolderRepository(name, seen, _history(folder.root))
        name = self._names[folder.root]
        self._urls[name] += urls
        return name

    def add_all(self, beside: Mapping[str, Path]) -> None:
        """Let folders stand for the addresses by which they are given."""
        for url, at in beside.items():
            self.add(open_directory(at)[0], url)

    def _free(self, wanted: str) -> str:
        """A name for findings and configurations that no other folder has."""
        plain = _UNUSUAL.sub("-", wanted.lower())[:_LONGEST].strip("._-") or "folder"
        names = (plain, *(f"{plain}-{number}" for number in range(2, len(self._urls) + 3)))
        return next(name for name in names if name not in self._urls)


def _history(path: Path) -> Objects | None:
    checkout = open_checkout(path)
    return None if checkout is None or checkout.repository.head_is_unborn else checkout.history


class FolderRepository:
    """A folder as the port `Repository`: one revision, the one that lies there now."""

    def __init__(self, name: str, tree: Tree, history: Objects | None = None) -> None:
        self.name = name
        self._tree = tree
        self._files = Files(tree.read)
        self._history = history

    async def heads(self, revisions: Collection[str] = (CONFIGURED,)) -> Heads:
        """The commit that is checked out, or words to that effect, for every revision."""
        return Heads(commits=dict.fromkeys(revisions, self._tree.revision or _NOT_COMMITTED))

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

    def trace(self, commit: str, passage: Passage) -> tuple[Passage, ...]:
        """The passages that say what the fields of a passage are, as they lie here."""
        del commit
        return trace(self._files, passage)

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
