"""What was declared before: it tells a cluster that is behind from one that drifted.

Kept until the object is seen in sync with its present declaration, the newest few only. What a restart
must survive leaves as `Kept`: which commit declared it, never what was declared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from auditor.domain.identity import ObjectRef
from auditor.domain.pair import Superseded
from auditor.state.declared import Declared, Move

MOST: Final = 5
"""So many earlier declarations of an object are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """An earlier declaration by a root, and until when it counted; none where it declared nothing."""

    root: str
    written: ObjectRef
    declared: Declared | None
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An earlier declaration as it survives a restart.

    ``revision`` is a commit that declares the object like that; empty where it was not declared.
    """

    root: str
    written: ObjectRef
    revision: str
    until: datetime


class History:
    """Earlier declarations of the objects that are not known to be in sync yet, newest first."""

    def __init__(self) -> None:
        self._earlier: dict[ObjectRef, tuple[Earlier, ...]] = {}

    def of(self, ref: ObjectRef) -> tuple[Earlier, ...]:
        """The earlier declarations of an object, newest first."""
        return self._earlier.get(ref, ())

    def superseded(self, ref: ObjectRef) -> tuple[Superseded, ...]:
        """The same, unpacked, as a pair takes them."""
        return tuple(
            Superseded(
                manifest=None if earlier.declared is None else earlier.declared.manifest(ref),
                until=earlier.until,
            )
            for earlier in self.of(ref)
        )

    def declared_by(self, ref: ObjectRef) -> str:
        """The root that declared an object last; empty where none did."""
        return next((one.root for one in self.of(ref) if one.declared is not None), "")

    def note(self, ref: ObjectRef, move: Move, *, root: str, until: datetime) -> None:
        """Take in that a declaration was superseded; one that counts again is no earlier one any more."""
        before, after = move.before, move.after
        if _is_same(before, after):
            return
        declared = before or after
        if declared is not None:
            newest = Earlier(root=root, written=declared.written, declared=before, until=until)
            older = (e for e in self.of(ref) if not _is_same(e.declared, before))
            kept = tuple(e for e in (newest, *older) if not _is_same(e.declared, after))
            self._earlier[ref] = kept[:MOST]

    def recall(self, ref: ObjectRef, earlier: Iterable[Earlier]) -> None:
        """Take back what was kept over a restart."""
        known = sorted((*self.of(ref), *earlier), key=lambda one: one.until, reverse=True)
        self._earlier[ref] = tuple(known[:MOST])

    def settle(self, ref: ObjectRef) -> None:
        """Forget what was declared before: the object is what is declared now."""
        self._earlier.pop(ref, None)

    def move(self, places: Mapping[ObjectRef, ObjectRef]) -> None:
        """Follow objects whose references changed because their scope became known."""
        for old, new in places.items():
            if old != new and old in self._earlier:
                self.recall(new, self._earlier.pop(old))

    def kept(self) -> Mapping[str, tuple[Kept, ...]]:
        """What must survive a restart, by root."""
        by_root: defaultdict[str, list[Kept]] = defaultdict(list)
        for history in self._earlier.values():
            for earlier in history:
                by_root[earlier.root].append(_keep(earlier))
        return {root: tuple(kept) for root, kept in by_root.items()}


def _keep(earlier: Earlier) -> Kept:
    return Kept(
        root=earlier.root,
        written=earlier.written,
        revision=_revision(earlier.declared),
        until=earlier.until,
    )


def _is_same(one: Declared | None, other: Declared | None) -> bool:
    if one is None or other is None:
        return one is other
    return (one.body, one.version) == (other.body, other.version)


def _revision(declared: Declared | None) -> str:
    return "" if declared is None or declared.origin is None else declared.origin.revision
