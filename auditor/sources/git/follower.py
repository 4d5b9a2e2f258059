"""Follows one repository: looks for commits, and has the touched roots declared anew.

Polls with jitter, looks at once when poked (a webhook is a hint and nothing more), and backs off while the
repository cannot be reached. A commit costs what it touched. It refuses to give up, and to take a failure
for an answer: what was declared stays.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from auditor.errors import ManifestError, RetryableError, SourceUnavailable
from auditor.ports import Clock, Repository
from auditor.sources.git.declaring import Declarer
from auditor.state.roots import Root
from auditor.telemetry.git import GitEvents

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

    ``commit`` is declared, except by roots that are ``failing``; ``looked`` is when a look last
    succeeded, and ``failures`` counts those since that did not.
    """

    restored: bool = False
    commit: str = ""
    looked: datetime | None = None
    failures: int = 0
    failing: dict[str, ManifestError] = field(default_factory=dict)


class GitFollower:
    """Follows the followed ref of one repository for some roots."""

    def __init__(
        self, repository: Repository, roots: Sequence[Root], declarer: Declarer, pace: Pace
    ) -> None:
        self._repository = repository
        self._roots = roots
        self._declarer = declarer
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
            ManifestError: a root does not render; all others are declared.
            StoreUnavailable: what was kept over a restart cannot be read.

        """
        head = await self._repository.head()
        await self._restore()
        if head != self._progress.commit:
            await self._follow(head)
        self._progress.looked = self._pace.clock.now()
        self._confirm(head)
        await self._declarer.keep(self._roots)
        for failure in self._progress.failing.values():
            raise failure

    async def _restore(self) -> None:
        if not self._progress.restored:
            for root in self._roots:
                await self._declarer.restore(root)
            self._progress.restored = True

    async def _follow(self, head: str) -> None:
        """Declare anew what a commit touches; one root that fails does not stop the others."""
        changed = await self._changed(head)
        touched = [
            root
            for root in self._roots
            if changed is None or self._declarer.is_touched(root, changed)
        ]
        self._events.commit_noticed(self._repository.name, head, len(touched))
        at = self._moment(head)
        for root in touched:
            self._progress.failing.pop(root.name, None)
            try:
                await self._declarer.declare(root, head, at=at)
            except ManifestError as failure:
                self._progress.failing[root.name] = failure
        self._progress.commit = head

    async def _changed(self, head: str) -> frozenset[str] | None:
        """The paths that changed since the commit that is declared; ``None`` where nobody can say."""
        if not self._progress.commit:
            return None
        try:
            return await asyncio.to_thread(self._repository.changed, self._progress.commit, head)
        except SourceUnavailable:
            return None

    def _moment(self, head: str) -> datetime:
        """When a commit became the declared one.

        A commit may be much older than its merge: where the ref was seen without it, it counts from then.
        """
        committed = self._repository.commit(head).committed
        return min(max(committed, self._progress.looked or committed), self._pace.clock.now())

    def _confirm(self, head: str) -> None:
        """Say of every root that its declarations are those of the head, or why they are not."""
        self._progress.failures = 0
        self._events.repository_reached(self._repository.name, self._pace.clock.now())
        committed = self._repository.commit(head).committed
        for root in self._roots:
            if root.name not in self._progress.failing:
                self._declarer.outlets.desired.roots.confirm(root.name, head, committed)
        self._stand({name: str(error) for name, error in self._progress.failing.items()})

    def _stand(self, reasons: Mapping[str, str]) -> None:
        for root in self._roots:
            reason = reasons.get(root.name, "")
            if reason:
                self._declarer.outlets.desired.roots.mark_stale(root.name, reason)
            self._events.root_stood(root.name, reason)

    async def _look(self) -> float:
        """Look once and return how long to wait."""
        try:
            await self.sync_once()
        except ManifestError:
            return self._pace.pause(0)
        except RetryableError as error:
            return self._retreat(error)
        return self._pace.pause(0)

    def _retreat(self, error: RetryableError) -> float:
        """Note that a look failed; after several, what is declared is stale."""
        progress, pace = self._progress, self._pace
        progress.failures += 1
        pause = pace.pause(progress.failures, error.retry_after)
        self._events.repository_unreachable(self._repository.name, str(error), pause)
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

    @property
    def _events(self) -> GitEvents:
        return self._declarer.outlets.events
