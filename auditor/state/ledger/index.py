"""The live findings in memory: those that are open, or that an ignore rule hides.

So that looking at a clean object costs one look-up and no disk. Resolved findings are on disk only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from auditor.domain.finding import State, TrackedFinding
from auditor.domain.identity import ObjectRef


class Index:
    """Live findings by fingerprint and by object."""

    def __init__(self, tracked: Iterable[TrackedFinding] = ()) -> None:
        self._by_fingerprint: dict[str, TrackedFinding] = {}
        self._by_ref: dict[ObjectRef, tuple[str, ...]] = {}
        for each in tracked:
            self.put(each)

    def put(self, tracked: TrackedFinding) -> None:
        """Take in how a finding is now; a resolved one is let go."""
        ref, fingerprint = tracked.finding.ref, tracked.fingerprint
        others = tuple(known for known in self._by_ref.get(ref, ()) if known != fingerprint)
        if tracked.state is State.RESOLVED:
            self._by_fingerprint.pop(fingerprint, None)
        else:
            self._by_fingerprint[fingerprint] = tracked
            others = (*others, fingerprint)
        if others:
            self._by_ref[ref] = others
        else:
            self._by_ref.pop(ref, None)

    def __contains__(self, ref: ObjectRef) -> bool:
        """Whether any live finding is about the object."""
        return ref in self._by_ref

    def of(self, ref: ObjectRef) -> Mapping[str, TrackedFinding]:
        """The live findings of one object, by fingerprint."""
        known = self._by_ref.get(ref, ())
        return {fingerprint: self._by_fingerprint[fingerprint] for fingerprint in known}

    def open(self) -> list[TrackedFinding]:
        """Every open finding."""
        live = self._by_fingerprint.values()
        return [tracked for tracked in live if tracked.state is State.OPEN]
