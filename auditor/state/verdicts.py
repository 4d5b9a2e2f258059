"""The last verdict of every object, and how many have which.

It answers "what do we know now", for metrics, summaries and the API. It refuses to keep history: that is
the ledger's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from auditor.domain.finding import Outcome, Verdict
from auditor.domain.identity import ObjectRef
from auditor.domain.pair import Doubt
from auditor.domain.report import Summary

_Known = tuple[Verdict, Doubt | None]
_VERDICTS: dict[tuple[Verdict, Doubt | None], _Known] = {}


class Verdicts:
    """Verdicts by object, counted by cluster."""

    def __init__(self) -> None:
        self._known: dict[ObjectRef, _Known] = {}
        self._counts: Counter[tuple[str, Verdict]] = Counter()

    def note(self, outcome: Outcome) -> None:
        """Take in an outcome; an object that nobody wants a verdict on is forgotten."""
        ref = outcome.ref
        before = self._known.get(ref)
        if before is not None:
            self._counts[ref.cluster, before[0]] -= 1
        if outcome.audited:
            known = (outcome.verdict, outcome.doubt)
            self._known[ref] = _VERDICTS.setdefault(known, known)
            self._counts[ref.cluster, outcome.verdict] += 1
        elif before is not None:
            del self._known[ref]

    def of(self, ref: ObjectRef) -> tuple[Verdict, Doubt | None] | None:
        """The object's verdict and, where unknown, why; ``None`` if it was never judged."""
        return self._known.get(ref)

    def all(self) -> Iterator[tuple[ObjectRef, Verdict, Doubt | None]]:
        """Every object with its verdict."""
        for ref, (verdict, doubt) in self._known.items():
            yield ref, verdict, doubt

    def count(self, cluster: str, verdict: Verdict) -> int:
        """How many objects of a cluster have a verdict."""
        return self._counts[cluster, verdict]

    def summary(self) -> Summary:
        """The counts of all clusters together."""
        total: Counter[Verdict] = Counter()
        for (_, verdict), count in self._counts.items():
            total[verdict] += count
        return Summary(
            objects=total.total(),
            in_sync=total[Verdict.IN_SYNC],
            drifted=total[Verdict.DRIFTED],
            pending=total[Verdict.PENDING],
            unknown=total[Verdict.UNKNOWN],
        )
