"""Counts what was found of what was done, and what was reported besides.

This module refuses to forgive: a finding at another path, with another writer or beside a second one
counts as missed *and* as a false alarm.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from auditor.domain import checks
from auditor.domain.difference import Difference, Op
from auditor.domain.finding import Deviation
from tests.accuracy.additions import Mutation

WRITER = "kubectl-edit"


@dataclass(slots=True)
class Tally:
    """One class of change: ``drift`` says whether it should be reported."""

    drift: bool
    found: int = 0
    missed: int = 0
    false: int = 0
    refused: int = 0
    nothing: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def made(self) -> int:
        """How many changes the API server took."""
        return self.found + self.missed

    @property
    def recall(self) -> float:
        """The share of changes that were judged rightly."""
        return self.found / self.made if self.made else 1.0


class Score:
    """All classes together."""

    def __init__(self) -> None:
        self.tallies: dict[str, Tally] = {}
        self.objects: dict[str, int] = defaultdict(int)

    def of(self, kind: str, *, drift: bool) -> Tally:
        """The tally of one class."""
        return self.tallies.setdefault(kind, Tally(drift))

    def mutation(self, mutation: Mutation, where: str, said: Iterable[Deviation]) -> None:
        """Count one mutation by what was said of it. ``where`` names the object for examples."""
        tally = self.of(mutation.kind, drift=True)
        differences = list(_differences(said))
        right = [d for d in differences if _fits(d, mutation)]
        if len(right) == 1 and len(differences) == 1:
            tally.found += 1
            return
        tally.missed += not right
        tally.found += bool(right)
        tally.false += len(differences) - len(right[:1])
        shown = [
            f"{d.path} {d.op} by {d.writer.manager if d.writer else None}" for d in differences
        ]
        tally.examples.append(f"{where}: {mutation.path} {sorted(mutation.ops)}, said {shown}")

    def benign(self, kind: str, where: str, said: Iterable[Deviation]) -> None:
        """Count something harmless by what was said of it."""
        tally = self.of(kind, drift=False)
        differences = [f"{d.path} {d.op}" for d in _differences(said)]
        tally.found += not differences
        tally.missed += bool(differences)
        tally.false += bool(differences)
        if differences:
            tally.examples.append(f"{where}: {differences}")

    def add(self, other: Score) -> None:
        """Count another trial in."""
        for kind, tally in other.tallies.items():
            mine = self.of(kind, drift=tally.drift)
            for count in ("found", "missed", "false", "refused", "nothing"):
                setattr(mine, count, getattr(mine, count) + getattr(tally, count))
            mine.examples += tally.examples
        for way, count_of in other.objects.items():
            self.objects[way] += count_of

    @property
    def recall(self) -> float:
        """The share of all drift that was found."""
        drift = [t for t in self.tallies.values() if t.drift]
        return sum(t.found for t in drift) / max(1, sum(t.made for t in drift))

    @property
    def precision(self) -> float:
        """The share of all that was reported that is drift."""
        found = sum(t.found for t in self.tallies.values() if t.drift)
        return found / max(1, found + sum(t.false for t in self.tallies.values()))

    @property
    def mutations(self) -> int:
        """How much drift was made."""
        return sum(t.made for t in self.tallies.values() if t.drift)

    def examples(self) -> Iterator[str]:
        """Everything that went wrong, in words."""
        for kind, tally in sorted(self.tallies.items()):
            yield from (f"{kind}: {example}" for example in tally.examples)


def _differences(said: Iterable[Deviation]) -> Iterator[Difference]:
    for deviation in said:
        if deviation.check != checks.INVALID.id:
            yield from deviation.differences


def _fits(difference: Difference, mutation: Mutation) -> bool:
    if difference.path != mutation.path or difference.op not in mutation.ops:
        return False
    writer = difference.writer.manager if difference.writer else None
    return writer == WRITER or (writer is None and _is_untraced(difference, mutation))


def _is_untraced(difference: Difference, mutation: Mutation) -> bool:
    """Tell whether the API server keeps no trace: of a removal, and where it tracks no writers."""
    return difference.op is Op.REMOVED or mutation.is_untracked
