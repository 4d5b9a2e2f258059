"""What ignore rules hide right now.

An ignore rule that nobody remembers is how real drift disappears, so what each rule hides is counted and
can be listed. It refuses to hide anything itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from auditor.domain.finding import Outcome, Suppression
from auditor.domain.identity import ObjectRef


class Suppressions:
    """Hidden differences by object, counted by rule."""

    def __init__(self) -> None:
        self._hidden: dict[ObjectRef, tuple[Suppression, ...]] = {}
        self._counts: Counter[str] = Counter()

    def note(self, outcome: Outcome) -> None:
        """Take in an outcome; an unknown one says nothing new."""
        if outcome.doubt is not None:
            return
        for suppression in self._hidden.pop(outcome.ref, ()):
            self._counts[suppression.rule] -= 1
        if outcome.suppressed:
            self._hidden[outcome.ref] = outcome.suppressed
            self._counts.update(suppression.rule for suppression in outcome.suppressed)

    def count(self, rule: str) -> int:
        """How many differences a rule hides."""
        return self._counts[rule]

    def count_of(self, tool: str) -> int:
        """How many differences the rules of a tool's owners hide together."""
        begin = f"{tool}/"
        return sum(count for rule, count in self._counts.items() if rule.startswith(begin))

    def all(self) -> Iterator[tuple[ObjectRef, Suppression]]:
        """Every hidden difference with its object."""
        for ref, suppressions in self._hidden.items():
            for suppression in suppressions:
                yield ref, suppression
