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

from auditor.domain.history import CONFIGURED, Heads
from auditor.errors import RetryableError
from auditor.ports import Clock, Repository
from auditor.sources.git.declaring import Outlets
from auditor.sources.git.following import DEEPEST
from auditor.sources.git.forest import Forest
from auditor.state.roots import Edition, Root

ROUNDS: Final = DEEPEST + 1
"""So many times one look may ask for more, as owners lead to owners; the next look goes on."""
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

    ``looked`` is when a look last succeeded, and ``failures`` counts those since that did not. The last one
    ``lacks`` what is configured, if that is all that was wrong with it.
    """

    looked: datetime | None = None
    failures: int = 0
    lacks: bool = False


class GitFollower:
    """Follows one repository, at all revisions that roots ask for which any of its files go into."""

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
        """Look once, and declare what is new; look again for what that asks for.

        Raises:
            SourceUnavailable: the repository cannot be reached or read, so nothing changed; or it lacks
                what it is configured to be followed at, and the rest is declared.
            StoreUnavailable: what was kept over a restart cannot be read.

        A root that does not render is no failure of the look: its status tells.

        """
        heads, self._progress.lacks = Heads(), False
        for _ in range(ROUNDS):
            asked = self._forest.asked(self._repository.name)
            if asked <= heads.commits.keys() | heads.lacking.keys():
                break
            self._poked.clear()
            heads = await self._repository.heads(asked)
            await self._follow(heads)
        lacks = CONFIGURED in heads.lacking and any(map(self._is_configured, self._roots))
        self._progress.lacks = lacks
        self._confirm(heads)
        await self._forest.keep(self._repository.name)
        if lacks:
            heads.at(CONFIGURED)
        self._progress.looked = self._pace.clock.now()
        self._outlets.events.repository_reached(self._repository.name, self._progress.looked)

    async def _follow(self, heads: Heads) -> None:
        """Declare anew what commits touch."""
        name, events = self._repository.name, self._outlets.events
        if self._forest.editions.knows(name, heads):
            await self._forest.grow(self._pace.clock.now())
            return
        touched = await self._forest.advance(name, heads, at=self._moment(heads))
        for revision, roots in touched.items():
            events.commit_noticed(Edition(name, revision), heads.commits[revision], roots)
        events.revisions_followed(name, found=len(heads.commits), lacking=len(heads.lacking))

    def _moment(self, heads: Heads) -> datetime:
        """When commits became the declared ones.

        A commit may be much older than its merge, or than who asks for it: where revisions were seen
        without it, it counts from then, and after a restart from the youngest commit of all.
        """
        now = self._pace.clock.now()
        commits = map(self._repository.commit, {*heads.commits.values()})
        committed = max((commit.committed for commit in commits), default=now)
        return min(max(committed, self._progress.looked or committed), now)

    def _confirm(self, heads: Heads) -> None:
        """Say of every root that its declarations are those of its commit, or why they are not."""
        committed = {
            head: self._repository.commit(head).committed for head in {*heads.commits.values()}
        }
        reasons = {root.name: self._stale_reason(root) for root in self._roots}
        for root in self._roots:
            failure, head = self._forest.failure(root), self._forest.editions.head(root.edition)
            is_known = root.repository == self._repository.name and head in committed
            if self._progress.lacks and self._is_configured(root):
                continue  # it may be there again at the next look
            if failure is None and is_known and self._is_rendered(root):
                self._outlets.desired.roots.confirm(root.name, head, committed[head])
            reasons[root.name] = "" if failure is None else str(failure)
        self._stand(reasons)

    def _is_configured(self, root: Root) -> bool:
        """Whether a root is made of what the repository is configured to be followed at."""
        return Edition(self._repository.name) in root.editions

    def _stale_reason(self, root: Root) -> str:
        return self._outlets.desired.roots[root.name].stale_reason

    def _is_rendered(self, root: Root) -> bool:
        return self._outlets.desired.roots[root.name].is_rendered

    def _stand(self, reasons: Mapping[str, str]) -> None:
        """Mark the roots that are stale, and tell of each configured one whether anything below is."""
        for root in self._roots:
            reason = reasons.get(root.name, "")
            if reason:
                self._outlets.desired.roots.mark_stale(root.name, reason)
        stale = {root.top for root in self._roots if reasons.get(root.name)}
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
        self._progress.failures = 0
        return self._pace.pause(0)

    def _retreat(self, error: RetryableError) -> float:
        """Note that a look failed; after several, what is declared is stale."""
        progress, pace = self._progress, self._pace
        progress.failures += 1
        pause = pace.pause(progress.failures, error.retry_after)
        self._outlets.events.repository_unreachable(self._repository.name, str(error), pause)
        patience = timedelta(seconds=STALE_AFTER * pace.poll)
        if progress.looked is None or pace.clock.now() - progress.looked > patience:
            concerned = self._is_configured if progress.lacks else lambda _root: True
            self._stand(
                {
                    root.name: str(error) if concerned(root) else self._stale_reason(root)
                    for root in self._roots
                }
            )
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
