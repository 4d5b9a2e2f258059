"""The first look at everything after a start.

Sources name what they hear, but not what nobody hears of any more: an object with an open finding may have
left Git and the cluster while the worker was down. So once all sources are known, everything is queued,
open findings included; and only when that is done, the worker is ready.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from auditor.domain.identity import ObjectRef
from auditor.pipeline.queue import RefQueue


class FirstLook:
    """Begins when the sources are known, and is done when the queue has been empty since.

    ``settled`` is called then, once.
    """

    def __init__(
        self,
        queue: RefQueue,
        everything: Callable[[], Iterable[ObjectRef]],
        settled: Callable[[], None],
    ) -> None:
        self._queue = queue
        self._everything = everything
        self._settled = settled
        self._begun = False
        self.done = False

    def tick(self, *, known: bool) -> None:
        """Go on; ``known`` says whether all sources are."""
        if self.done or not known:
            return
        if not self._begun:
            self._begun = True
            self._queue.add(self._everything())
        if self._queue.idle:
            self.done = True
            self._settled()
