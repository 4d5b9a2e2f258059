"""What is read from a repository on disk: trees, changes, commits.

Works alike on a mirror of ours and on somebody's local repository, and writes to neither.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pygit2

from auditor.errors import SourceUnavailable
from auditor.ports import CommitInfo
from auditor.sources.git.links import Links
from auditor.sources.git.tree import GitTree


class Objects:
    """The commits of one repository on disk."""

    def __init__(self, repository: pygit2.Repository, *, name: str) -> None:
        self._repository = repository
        self._name = name
        self._links = Links(repository)

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
        found = self._find(commit)
        committed = datetime.fromtimestamp(found.commit_time, UTC)
        return CommitInfo(id=str(found.id), author=found.author.name, committed=committed)

    def _find(self, commit: str) -> pygit2.Commit:
        try:
            return self._repository[commit].peel(pygit2.Commit)
        except (KeyError, ValueError, pygit2.GitError) as error:
            raise SourceUnavailable(
                f"repository {self._name} has no commit {commit} (any more) in {self._repository.path}"
            ) from error
