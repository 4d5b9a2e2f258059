"""Which commit last changed a file, or some lines of it.

Walks back along first parents, which is how the followed branch moved; a merge is looked behind as far as
what was asked about came with it unchanged. Lines are traced through changes above them and through
renames, as ``git log -L`` and ``git blame`` do, but within limits: both may take minutes on a long history.
What a commit changed is remembered, so that the next question costs a look-up a commit. It refuses to
take the end of a shallow history for the beginning.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import pygit2
from pygit2.enums import DeltaStatus

from auditor.errors import SourceUnavailable
from auditor.sources.git.extent import Span

LIMIT: Final = 20_000
"""So many commits one question goes back."""
PATIENCE: Final = 5.0
"""Seconds that one question may take; the next one goes on where it ended."""
_MANY_FILES: Final = 2_000
"""Among more changed files nobody looks for a rename."""

Spans = tuple[Span, ...]


class _Lines(NamedTuple):
    """Lines of a file as of a commit; or without spans all of a file or folder."""

    commit: pygit2.Commit
    path: str
    spans: Spans


class _Step(NamedTuple):
    """From a commit to its first parent, and the paths that differ between the two."""

    parent: pygit2.Oid | None
    changed: frozenset[str]


@dataclass(slots=True)
class _Allowance:
    """How far one question may still go."""

    commits: int
    until: float


class Lineage:
    """The history of one repository on disk. Safe to ask from any thread."""

    def __init__(
        self, repository: pygit2.Repository, *, limit: int = LIMIT, patience: float = PATIENCE
    ) -> None:
        # One of its own, because one handle must not be read by several threads at once.
        self._repository = pygit2.Repository(repository.path)
        self._limit = limit
        self._patience = patience
        self._steps: dict[pygit2.Oid, _Step] = {}
        self._lock = threading.Lock()

    def last_change(self, commit: str, path: str, spans: Spans = ()) -> str:
        """Find the commit that last changed what is at a path, or those lines of it. Blocks.

        ``path`` is a real one, without links on the way, and is there as of ``commit``.

        Raises:
            SourceUnavailable: the history is not at hand, or is longer than what is looked at.

        """
        with self._lock:
            allowance = _Allowance(self._limit, time.monotonic() + self._patience)
            try:
                lines = _Lines(self._repository[commit].peel(pygit2.Commit), path, spans)
                return str(self._trace(lines, allowance))
            except (KeyError, pygit2.GitError) as error:
                raise SourceUnavailable(
                    f"{self._repository.path}: the history of {path} cannot be read: {error}"
                ) from error

    def _trace(self, lines: _Lines, allowance: _Allowance) -> pygit2.Oid:
        while True:
            changed_in = self._changed_in(lines, allowance)
            before = next(self._sources(lines._replace(commit=changed_in)), None)
            if before is None:
                return changed_in.id
            lines = before

    def _changed_in(self, lines: _Lines, allowance: _Allowance) -> pygit2.Commit:
        """Go back along first parents to the commit in which anything at the path differs."""
        oid, path = lines.commit.id, lines.path
        is_folder = not path or isinstance(lines.commit.tree[path], pygit2.Tree)
        while True:
            self._spend(allowance, path)
            step = self._step(oid)
            if step.parent is None or _touches(step.changed, path, is_folder=is_folder):
                return self._repository[oid]
            oid = step.parent

    def _spend(self, allowance: _Allowance, path: str) -> None:
        allowance.commits -= 1
        if allowance.commits < 0 or time.monotonic() > allowance.until:
            raise SourceUnavailable(
                f"{self._repository.path}: {path} was changed longer ago than is looked back"
            )

    def _step(self, oid: pygit2.Oid) -> _Step:
        step = self._steps.get(oid)
        if step is None:
            if len(self._steps) > 2 * self._limit:
                self._steps.clear()  # histories that were rewritten stay behind
            step = self._steps[oid] = self._look(self._repository[oid])
        return step

    def _look(self, commit: pygit2.Commit) -> _Step:
        if not commit.parent_ids:
            if b"\nparent " in commit.read_raw().partition(b"\n\n")[0]:
                raise SourceUnavailable(
                    f"{self._repository.path}: the history ends at {str(commit.id)[:10]}, because it "
                    "was fetched shallow. Fetch all of it."
                )
            return _Step(None, frozenset())
        parent = commit.parents[0]
        deltas = self._repository.diff(parent.tree, commit.tree).deltas
        sides = (side.path for delta in deltas for side in (delta.old_file, delta.new_file))
        return _Step(parent.id, frozenset(sides))

    def _sources(self, lines: _Lines) -> Iterator[_Lines]:
        """Where lines came from unchanged: parents, of which all but a merge's first are rare."""
        commit, path, spans = lines
        new = _entry(commit, path)
        for parent in commit.parents:
            old = _entry(parent, path)
            if old == new:
                yield lines._replace(commit=parent)
            elif spans:
                name = path if old is not None else self._name_before(parent, commit, path)
                shifted = _shifted(_entry(parent, name), new, spans) if name else None
                if shifted is not None:
                    yield _Lines(parent, name, shifted)

    def _name_before(self, parent: pygit2.Commit, commit: pygit2.Commit, path: str) -> str:
        """What a file was called before a commit renamed it; empty if it is new."""
        diff = self._repository.diff(parent.tree, commit.tree)
        if len(diff) > _MANY_FILES:
            return ""
        diff.find_similar()
        renamed = (d for d in diff.deltas if d.status == DeltaStatus.RENAMED)
        return next((d.old_file.path for d in renamed if d.new_file.path == path), "")


def _touches(changed: frozenset[str], path: str, *, is_folder: bool) -> bool:
    if not is_folder:
        return path in changed
    below = f"{path}/" if path else ""
    return any(file.startswith(below) for file in changed)


def _entry(commit: pygit2.Commit, path: str) -> pygit2.Object | None:
    try:
        return commit.tree[path] if path else commit.tree
    except KeyError:
        return None


def _shifted(old: pygit2.Object | None, new: pygit2.Object | None, spans: Spans) -> Spans | None:
    """Where lines stood before a change of their file; ``None`` if it touched any of them."""
    if not isinstance(old, pygit2.Blob) or not isinstance(new, pygit2.Blob):
        return None
    hunks = [
        (hunk.old_lines, hunk.new_start, hunk.new_lines)
        for hunk in old.diff(new, context_lines=0, interhunk_lines=0).hunks
    ]
    moved = [_moved(span, hunks) for span in spans]
    return None if None in moved else tuple(span for span in moved if span is not None)


def _moved(span: Span, hunks: list[tuple[int, int, int]]) -> Span | None:
    """A hunk that only takes lines away names the line before them."""
    shift = 0
    for old_lines, start, new_lines in hunks:
        begins = start if new_lines else start + 1
        if begins + new_lines <= span.first:
            shift += old_lines - new_lines
        elif begins <= span.last:
            return None
    return Span(span.first + shift, span.last + shift)
