"""What is read from a repository on disk: trees, changes, commits.

Works alike on a mirror of ours and on somebody's local repository, and writes to neither.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

import pygit2

from auditor.domain.history import CommitInfo, Passage
from auditor.errors import SourceUnavailable
from auditor.sources.git.extent import Span, field_spans, object_span
from auditor.sources.git.lineage import Lineage
from auditor.sources.git.links import Links, Unreachable
from auditor.sources.git.omitted import MAX_FILE
from auditor.sources.git.tracing.files import Files
from auditor.sources.git.tracing.trace import trace
from auditor.sources.git.tree import GitTree


class Objects:
    """The commits of one repository on disk."""

    def __init__(self, repository: pygit2.Repository, *, name: str) -> None:
        self._repository = repository
        self._name = name
        self._links = Links(repository)
        self._lineage = Lineage(repository)
        # The findings of one file are mostly asked about one after the other.
        self._text = lru_cache(maxsize=1)(self._read)
        self._files = lru_cache(maxsize=2)(lambda commit: Files(self.tree(commit).read))

    @property
    def name(self) -> str:
        """The configured name of the repository."""
        return self._name

    def tree(self, commit: str) -> GitTree:
        """The files of a commit.

        Raises:
            SourceUnavailable: the commit is not at hand (any more).

        """
        return GitTree(self._repository, self._find(commit), self._links, name=self._name)

    def changed(self, before: str, after: str) -> frozenset[str]:
        """Paths of files that differ between two commits, and links to them.

        Raises:
            SourceUnavailable: a commit is not at hand (any more).

        """
        old, new = self._find(before).tree, self._find(after).tree
        diff = self._repository.diff(old, new)
        paths = frozenset(
            side.path for delta in diff.deltas for side in (delta.old_file, delta.new_file)
        )
        return paths | self._links.leading_to(new, paths)

    def commit(self, commit: str) -> CommitInfo:
        """Who made a commit, and when.

        Raises:
            SourceUnavailable: the commit is not at hand (any more).

        """
        return _described(self._find(commit))

    def last_change(self, commit: str, passage: Passage) -> CommitInfo:
        """The commit that last changed a passage, as of a commit; see `Lineage`.

        Raises:
            SourceUnavailable: nobody can tell: there is no such path, or its history is not at hand.

        """
        found = self._find(commit)
        try:
            path = self._links.locate(found.tree, passage.path).path
        except Unreachable as fact:
            reason = f"{passage.path} is not in {self._name} at {commit[:10]}"
            raise SourceUnavailable(reason) from fact
        spans = self._spans(found.tree[path], passage) if path else ()
        return _described(self._find(self._lineage.last_change(commit, path, spans)))

    def trace(self, commit: str, passage: Passage) -> tuple[Passage, ...]:
        """The passages that say what the fields of a passage are; see `tracing`.

        Raises:
            SourceUnavailable: the commit is not at hand (any more).

        """
        return trace(self._files(commit), passage)

    def changed_lines(self, before: str, after: str, path: str) -> tuple[Span, ...]:
        """The lines of a file that differ between two commits, as the second one has them.

        Where lines were only taken away it is the line before. None where the file is in neither, or is
        the same in both.
        """
        old, new = (_blob(self._find(commit).tree, path) for commit in (before, after))
        if new is None:
            return ()
        if old is None:
            return (Span(1, max(1, new.data.count(b"\n"))),)
        hunks = old.diff(new, context_lines=0, interhunk_lines=0).hunks
        return tuple(
            Span(max(1, hunk.new_start), max(1, hunk.new_start + hunk.new_lines - 1))
            for hunk in hunks
        )

    def _spans(self, file: pygit2.Object, passage: Passage) -> tuple[Span, ...]:
        """The lines that are meant; none, which is the whole file, where they cannot be told."""
        if passage.spans:
            return tuple(Span(first, last) for first, last in passage.spans)
        text = self._text(file.id) if passage.line is not None else None
        if text is None or passage.line is None:
            return ()
        fields = field_spans(text, passage.line, passage.fields)
        return fields or (object_span(text, passage.line),)

    def _read(self, file: pygit2.Oid) -> str | None:
        """The text of a file; ``None`` where it is none, or is too large."""
        found = self._repository[file]
        if not isinstance(found, pygit2.Blob) or found.size > MAX_FILE:
            return None
        text: str = found.data.decode(errors="replace")
        return text

    def _find(self, commit: str) -> pygit2.Commit:
        try:
            return self._repository[commit].peel(pygit2.Commit)
        except (KeyError, ValueError, pygit2.GitError) as error:
            raise SourceUnavailable(
                f"repository {self._name} has no commit {commit} (any more) in {self._repository.path}"
            ) from error


def _described(commit: pygit2.Commit) -> CommitInfo:
    return CommitInfo(
        id=str(commit.id),
        author=commit.author.name,
        authored=datetime.fromtimestamp(commit.author.time, UTC),
        committed=datetime.fromtimestamp(commit.commit_time, UTC),
    )


def _blob(tree: pygit2.Tree, path: str) -> pygit2.Blob | None:
    try:
        found = tree[path]
    except KeyError:
        return None
    return found if isinstance(found, pygit2.Blob) else None
