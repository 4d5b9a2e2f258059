"""Keeps one target mirrored, whatever happens.

A stream that ends goes on where it was. A position that expired and a line that could not be read end in
another list. A kind that is forbidden or absent is asked for slowly, and all others go on. Nothing here
raises but cancellation and defects.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Final

from auditor.domain.pair import Doubt
from auditor.errors import RetryableError, SourceRefused, WatchExpired
from auditor.sources.kubernetes.backoff import Backoff
from auditor.sources.kubernetes.decoding import Unreadable
from auditor.sources.kubernetes.intake import Intake
from auditor.sources.kubernetes.link import Link
from auditor.sources.kubernetes.mirror import Mirror
from auditor.sources.kubernetes.nap import Nap
from auditor.sources.kubernetes.target import Target
from auditor.sources.kubernetes.watchdog import Silent
from auditor.telemetry.cluster import Interruption

_SLOWLY: Final = 60.0
"""Seconds between two attempts at a kind that is forbidden or absent."""
_BRIEF: Final = 1.0
"""Seconds. A stream that ends sooner is not followed at once, and proves nothing."""
_VERDICTS: Final[Mapping[int, Doubt]] = {
    HTTPStatus.FORBIDDEN: Doubt.FORBIDDEN,
    HTTPStatus.NOT_FOUND: Doubt.KIND_ABSENT,
    HTTPStatus.METHOD_NOT_ALLOWED: Doubt.NOT_WATCHED,
}


_SLOW: Final = frozenset(_VERDICTS.values())


class Reflector:
    """Follows one target until cancelled."""

    def __init__(self, target: Target, link: Link, intake: Intake) -> None:
        self.target = target
        self._link = link
        self._intake = intake
        self._mirror = Mirror(target, link, intake)
        self._backoff = Backoff(link.jitter)
        self._nap = Nap(link.clock)

    async def run(self) -> None:
        """List and watch, and wait out every failure of the cluster's making."""
        try:
            while True:
                pause = await self._turn(self._mirror.follow)
                if pause:
                    await self._nap.sleep(pause)
        finally:
            self._link.health.left(str(self.target))

    @property
    def doubt(self) -> Doubt | None:
        """What stands between us and knowing the target."""
        return self._intake.doubt

    def nudge(self) -> None:
        """Something changed in the cluster: where the kind is in doubt, try again now."""
        if self.doubt in _SLOW:
            self._nap.rouse()

    async def list_once(self, attempts: int = 3) -> None:
        """List, and leave it at that: afterwards the kind is synced or in doubt."""
        for attempt in range(attempts):
            pause = await self._turn(self._mirror.fill)
            if self.doubt is not Doubt.NOT_SYNCED or attempt == attempts - 1:
                return
            await self._link.clock.sleep(pause)

    def review(self) -> None:
        """Doubt the state if it was not certain for too long, and trust it when it is again.

        A stream that is open from our position is certainty, however little comes: had we missed
        anything, the server would have refused the position.
        """
        mirror, now = self._mirror, self._link.clock.monotonic()
        if mirror.opened_at is not None and now - mirror.opened_at >= _BRIEF:
            mirror.certain_at = now
        uncertain = now - mirror.certain_at > self._link.health.stale_after
        if uncertain and self.doubt is None:
            self._intake.settle(Doubt.STALE)
        elif not uncertain and self.doubt is Doubt.STALE:
            self._intake.settle(None)

    async def _turn(self, step: Callable[[], Awaitable[None]]) -> float:
        """Go on until something interrupts, and return how long to pause, in seconds."""
        started = self._link.clock.monotonic()
        try:
            await step()
        except SourceRefused as error:
            return self._refused(error)
        except RetryableError as error:
            return self._lost(error, lasted=self._link.clock.monotonic() - started)
        lasted = self._link.clock.monotonic() - started
        pause = self._backoff.pause() if lasted < _BRIEF else 0.0
        return self._interrupted(Interruption.ENDED, None, pause)

    def _refused(self, error: SourceRefused) -> float:
        """The server answered: what it said decides whether the kind can be known at all."""
        mirror, link = self._mirror, self._link
        if error.status != HTTPStatus.TOO_MANY_REQUESTS:
            mirror.position = ""
        doubt = _VERDICTS.get(error.status)
        if doubt is None:
            link.health.failed(str(self.target), error)
            pause = self._backoff.pause(retry_after=error.retry_after)
        else:
            link.health.heard(str(self.target))
            self._intake.settle(doubt)
            pause = _SLOWLY * link.jitter.uniform(0.8, 1.2)
        return self._interrupted(Interruption.REFUSED, error, pause)

    def _lost(self, error: RetryableError, *, lasted: float) -> float:
        """The thread was lost: the connection, or the place in the sequence of events."""
        mirror = self._mirror
        reason = _reason(error)
        if isinstance(error, WatchExpired):
            mirror.position = ""
        else:
            self._link.health.failed(str(self.target), error)
        mirror.by_pages = mirror.by_pages or (
            not mirror.position and reason in {Interruption.UNREADABLE, Interruption.SILENT}
        )
        pause = self._backoff.pause(healthy_for=lasted, retry_after=error.retry_after)
        return self._interrupted(reason, error, pause)

    def _interrupted(
        self, reason: Interruption, error: RetryableError | None, pause: float
    ) -> float:
        self._link.events.watch_interrupted(
            self._link.cluster, str(self.target), reason, error=error, pause=pause
        )
        return pause


def _reason(error: RetryableError) -> Interruption:
    match error:
        case Unreadable():
            return Interruption.UNREADABLE
        case WatchExpired():
            return Interruption.EXPIRED
        case Silent():
            return Interruption.SILENT
        case _:
            return Interruption.LOST
