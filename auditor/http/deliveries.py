"""Remembers which webhook deliveries were acted upon lately, so that a replayed one does nothing.

A delivery's id stands in a header that is not signed, so the signed body counts as well. Both memories
are bounded by time and by number. It refuses to remember anything of a body but its digest.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import Final

from auditor.ports import Clock

WINDOW: Final = 600.0
"""Seconds; whoever pushes twice within them sends two different bodies."""
_MOST: Final = 4096


class Deliveries:
    """Deliveries of the last minutes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: OrderedDict[str, float] = OrderedDict()

    def first(self, provider: str, delivery: str, body: bytes) -> bool:
        """Take note of a delivery; False if it, or its body, came before."""
        self._forget()
        keys = [f"{provider} body {hashlib.sha256(body).hexdigest()}"]
        keys += [f"{provider} id {delivery[:256]}"] if delivery else []
        known = any(key in self._seen for key in keys)
        self._seen |= dict.fromkeys(keys, self._clock.monotonic())
        return not known

    def _forget(self) -> None:
        oldest = self._clock.monotonic() - WINDOW
        while self._seen and (len(self._seen) > _MOST or next(iter(self._seen.values())) < oldest):
            self._seen.popitem(last=False)
