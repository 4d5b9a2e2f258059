"""Where every edition that roots are made of is: its commit, or why there is none.

An edition that there is not any more keeps its commit: what was declared stays until somebody knows better.
It refuses to look for any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from auditor.domain.history import CONFIGURED, Heads
from auditor.state.roots import Edition, Root


class Editions:
    """The commits that count.

    ``heads`` has them by edition. ``seek`` is called with the name of a repository when more of it is asked
    for than was looked for.
    """

    def __init__(self) -> None:
        self.heads: dict[Edition, str] = {}
        self.seek: Callable[[str], None] = lambda _repository: None
        self._lacking: dict[Edition, str] = {}
        self._sought: frozenset[Edition] = frozenset()

    def head(self, edition: Edition) -> str:
        """The commit of an edition; empty before the first."""
        return self.heads.get(edition, "")

    def lacks(self, root: Root) -> Iterator[str]:
        """What there is not (any more) of all that a root is made of."""
        return (self._lacking[each] for each in sorted(root.editions & self._lacking.keys()))

    def knows(self, repository: str, heads: Heads) -> bool:
        """Tell whether a repository stands where it stood at the last look."""
        commits = ((Edition(repository, each), head) for each, head in heads.commits.items())
        lacking = {
            each.revision: why for each, why in self._lacking.items() if each[0] == repository
        }
        return lacking == heads.lacking and all(self.head(each) == head for each, head in commits)

    def take(self, repository: str, heads: Heads) -> Mapping[Edition, tuple[str, str]]:
        """Take in where a repository stands; return what moved: from where, or nowhere, and to where."""
        for edition in [each for each in self._lacking if each.repository == repository]:
            del self._lacking[edition]
        lacking = {Edition(repository, each): why for each, why in heads.lacking.items()}
        commits = {Edition(repository, each): head for each, head in heads.commits.items()}
        moved = {
            each: (self.head(each), head)
            for each, head in commits.items()
            if self.head(each) != head
        }
        self._lacking |= lacking
        self.heads |= commits
        return moved

    def unseen(self, roots: Iterable[Root]) -> frozenset[Edition]:
        """What roots are made of and nobody has looked for yet."""
        known = self.heads.keys() | self._lacking.keys()
        return frozenset(each for root in roots for each in root.editions if each not in known)

    def near(self, roots: Iterable[Root]) -> frozenset[Edition]:
        """Those of them that will be looked for at once, because their repository can be reached."""
        return frozenset(
            each for each in self.unseen(roots) if Edition(each.repository) in self.heads
        )

    def settle(self, roots: Iterable[Root]) -> None:
        """Forget what no root is made of any more, and have looked for what is new: once, for it may fail."""
        asked = {edition for root in roots for edition in root.editions}
        for known in (self.heads, self._lacking):
            for edition in [each for each in known if each not in asked]:
                if edition.revision != CONFIGURED:
                    del known[edition]
        unseen = self.unseen(roots)
        news, self._sought = unseen - self._sought, unseen
        for repository in sorted({each.repository for each in news}):
            self.seek(repository)
