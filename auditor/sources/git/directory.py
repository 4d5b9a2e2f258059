"""A plain folder as a tree: what ``auditor diff PATH`` looks at.

Inside a checkout the tree is the whole checkout with its working files, named after its folder and at its
HEAD; elsewhere it is the folder alone. Links that leave it are left out, as in a commit.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISDIR, S_ISREG

import pygit2

from auditor.errors import ManifestError
from auditor.ports import Blob, Skipped
from auditor.sources.git.libgit2 import prepare
from auditor.sources.git.objects import Objects
from auditor.sources.git.omitted import (
    DANGLES,
    LEAVES,
    MAX_FILE,
    NO_FILE,
    TO_FOLDER,
    leave_out,
    too_big,
)


class DirectoryTree:
    """A folder's files, as the port `Tree` has them."""

    def __init__(self, root: Path, *, name: str, revision: str = "") -> None:
        self._root = root.resolve()
        self._name = name
        self._revision = revision

    @property
    def root(self) -> Path:
        """The folder."""
        return self._root

    def called(self, name: str) -> DirectoryTree:
        """The same under another name."""
        return DirectoryTree(self._root, name=name, revision=self._revision)

    @property
    def repository(self) -> str:
        """The name given to the folder."""
        return self._name

    @property
    def revision(self) -> str:
        """The commit that is checked out; empty for a folder that is no checkout."""
        return self._revision

    def blobs(self, under: str = "") -> Iterator[Blob]:
        """All files below a folder (or the file itself), in path order.

        Raises:
            ManifestError: there is no such path, or it lies outside.

        """
        return (found for found in self._walk(under) if isinstance(found, Blob))

    def omitted(self, under: str = "") -> Iterator[Skipped]:
        """Links that lead to no file of the folder, special files, and big ones."""
        return (found for found in self._walk(under) if isinstance(found, Skipped))

    def read(self, path: str, /) -> bytes:
        """The content of one file.

        Raises:
            ManifestError: no such file, it cannot be read, or it is larger than what is read.

        """
        found = self._look(path)
        if isinstance(found, Skipped):
            raise ManifestError(f"{found.reason}.", path=path)
        try:
            return (self._root / path).read_bytes()
        except OSError as error:
            raise ManifestError(f"cannot be read: {error.strerror}.", path=path) from error

    def _walk(self, under: str) -> Iterator[Blob | Skipped]:
        start = self._root / under
        if not start.resolve().is_relative_to(self._root) or not start.exists():
            raise ManifestError(self._absent(), path=under)
        if not start.is_dir():
            yield self._look(under.strip("/"))
            return
        for path in sorted(self._paths(start)):
            yield self._look(path)

    def _absent(self) -> str:
        reason = f"there is no such path in {self._root}"
        if self._revision:
            return f"{reason}. Correct the path."
        return f"{reason}, which is in no Git checkout, so nothing above it is seen."

    def _paths(self, start: Path) -> Iterator[str]:
        for folder, folders, files in os.walk(start, onerror=_refuse):
            folders[:] = [name for name in folders if name != ".git"]
            links = [name for name in folders if (Path(folder) / name).is_symlink()]
            for name in [*files, *links]:
                yield (Path(folder) / name).relative_to(self._root).as_posix()

    def _look(self, path: str) -> Blob | Skipped:
        file = self._root / path
        reason = self._why_not(file)
        if reason:
            return leave_out(path, reason)
        stat = file.stat()
        # Stands for a hash of the content without reading it: whatever is written anew gets another.
        seal = f"{path}\0{stat.st_dev}\0{stat.st_ino}\0{stat.st_size}\0{stat.st_mtime_ns}"
        return Blob(path, hashlib.sha256(seal.encode()).hexdigest(), stat.st_size)

    def _why_not(self, file: Path) -> str | None:
        target = file.resolve()
        if not target.is_relative_to(self._root):
            return LEAVES
        if not target.exists():
            return DANGLES
        stat = target.stat()
        if S_ISDIR(stat.st_mode):
            return TO_FOLDER
        if not S_ISREG(stat.st_mode):
            return NO_FILE
        return too_big(stat.st_size, MAX_FILE) if stat.st_size > MAX_FILE else None


def open_directory(path: Path) -> tuple[DirectoryTree, str]:
    """Open the folder or checkout around a path; return it with the path inside it.

    Raises:
        ManifestError: there is no such path.

    """
    place = path.resolve()
    if not place.exists():
        raise ManifestError("there is no such file or folder. Correct the path.", path=str(path))
    checkout = _checkout(place)
    if checkout is None:
        root = place if place.is_dir() else place.parent
        return DirectoryTree(root, name=root.name), _inside(place, root)
    root = Path(checkout.workdir).resolve()
    revision = "" if checkout.head_is_unborn else str(checkout.head.target)
    return DirectoryTree(root, name=root.name, revision=revision), _inside(place, root)


@dataclass(frozen=True, slots=True)
class Checkout:
    """A checkout: its folder, and the repository in it."""

    root: Path
    repository: pygit2.Repository

    @property
    def history(self) -> Objects:
        """Its commits; the repository goes by the name of the folder."""
        return Objects(self.repository, name=self.root.name)

    def inside(self, path: Path) -> str:
        """A path as the commits have it."""
        return _inside(path.resolve(), self.root)


def open_checkout(path: Path) -> Checkout | None:
    """Open the checkout around a path, which need not be there itself; ``None`` where there is none."""
    repository = _checkout(path.resolve())
    return repository and Checkout(Path(repository.workdir).resolve(), repository)


def _checkout(place: Path) -> pygit2.Repository | None:
    prepare()
    around = (folder for folder in (place, *place.parents) if folder.is_dir())
    git = pygit2.discover_repository(str(next(around)))
    checkout = None if git is None else pygit2.Repository(git)
    return None if checkout is None or checkout.is_bare else checkout


def _inside(place: Path, root: Path) -> str:
    return "" if place == root else place.relative_to(root).as_posix()


def _refuse(error: OSError) -> None:
    raise ManifestError(
        f"cannot be read: {error.strerror}. Give the auditor read access.", path=str(error.filename)
    ) from error
