"""Revisions of what is no Git repository, each kept as one commit of a bare repository of our own.

Everything that reads commits (trees, changes, the revision that last changed a field, earlier declarations)
then works on them unchanged. A revision goes by its own id, such as a digest; the commit behind it is shown
to nobody. It was made when its maker says so, and follows the one that was the newest when it came. A
revision of which anything is missing counts as absent, and is put here anew. It refuses to fetch, and to
rewrite what it has.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import IO, Final

import pygit2
from pygit2.enums import FileMode

from auditor.domain.history import CommitInfo, Passage
from auditor.errors import SourceUnavailable
from auditor.sources.git.libgit2 import prepare
from auditor.sources.git.links import Links
from auditor.sources.git.objects import Objects
from auditor.sources.git.tree import GitTree

_NOBODY: Final = "unknown"
_MAIL: Final = "nobody@invalid"
"""Git wants an address; https://www.rfc-editor.org/rfc/rfc2606 reserves this end of one for such uses."""
_EPOCH: Final = 0

Folder = dict[str, "Folder | tuple[pygit2.Oid, FileMode]"]
"""Names in a folder, and what each is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One state of something: its id, who made it as far as that is told, and when."""

    id: str
    author: str
    made: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A file, with its content to be read once; or a link, with the text that it holds."""

    path: str
    content: IO[bytes]
    is_link: bool = False


class Shelf:
    """All revisions of one thing that were seen. ``follow`` says which one of its lines is newest where."""

    def __init__(self, folder: Path, *, name: str) -> None:
        self._folder = folder
        self._name = name
        self._repository: pygit2.Repository | None = None
        self._objects: Objects | None = None

    def has(self, revision: str) -> bool:
        """Tell whether a revision is here, with the list of its files."""
        commit = self._commit(revision)
        return commit is not None and commit.tree_id in self._opened

    def put(self, revision: Revision, entries: Iterable[Entry], *, line: str) -> None:
        """Keep a revision as the newest of a line. Blocks.

        Raises:
            SourceUnavailable: a path cannot be a file's, or nothing can be written.

        """
        try:
            tree = self._write(_arranged(self._blobs(entries)))
            self._keep(revision, tree, line)
        except (pygit2.GitError, OSError, ValueError) as error:
            raise SourceUnavailable(
                f"{self._name} at {revision.id} cannot be kept in {self._folder}: {error}. "
                "Check the folder, and the names of the files."
            ) from error

    def follow(self, revision: str, *, line: str) -> None:
        """Note that a line is at a revision now; what comes next follows it."""
        self._opened.references.create(_line(line), self._found(revision).id, force=True)

    # --- what is asked of a repository -------------------------------------------------------------

    def tree(self, revision: str) -> RevisionTree:
        """The files of a revision.

        Raises:
            SourceUnavailable: it is not here (any more).

        """
        commit = self._found(revision)
        return RevisionTree(self._opened, commit, name=self._name, revision=revision)

    def changed(self, before: str, after: str) -> frozenset[str]:
        """Paths of files that differ between two revisions; raises as `tree` does."""
        return self._known.changed(self._find(before), self._find(after))

    def described(self, revision: str) -> CommitInfo:
        """Who made a revision, and when; raises as `tree` does."""
        return replace(self._known.commit(self._find(revision)), id=revision)

    def trace(self, revision: str, passage: Passage) -> tuple[Passage, ...]:
        """The passages that say what the fields of a passage are; raises as `tree` does."""
        return self._known.trace(self._find(revision), passage)

    def last_change(self, revision: str, passage: Passage) -> CommitInfo:
        """The revision that last changed a passage, as far back as they were seen."""
        found = self._known.last_change(self._find(revision), passage)
        return replace(found, id=str(self._opened[found.id].message).strip())

    # --- the repository behind ---------------------------------------------------------------------

    @property
    def _opened(self) -> pygit2.Repository:
        if self._repository is None:
            prepare()
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._repository = pygit2.init_repository(str(self._folder), bare=True)
        return self._repository

    @property
    def _known(self) -> Objects:
        if self._objects is None:
            self._objects = Objects(self._opened, name=self._name)
        return self._objects

    def _commit(self, revision: str) -> pygit2.Commit | None:
        found = self._opened.references.get(_place(revision))
        try:
            return None if found is None else found.peel(pygit2.Commit)
        except (KeyError, pygit2.GitError):
            return None

    def _found(self, revision: str) -> pygit2.Commit:
        commit = self._commit(revision)
        if commit is None:
            raise SourceUnavailable(f"{self._name} has no revision {revision} (any more)")
        return commit

    def _find(self, revision: str) -> str:
        return str(self._found(revision).id)

    def _blobs(self, entries: Iterable[Entry]) -> dict[str, tuple[pygit2.Oid, FileMode]]:
        """Keep the content of every file; of two with one path, the later one counts."""
        found: dict[str, tuple[pygit2.Oid, FileMode]] = {}
        for entry in entries:
            mode = FileMode.LINK if entry.is_link else FileMode.BLOB
            found[entry.path] = (self._opened.create_blob_fromiobase(entry.content), mode)
        return found

    def _write(self, folder: Folder) -> pygit2.Oid:
        builder = self._opened.TreeBuilder()
        for name, inside in folder.items():
            if isinstance(inside, dict):
                builder.insert(name, self._write(inside), FileMode.TREE)
            else:
                builder.insert(name, *inside)
        return builder.write()

    def _keep(self, revision: Revision, tree: pygit2.Oid, line: str) -> None:
        repository = self._opened
        before = repository.references.get(_line(line))
        parents = [before.target] if before is not None and before.target in repository else []
        maker = _signature(revision)
        commit = repository.create_commit(None, maker, maker, revision.id, tree, parents)
        repository.references.create(_place(revision.id), commit, force=True)
        repository.references.create(_line(line), commit, force=True)


class RevisionTree(GitTree):
    """A commit's files, under the id of the revision that it stands for."""

    def __init__(
        self, repository: pygit2.Repository, commit: pygit2.Commit, *, name: str, revision: str
    ) -> None:
        super().__init__(repository, commit, Links(repository), name=name)
        self._id = revision

    @property
    def revision(self) -> str:
        """The id of the revision."""
        return self._id


def _signature(revision: Revision) -> pygit2.Signature:
    """Who made it, in the form that Git has for it: no line breaks, no brackets, no time before 1970."""
    name = "".join(one for one in revision.author if one.isprintable() and one not in "<>").strip()
    moment = max(_EPOCH, int(revision.made.timestamp()))
    return pygit2.Signature(name[:200] or _NOBODY, _MAIL, moment, 0)


def _arranged(files: Mapping[str, tuple[pygit2.Oid, FileMode]]) -> Folder:
    """Put files into their folders.

    Raises:
        ValueError: one path is a file and a folder.

    """
    root: Folder = {}
    for path, file in files.items():
        *folders, name = path.split("/")
        at = root
        for step in folders:
            match at.setdefault(step, {}):
                case dict() as inside:
                    at = inside
                case _:
                    raise ValueError(f"{path!r} lies below what is a file")
        if type(at.get(name)) is dict:
            raise ValueError(f"{path!r} is a file and a folder")
        at[name] = file
    return root


def _place(revision: str) -> str:
    """The ref of a revision: ids may hold what refs may not."""
    return f"refs/auditor/revisions/{hashlib.sha256(revision.encode()).hexdigest()}"


def _line(line: str) -> str:
    return f"refs/auditor/lines/{hashlib.sha256(line.encode()).hexdigest()}"
