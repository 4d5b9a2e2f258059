"""When to look at an object again although nothing happened to it.

A pending object becomes lagging by time alone, a contested one quiet. Only the earliest appointment of an
object counts; a later one replaces it after each look. It refuses to know why.
"""

from __future__ import annotations

import heapq
from datetime import datetime

from auditor.domain.identity import ObjectRef


class Agenda:
    """Appointments, at most one for each object."""

    def __init__(self) -> None:
        self._when: dict[ObjectRef, datetime] = {}
        self._heap: list[tuple[datetime, ObjectRef]] = []

    def put(self, ref: ObjectRef, when: datetime | None) -> None:
        """Set the object's appointment, or drop it with ``None``."""
        if when is None:
            self._when.pop(ref, None)
        elif self._when.get(ref) != when:
            self._when[ref] = when
            heapq.heappush(self._heap, (when, ref))

    def bring_forward(self, ref: ObjectRef, when: datetime) -> None:
        """See to it that the object is looked at by then, if it is not looked at before."""
        self.put(ref, min(when, self._when.get(ref, when)))

    def due(self, now: datetime) -> list[ObjectRef]:
        """Take out all whose time has come."""
        refs = []
        while self._heap and self._heap[0][0] <= now:
            when, ref = heapq.heappop(self._heap)
            if self._when.get(ref) == when:
                del self._when[ref]
                refs.append(ref)
        return refs
