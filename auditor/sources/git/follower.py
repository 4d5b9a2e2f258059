"""Follows one repository: looks for commits, and has what they touch declared anew.

Polls with jitter, looks at once when poked (a webhook is a hint and nothing more), and backs off while the
repository cannot be reached. A commit costs what it touched. It refuses to give up, and to take a failure
for an answer: what was declared stays.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from auditor.errors import RetryableError
from auditor.ports import Clock, Repository
from auditor.sources.git.declaring import Outlets
from auditor.sources.git.forest import Forest
from auditor.state.roots import Root

STALE_AFTER: Final = 3
"""So many polls may fail before what is declared is called stale."""
_FIRST_BACKOFF: Final = 1.0
_LONGEST_BACKOFF: Final = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often to look, in seconds, on which clock."""

    clock: Clock
    jitter: random.Random
    poll: float = 30.0

    def pause(self, failures: int, retry_after: float | None = None) -> float:
        """How long to wait now; longer with every failure in a row."""
        if not failures:
            return self.poll * self.jitter.uniform(0.9, 1.1)
        longest = max(self.poll, _LONGEST_BACKOFF)
        pause = min(_FIRST_BACKOFF * 2.0 ** min(failures - 1, 16), longest)
        return max(pause * self.jitter.uniform(0.5, 1.5), retry_after or 0.0)


@dataclass(slots=True)
class _Progress:
    """How far a follower came.

    ``looked`` is when a look last succeeded, and ``failures`` counts those since that did not.
    """

    looked: datetime | None = None
    failures: int = 0


class GitFollower:
    """Follows the followed ref of one repository, for all roots that any of its files go into."""

    def __init__(
        self, repository: Repository, forest: Forest, outlets: Outlets, pace: Pace
    ) -> None:
        self._repository = repository
        self._forest = forest
        self._outlets = outlets
        self._pace = pace
        self._poked = asyncio.Event()
        self._progress = _Progress()

    def poke(self) -> None:
        """Look now rather than at the next poll; many pokes make one look."""
        self._poked.set()

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            await self._nap(await self._look())

    async def sync_once(self) -> None:
        """Look once, and declare what is new.

        Raises:
            SourceUnavailable: the repository cannot be reached or read; nothing changed.
            StoreUnavailable: what was kept over a restart cannot be read.

        A root that does not render is no failure of the look: its status tells.

        """
        head = await self._repository.head()
        if head == self._forest.head(self._repository.name):
            await self._forest.grow(self._pace.clock.now())
        else:
            await self._follow(head)
        self._progress.looked = self._pace.clock.now()
        self._confirm(head)
        await self._forest.keep(self._repository.name)

    async def _follow(self, head: str) -> None:
        """Declare anew what a commit touches."""
        touched = await self._forest.advance(self._repository.name, head, at=self._moment(head))
        self._outlets.events.commit_noticed(self._repository.name, head, touched)

    def _moment(self, head: str) -> datetime:
        """When a commit became the declared one.

        A commit may be much older than its merge: where the ref was seen without it, it counts from then.
        """
        committed = self._repository.commit(head).committed
        return min(max(committed, self._progress.looked or committed), self._pace.clock.now())

    def _confirm(self, head: str) -> None:
        """Say of every root that its declarations are those of the head, or why they are not."""
        self._progress.failures = 0
        self._outlets.events.repository_reached(self._repository.name, self._pace.clock.now())
        committed = self._repository.commit(head).committed
        reasons = {}
        for root in self._roots:
            failure = self._forest.failure(root)
            if failure is not None:
                reasons[root.name] = str(failure)
            elif root.repository == self._repository.name and self._is_rendered(root):
                self._outlets.desired.roots.confirm(root.name, head, committed)
        self._stand(reasons)

    def _is_rendered(self, root: Root) -> bool:
        return self._outlets.desired.roots[root.name].is_rendered

    def _stand(self, reasons: Mapping[str, str]) -> None:
        """Mark the roots that are stale, and tell of each configured one whether anything below is."""
        for root in self._roots:
            reason = reasons.get(root.name, "")
            if reason:
                self._outlets.desired.roots.mark_stale(root.name, reason)
        stale = {root.top for root in self._roots if root.name in reasons}
        for top in {root.top for root in self._roots}:
            self._outlets.events.roots.stood(top, is_stale=top in stale)

    @property
    def _roots(self) -> tuple[Root, ...]:
        return self._forest.of(self._repository.name)

    async def _look(self) -> float:
        """Look once and return how long to wait."""
        try:
            await self.sync_once()
        except RetryableError as error:
            return self._retreat(error)
        return self._pace.pause(0)

    def _retreat(self, error: RetryableError) -> float:
        """Note that a look failed; after several, what is declared is stale."""
        progress, pace = self._progress, self._pace
        progress.failures += 1
        pause = pace.pause(progress.failures, error.retry_after)
        self._outlets.events.repository_unreachable(self._repository.name, str(error), pause)
        patience = timedelta(seconds=STALE_AFTER * pace.poll)
        if progress.looked is None or pace.clock.now() - progress.looked > patience:
            self._stand({root.name: str(error) for root in self._roots})
        return pause

    async def _nap(self, seconds: float) -> None:
        """Wait, or until poked."""
        async with asyncio.TaskGroup() as group:
            alarm = group.create_task(self._pace.clock.sleep(seconds))
            poked = group.create_task(self._poked.wait())
            await asyncio.wait({alarm, poked}, return_when=asyncio.FIRST_COMPLETED)
            alarm.cancel()
            poked.cancel()
        self._poked.clear()
