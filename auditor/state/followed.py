"""Owners that are followed, and those of which it is not known all that they declare.

An object that carries the mark of an owner that is not known is neither declared nor undeclared: nobody can
say. And until owners were followed to the end for the first time, nobody can say how anything is declared
that one more of them may declare. It refuses to say anything of objects without a mark.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from auditor.domain.identity import ObjectRef
from auditor.domain.manifest import Manifest
from auditor.domain.marks import keepers_of


class FollowedOwners:
    """Owners that were read, and why not all is known of some.

    ``ahead`` are the configured roots from which owners have not been followed to the end yet.
    """

    def __init__(self, ahead: Iterable[str] = ()) -> None:
        self.ahead = frozenset(ahead)
        self._owners: dict[ObjectRef, str | None] = {}
        self._reasons: dict[ObjectRef, tuple[str, ...]] = {}
        self._namespaces: dict[tuple[str, str], set[str | None]] = {}

    def replace(
        self,
        owners: Mapping[ObjectRef, str | None],
        unknown: Mapping[ObjectRef, tuple[str, ...]],
    ) -> frozenset[ObjectRef]:
        """Take in all of them anew, each with the environment of what it leads to.

        Returns the owners that became known, unknown, or followed no more.
        """
        news = (self._owners.keys() ^ owners.keys()) | (self._reasons.keys() ^ unknown.keys())
        self._owners, self._reasons = dict(owners), dict(unknown)
        self._namespaces = {}
        for ref in unknown:
            self._namespaces.setdefault((ref.kind, ref.name), {None}).add(ref.namespace)
        return frozenset(news)

    def arrive(self, roots: Iterable[str]) -> bool:
        """Note that owners were followed to the end from some roots; tell whether that is news."""
        before, self.ahead = self.ahead, self.ahead.difference(roots)
        return self.ahead != before

    def __contains__(self, ref: ObjectRef) -> bool:
        """Tell whether an object is an owner that is followed."""
        return ref in self._owners

    def environment(self, ref: ObjectRef) -> str | None:
        """The environment of what an owner leads to, where that is known."""
        return self._owners.get(ref)

    def knows(self, ref: ObjectRef) -> bool:
        """Tell whether all is known that an owner declares."""
        return ref in self._owners and ref not in self._reasons

    def unknown(self) -> Mapping[ObjectRef, tuple[str, ...]]:
        """Why what they declare is not known, by owner."""
        return self._reasons

    def doubts(self, actual: Manifest | None) -> bool:
        """Tell whether a living object carries the mark of one of those; quick where there is none."""
        if not self._namespaces or actual is None:
            return False
        return any(
            keeper.namespace in self._namespaces.get((keeper.kind, keeper.name), ())
            for keeper in keepers_of(actual)
        )
