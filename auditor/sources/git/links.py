"""Paths of a commit with their links followed, without leaving the commit.

Git keeps a link as a file whose content is the target's path. It refuses to judge: whoever asks decides
what a link that leaves means.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import pygit2
from pygit2.enums import FileMode

from auditor.sources.git.omitted import DANGLES, LEAVES

_MAX_HOPS: Final = 40
"""So many links are followed on the way to one file, as Linux does."""
_REMEMBERED_FOLDERS: Final = 2**16


class Unreachable(Exception):
    """A path leads nowhere; ``reason`` is one of the words of `omitted`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Place:
    """Where a path leads after all links: its real path, and the object there."""

    path: str
    id: pygit2.Oid
    is_folder: bool


class Links:
    """Follows links in the commits of one repository."""

    def __init__(self, repository: pygit2.Repository) -> None:
        self._repository = repository
        self._below = lru_cache(maxsize=_REMEMBERED_FOLDERS)(self._list)

    def locate(self, root: pygit2.Tree, path: str) -> Place:
        """Find where a path leads.

        Raises:
            Unreachable: out of the tree, or nowhere.

        """
        real: list[str] = []
        ahead = path.split("/")[::-1]
        hops = 0
        while ahead:
            step = ahead.pop()
            if step == "..":
                _step_out(real)
            elif step not in {"", "."}:
                target = self._target(root, [*real, step])
                hops += target is not None
                ahead += [] if target is None or hops > _MAX_HOPS else target.split("/")[::-1]
                real += [step] if target is None else []
        if hops > _MAX_HOPS:
            raise Unreachable(DANGLES)
        return _place(root, "/".join(real))

    def _target(self, root: pygit2.Tree, real: list[str]) -> str | None:
        """Return what a link points to; ``None`` for what is no link."""
        entry = _entry(root, "/".join(real))
        if entry.filemode != FileMode.LINK:
            return None
        target = str(self._repository[entry.id].data.decode("utf-8", "replace"))
        if target.startswith("/"):
            raise Unreachable(LEAVES)
        return target

    def leading_to(self, root: pygit2.Tree, changed: frozenset[str]) -> frozenset[str]:
        """List the paths under which changed files are seen too, through links to them."""
        return frozenset(
            seen
            for link in self._below(root.id)
            for place in self._reach(root, link)
            for seen in _through(link, place, changed)
        )

    def _reach(self, root: pygit2.Tree, link: str) -> Iterator[Place]:
        try:
            yield self.locate(root, link)
        except Unreachable:
            return

    def _list(self, folder: pygit2.Oid) -> tuple[str, ...]:
        """List all links below a folder. Folders are known by content, so this costs what changed."""
        links: list[str] = []
        for entry in self._repository[folder]:
            if entry.filemode == FileMode.LINK:
                links.append(entry.name)
            elif entry.filemode == FileMode.TREE:
                links += (f"{entry.name}/{link}" for link in self._below(entry.id))
        return tuple(links)


def _step_out(real: list[str]) -> None:
    if not real:
        raise Unreachable(LEAVES)
    real.pop()


def _entry(root: pygit2.Tree, path: str) -> pygit2.Object:
    try:
        return root[path]
    except KeyError as error:
        raise Unreachable(DANGLES) from error


def _place(root: pygit2.Tree, path: str) -> Place:
    if not path:
        return Place("", root.id, is_folder=True)
    entry = _entry(root, path)
    return Place(path, entry.id, is_folder=entry.filemode == FileMode.TREE)


def _through(link: str, place: Place, changed: frozenset[str]) -> Iterator[str]:
    if not place.is_folder:
        yield from [link] if place.path in changed else []
        return
    below = f"{place.path}/" if place.path else ""
    yield from (f"{link}/{path[len(below) :]}" for path in changed if path.startswith(below))
