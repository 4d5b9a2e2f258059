"""All roots, the configured and those that they lead to, and when each is to be rendered.

A commit marks the roots that it touches; then what is marked is rendered, what that leads to is followed, and
so on until nothing is left to do. A root whose owner is gone declares no more; one whose owner cannot be
followed now keeps what it declared. It refuses to look for commits, and to be in the way: one root that
does not render leaves all others as they are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from auditor.domain.history import CONFIGURED, Heads
from auditor.errors import ClusterUnasked, ManifestError, RetryableError, SourceUnavailable
from auditor.sources.git.declaring import Declarer
from auditor.sources.git.editions import Editions
from auditor.sources.git.following import Following, Growth
from auditor.sources.git.patience import Patience
from auditor.state.desired import DesiredState
from auditor.state.roots import Edition, Root

ROUNDS: Final = 32
"""So many times what was rendered may lead to more before that goes on at the next look."""
AT_ONCE: Final = 4
"""So many roots are rendered side by side."""


@dataclass(slots=True)
class _Work:
    """What is known and what is to be done.

    ``found`` are the roots that owners call for; ``due`` names roots to render, ``failing`` those that
    did not, with the reasons; ``unasked`` those that wait for what their cluster says of itself,
    ``restored`` those whose memory was asked for. ``growth`` is what owners led to last; ``is_grown`` says
    that none of them changed since.
    """

    found: dict[str, Root] = field(default_factory=dict)
    due: set[str] = field(default_factory=set)
    failing: dict[str, ManifestError | RetryableError] = field(default_factory=dict)
    unasked: set[str] = field(default_factory=set)
    restored: set[str] = field(default_factory=set)
    growth: Growth = field(default_factory=Growth.nothing)
    is_grown: bool = False


class Forest:
    """The roots of all repositories, and in ``editions`` which commits count for them."""

    def __init__(
        self, tops: Sequence[Root], declarer: Declarer, following: Following, patience: Patience
    ) -> None:
        self._tops = tuple(tops)
        self._declarer = declarer
        self._following = following
        self._patience = patience
        self.editions = Editions()
        self._work = _Work(due={root.name for root in tops})
        self._lock = asyncio.Lock()

    @property
    def roots(self) -> tuple[Root, ...]:
        """Every root, the configured ones first."""
        return (*self._tops, *self._work.found.values())

    @property
    def discovers(self) -> bool:
        """Whether any owners are followed at all."""
        return any(root.discover for root in self._tops)

    def of(self, repository: str) -> tuple[Root, ...]:
        """The roots that any file of a repository goes into."""
        return tuple(
            root
            for root in self.roots
            if any(edition.repository == repository for edition in root.editions)
        )

    def asked(self, repository: str) -> frozenset[str]:
        """The revisions of a repository that count for any root; the configured one always does."""
        mounted = (edition for root in self.roots for edition in root.editions)
        return frozenset(
            (CONFIGURED, *(each.revision for each in mounted if each.repository == repository))
        )

    def unseen(self) -> frozenset[str]:
        """The repositories of which something is asked for that nobody has looked for yet."""
        return frozenset(edition.repository for edition in self.editions.unseen(self.roots))

    def failure(self, root: Root) -> ManifestError | RetryableError | None:
        """Why a root does not render now, or not what is asked for."""
        failing = self._work.failing.get(root.name)
        lacking = next(self.editions.lacks(root), None)
        return failing if failing or lacking is None else SourceUnavailable(lacking)

    async def advance(self, repository: str, heads: Heads, *, at: datetime) -> Mapping[str, int]:
        """Declare what a repository holds; return how many roots each revision touched that moved.

        Raises:
            StoreUnavailable: what was kept over a restart cannot be read; it goes on at the next look.

        """
        async with self._lock:
            touched = await self._touch(repository, heads)
            await self._grow(at)
            return touched

    async def grow(self, at: datetime) -> None:
        """Look again where that may help: what is alive changed, or something can be tried once more.

        Raises:
            StoreUnavailable: as for `advance`.

        """
        async with self._lock:
            self._work.is_grown = False
            await self._grow(at)

    async def keep(self, repository: str) -> None:
        """Put on disk what must survive a restart of the roots that are rendered from a repository."""
        own = [root for root in self.roots if root.repository == repository]
        await self._declarer.keep(own)

    async def _touch(self, repository: str, heads: Heads) -> Mapping[str, int]:
        """Mark all roots that commits may change."""
        own, counts = self.of(repository), {}
        changes: dict[tuple[str, str], frozenset[str] | None] = {}
        for edition, step in self.editions.take(repository, heads).items():
            if step not in changes:
                changes[step] = await self._changed(repository, *step)
            touched = self._touched(own, edition, changes[step])
            self._work.due.update(touched)
            counts[edition.revision] = len(touched)
        return counts

    def _touched(
        self, own: Iterable[Root], edition: Edition, changed: frozenset[str] | None
    ) -> list[str]:
        return [
            root.name
            for root in own
            if edition in root.editions
            and (changed is None or self._declarer.is_touched(root, edition, changed))
        ]

    async def _changed(self, repository: str, before: str, head: str) -> frozenset[str] | None:
        """The paths that changed between two commits; ``None`` where nobody can say."""
        if not before:
            return None
        try:
            known = self._declarer.repositories[repository]
            return await asyncio.to_thread(known.changed, before, head)
        except SourceUnavailable:
            return None

    async def _grow(self, at: datetime) -> None:
        """Render what is due and follow what that leads to, until nothing is due."""
        self._work.due.update(self._patience.take_due())
        self._work.due.update(r.name for r in self.roots if self._declarer.is_outdated(r))
        self._work.unasked.clear()
        for _ in range(ROUNDS):
            if not self._work.is_grown:
                self._work.is_grown = True
                self._adopt(self._following.grow(self._tops), at)
            due = [root for root in self.roots if self._is_ready(root)]
            if not due:
                break
            self._work.is_grown &= not await self._restore(due)
            await self._declare([root for root in due if self._is_ready(root)], at)
        self._tell_unknown()
        self._arrive()
        self.editions.settle(self.roots)

    def _arrive(self) -> None:
        """Let be judged what is declared from here on: all is there that owners lead to.

        A revision is waited for where its repository can be reached: it is looked for at once.
        """
        near = self.editions.near(self.roots)
        ahead = self._work.due | self._work.failing.keys()
        ahead |= {root.top for root in self.roots if not near.isdisjoint(root.editions)}
        arrived = [root.name for root in self._tops if root.name not in ahead]
        if self._desired.followed.arrive(arrived):
            self._declarer.outlets.reconsider()

    def _is_ready(self, root: Root) -> bool:
        work = self._work
        is_due = root.name in work.due and root.name not in work.unasked
        return is_due and self.editions.heads.keys() >= root.editions

    def _adopt(self, growth: Growth, at: datetime) -> None:
        """Take in new roots, those that became others, and let go of those that nobody calls for."""
        self._work.growth = growth
        for name, root in growth.roots.items():
            if self._work.found.get(name) != root:
                self._enrol(root)
        for name in self._work.found.keys() - growth.roots.keys():
            root = self._work.found[name]
            if root.found and root.found.keeper in growth.unknown:
                self._desired.roots.mark_stale(name, growth.unknown[root.found.keeper][0])
            else:
                self._let_go(root, at)

    def _enrol(self, root: Root) -> None:
        known = self._work.found.get(root.name)
        if known is not None and known.cluster != root.cluster:
            self._let_go(known, self._patience.now())
        self._work.found[root.name] = root
        self._declarer.forget(root)
        self._desired.enrol(root)
        self._work.due.add(root.name)

    def _let_go(self, root: Root, at: datetime) -> None:
        del self._work.found[root.name]
        self._declarer.forget(root)
        self._work.due.discard(root.name)
        self._work.failing.pop(root.name, None)
        self._patience.forget(root.name)
        self._declarer.outlets.events.roots.let_go(root)
        self._declarer.outlets.notice(self._desired.withdraw(root.name, until=at))

    async def _restore(self, due: Iterable[Root]) -> bool:
        """Take back what new roots declared before a restart; tell whether there were any."""
        new = [root for root in due if root.name not in self._work.restored]
        for root in new:
            try:
                await self._declarer.restore(root, self.editions.heads)
            except ClusterUnasked:
                self._work.unasked.add(root.name)
            else:
                self._work.restored.add(root.name)
        return bool(new)

    async def _declare(self, due: Iterable[Root], at: datetime) -> None:
        """Render side by side; what fails is kept for people and for the next try."""
        turns = asyncio.Semaphore(AT_ONCE)

        async def declare(root: Root) -> None:
            async with turns:
                await self._attempt(root, at)

        async with asyncio.TaskGroup() as group:
            for root in due:
                group.create_task(declare(root))

    async def _attempt(self, root: Root, at: datetime) -> None:
        work = self._work
        work.due.discard(root.name)
        try:
            touched = await self._declarer.declare(root, dict(self.editions.heads), at=at)
        except ClusterUnasked:
            work.due.add(root.name)
            work.unasked.add(root.name)
        except ManifestError as failure:
            work.failing[root.name] = failure
        except RetryableError as failure:
            work.failing[root.name] = failure
            self._patience.put_off(root.name, failure.retry_after)
        else:
            work.failing.pop(root.name, None)
            self._patience.forget(root.name)
            work.is_grown = work.is_grown and not self._following.concerns(touched)

    def _tell_unknown(self) -> None:
        """Doubt what carries the mark of an owner of whom not all is known."""
        reasons = {ref: list(texts) for ref, texts in self._work.growth.unknown.items()}
        for root in self._work.found.values():
            if root.found is not None:
                for doubt in self._doubts(root):
                    reasons.setdefault(root.found.keeper, []).append(doubt)
        told = {ref: tuple(texts) for ref, texts in reasons.items()}
        news = self._desired.followed.replace(self._work.growth.owners, told)
        if news:
            outlets = self._declarer.outlets
            outlets.events.roots.owners_unknown(
                {ref: told[ref] for ref in sorted(news & told.keys())}, known_unknown=len(told)
            )
            outlets.reconsider()

    def _doubts(self, root: Root) -> Iterator[str]:
        """Why not all is known that a root declares: it does not render, or holds what nobody can read."""
        yield from self.editions.lacks(root)
        failure = self._work.failing.get(root.name)
        if failure is not None:
            yield str(failure)
        rendered = self._declarer.rendered.get(root.name)
        for skipped in rendered.skipped if rendered else ():
            if skipped.is_applied:
                yield f"{skipped.path}: {skipped.reason}"

    def problems(self) -> Iterator[str]:
        """What cannot be known now, a line each, for people."""
        for root in self.roots:
            failure = self.failure(root)
            if failure is not None:
                yield f"{root.name}: {failure}"
        for name in sorted(self._work.unasked):
            yield f"{name}: waits until its cluster says what it serves"
        for ref, reasons in sorted(self._work.growth.unknown.items()):
            for reason in reasons:
                yield f"{ref}: {reason}"

    @property
    def _desired(self) -> DesiredState:
        return self._declarer.outlets.desired
