"""The part of a tree that a program gets to see, in a temporary folder of its own.

Only regular files are written, readable by nobody else and never executable, so nothing in the folder
leads out of it. What is written is known by content before anything runs. Bounded in files and bytes. It
refuses to choose: whoever knows the format selects.
"""

from __future__ import annotations

import asyncio
import posixpath
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from auditor.errors import ManifestError
from auditor.ports import Blob, Skipped, Tree

MAX_FILES: Final = 10_000
MAX_BYTES: Final = 128 * 2**20
_MAX_HOPS: Final = 3
"""So many links to folders are followed on the way to one file."""


class Selection:
    """Files and folders of a tree that a render reads."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.files: dict[str, Blob] = {}
        self.folders: set[str] = set()
        self._bytes = 0

    @property
    def read(self) -> Mapping[str, str]:
        """Path to blob id of all that is selected and lies in the repository."""
        return {path: self.files[path].id for path in sorted(self.files) if self.files[path].id}

    def take(self, path: str) -> bool:
        """Select one file, and tell whether there is such a file.

        Raises:
            ManifestError: it is too big, or leaves the tree, or there are too many.

        """
        if path in self.files:
            return True
        blob = find_blob(self.tree, path)
        if blob is None:
            if not leaves(path):
                self._refuse_omitted(path)
            return False
        self._add(blob)
        return True

    def take_all(self, folder: str, *, hops: int = _MAX_HOPS) -> tuple[Skipped, ...]:
        """Select all files below a folder, through links to folders too; return what is left out.

        Raises:
            ManifestError: there are too many, or too large ones.

        """
        for blob in self.tree.blobs(folder):
            self._add(blob)
        left_out: list[Skipped] = []
        for each in self.tree.omitted(folder):
            if hops and is_folder(self.tree, each.path):
                left_out += self.take_all(each.path, hops=hops - 1)
            else:
                left_out.append(each)
        return tuple(left_out)

    def _add(self, blob: Blob) -> None:
        if blob.path in self.files:
            return
        self.files[blob.path] = blob
        self._bytes += blob.size
        if len(self.files) > MAX_FILES or self._bytes > MAX_BYTES:
            raise ManifestError(
                f"this render reads more than {MAX_FILES:,} files or {MAX_BYTES // 2**20} MiB. "
                "Declare less at once.",
                path=blob.path,
            )

    def _refuse_omitted(self, path: str) -> None:
        """Say why a file that is in the tree cannot be read: it is too big, or a link that leaves."""
        try:
            left_out = list(self.tree.omitted(posixpath.dirname(path)))
        except ManifestError:
            return
        for each in left_out:
            if each.path == path and not is_folder(self.tree, path):
                raise ManifestError(f"{each.reason}.", path=path)


def find_blob(tree: Tree, path: str) -> Blob | None:
    """Find the file at a path; None where there is none, or a folder."""
    if leaves(path):
        return None
    try:
        found = next(tree.blobs(path), None)
    except ManifestError:
        return None
    return found if found is not None and found.path == path else None


def is_folder(tree: Tree, path: str) -> bool:
    """Tell whether there is a folder with any file at a path."""
    if leaves(path):
        return False
    try:
        found = next(tree.blobs(path), None)
    except ManifestError:
        return False
    return found is not None and found.path != path


def join(folder: str, reference: str) -> str:
    """Resolve what a file of a folder refers to; starts with ``..`` if it leaves the tree."""
    joined = posixpath.normpath(posixpath.join(folder, reference))
    return "" if joined == "." else joined


def leaves(path: str) -> bool:
    """Tell whether a joined path is outside the tree."""
    return path.startswith(("/", "../")) or path == ".."


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A temporary folder: ``tree`` mirrors the repository, ``home`` is the program's own."""

    root: Path

    @property
    def tree(self) -> Path:
        """The folder that stands for the repository's root."""
        return self.root / "tree"

    @property
    def home(self) -> Path:
        """The folder for all that a program wants to write."""
        return self.root / "home"

    def write(self, selection: Selection) -> None:
        """Write all selected files and folders.

        Raises:
            ManifestError: a file cannot be read or written.

        """
        for folder in selection.folders:
            self._make(self.tree / folder)
        for path in selection.files:
            self.put(path, selection.tree.read(path))

    def put(self, path: str, content: bytes) -> None:
        """Write one file at a path of the tree.

        Raises:
            ManifestError: it cannot be written.

        """
        place = self.tree / path
        self._make(place.parent)
        try:
            place.write_bytes(content)
        except OSError as error:
            raise ManifestError(f"cannot be laid out: {error.strerror}.", path=path) from error

    def copy(self, folder: str, place: str) -> None:
        """Copy a folder of the tree to another place of it.

        Raises:
            ManifestError: it cannot be written.

        """
        try:
            shutil.copytree(self.tree / folder, self.tree / place, dirs_exist_ok=True)
        except (OSError, shutil.Error) as error:
            raise ManifestError("cannot be laid out beside the chart.", path=folder) from error

    @staticmethod
    def _make(folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ManifestError(f"{folder.name} cannot be laid out: {error.strerror}.") from error

    def in_repository_words(self, text: str) -> str:
        """Replace the temporary folder in a program's words by paths of the repository."""
        text = text.replace(f"{self.tree}/", "")
        text = re.sub(rf"{re.escape(str(self.tree))}\b", "the repository's root", text)
        return text.replace(f"{self.root}/", "")


@asynccontextmanager
async def open_workspace() -> AsyncIterator[Workspace]:
    """Open an empty workspace, and remove it afterwards.

    Both in a thread: on a busy disk, taking a few folders away stops the loop for tens of milliseconds.
    """
    folder = await asyncio.to_thread(_Folder)
    try:
        yield folder.workspace
    finally:
        await asyncio.to_thread(folder.cleanup)


class _Folder(tempfile.TemporaryDirectory[str]):
    """A temporary folder with the two of a workspace in it."""

    def __init__(self) -> None:
        super().__init__(prefix="auditor-render-", ignore_cleanup_errors=True)
        self.workspace = Workspace(root=Path(self.name).resolve())
        self.workspace.tree.mkdir()
        self.workspace.home.mkdir()
