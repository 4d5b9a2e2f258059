"""The names of objects that are to be looked at.

Level-triggered: a name stands in the queue once, however often its object changed, and never while it
is being looked at: then it comes again afterwards. So the queue is bounded by the number of objects,
bursts coalesce, and one object is never audited twice at a time. Lanes (cluster and namespace) take
turns, so that one busy namespace does not starve the others. It refuses to hold events.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable

from auditor.domain.identity import ObjectRef

_Lane = tuple[str, str]


class RefQueue:
    """A keyed, de-duplicating, fair queue for one consumer or several."""

    def __init__(self) -> None:
        self._lanes: OrderedDict[_Lane, dict[ObjectRef, None]] = OrderedDict()
        self._busy: set[ObjectRef] = set()
        self._again: set[ObjectRef] = set()
        self._filled = asyncio.Event()
        self._depth = 0

    @property
    def depth(self) -> int:
        """How many names wait, those in hand not counted."""
        return self._depth

    @property
    def idle(self) -> bool:
        """Whether nothing waits and nothing is in hand."""
        return not self._depth and not self._busy

    def add(self, refs: Iterable[ObjectRef]) -> None:
        """Ask for a look at each; never waits."""
        for ref in refs:
            if ref in self._busy:
                self._again.add(ref)
            else:
                self._put(ref)
        if self._depth:
            self._filled.set()

    async def take(self, limit: int) -> list[ObjectRef]:
        """Wait for work, and take up to ``limit`` names, lanes in turn."""
        await self._filled.wait()
        taken: list[ObjectRef] = []
        while self._lanes and len(taken) < limit:
            taken.append(self._next())
        self._busy.update(taken)
        if not self._depth:
            self._filled.clear()
        return taken

    def done(self, refs: Iterable[ObjectRef]) -> None:
        """Give back what was taken; what changed meanwhile is queued again."""
        finished = set(refs)
        self._busy -= finished
        repeated = self._again & finished
        self._again -= repeated
        self.add(repeated)

    def _put(self, ref: ObjectRef) -> None:
        lane = self._lanes.setdefault((ref.cluster, ref.namespace), {})
        if ref not in lane:
            lane[ref] = None
            self._depth += 1

    def _next(self) -> ObjectRef:
        key, lane = next(iter(self._lanes.items()))
        ref = next(iter(lane))
        del lane[ref]
        self._depth -= 1
        if lane:
            self._lanes.move_to_end(key)
        else:
            del self._lanes[key]
        return ref
