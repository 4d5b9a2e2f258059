"""Git repositories for tests: every commit in one line, at a time of the test's choosing.

Made with libgit2 alone, so that tests need no ``git`` and no identity.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pygit2
import yaml
from pygit2.enums import FileMode, ObjectType

from tests.doubles import START

File = str | bytes | Mapping[str, Any] | None
"""Text, bytes, an object to write as YAML; ``None`` removes the file."""


class ScriptedRepository:
    """A bare repository that a test commits to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git = pygit2.init_repository(str(folder), bare=True, initial_head="main")
        self.files: dict[str, tuple[pygit2.Oid, FileMode]] = {}
        self.commits: list[str] = []

    def commit(self, files: Mapping[str, File], *, at: datetime | None = None) -> str:
        """Commit changed files on main; every commit is a minute after the one before."""
        for path, content in files.items():
            self.files.pop(path, None)
            if content is not None:
                self.files[path] = (self.git.create_blob(as_bytes(content)), FileMode.BLOB)
        return self._commit([self.head] if self.commits else [], at)

    def link(self, path: str, target: str) -> str:
        """Commit a symbolic link."""
        self.files[path] = (self.git.create_blob(target.encode()), FileMode.LINK)
        return self._commit([self.head] if self.commits else [], None)

    def submodule(self, path: str) -> str:
        """Commit a submodule."""
        self.files[path] = (pygit2.Oid(hex="1" * 40), FileMode.COMMIT)
        return self._commit([self.head] if self.commits else [], None)

    def rewrite(self, files: Mapping[str, File]) -> str:
        """Replace the history of main by one commit, as a forced push does."""
        self.files = {
            path: (self.git.create_blob(as_bytes(f)), FileMode.BLOB) for path, f in files.items()
        }
        return self._commit([], None)

    def branch(self, name: str, commit: str = "") -> str:
        """Let a branch be at a commit, the newest if none is named; by force."""
        target = pygit2.Oid(hex=commit or self.head)
        self.git.references.create(f"refs/heads/{name}", target, force=True)
        return str(target)

    def tag(self, name: str, commit: str = "", *, message: str = "") -> str:
        """Let a tag be at a commit, by force; an object of its own, if it has a message."""
        target = pygit2.Oid(hex=commit or self.head)
        place = f"refs/tags/{name}"
        if message:
            if place in self.git.references:
                self.git.references.delete(place)
            author = self.git[target].author
            self.git.create_tag(name, target, ObjectType.COMMIT, author, message)
        else:
            self.git.references.create(place, target, force=True)
        return str(target)

    @property
    def head(self) -> str:
        return self.commits[-1]

    def _commit(self, parents: list[str], at: datetime | None) -> str:
        moment = at or START + timedelta(minutes=len(self.commits))
        author = pygit2.Signature("Ada", "ada@example.com", int(moment.timestamp()), 60)
        tree = self._write(self.files)
        commit = self.git.create_commit(None, author, author, "A change", tree, parents)
        self.git.references.create("refs/heads/main", commit, force=True)
        self.commits.append(str(commit))
        return self.head

    def _write(self, files: Mapping[str, tuple[pygit2.Oid, FileMode]]) -> pygit2.Oid:
        builder = self.git.TreeBuilder()
        folders: dict[str, dict[str, tuple[pygit2.Oid, FileMode]]] = {}
        for path, (oid, mode) in files.items():
            folder, _, rest = path.partition("/")
            if rest:
                folders.setdefault(folder, {})[rest] = (oid, mode)
            else:
                builder.insert(path, oid, mode)
        for folder, inside in folders.items():
            builder.insert(folder, self._write(inside), FileMode.TREE)
        return builder.write()


def as_bytes(content: File) -> bytes:
    if isinstance(content, bytes):
        return content
    text = (
        content
        if isinstance(content, str)
        else yaml.safe_dump(dict(content or {}), sort_keys=False)
    )
    return text.encode()
