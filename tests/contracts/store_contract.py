"""What every store of findings keeps: a suite to inherit from.

A subclass says how its store is opened; opening it again with the same place continues it.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from auditor.domain.finding import Announcement, Resolution, State, TrackedFinding, TransitionKind
from auditor.ports.delivery import Cursor, Ledger, Outbox
from tests.builders import ref
from tests.doubles import START
from tests.outcomes import clean, drifted, hidden, unknown

LATER = START + timedelta(minutes=1)


class Store(Ledger, Protocol):
    """A ledger together with its outbox."""

    @property
    def outbox(self) -> Outbox: ...


class StoreContract(ABC):
    """Inherit, and say how to open the store."""

    @abstractmethod
    def opened(self, folder: Path) -> AbstractAsyncContextManager[Store]:
        """Open the store that lives in a folder, or make it."""

    # --- findings -----------------------------------------------------------------------------------

    async def test_drift_opens_a_finding(self, tmp_path: Path) -> None:
        """It is announced once, and known from then on."""
        async with self.opened(tmp_path) as store:
            (transition,) = await store.record([drifted()], at=START)

            assert transition.kind is TransitionKind.OPENED
            assert store.open_findings() == [transition.tracked]
            assert store.concerns(ref())
            assert await store.record([drifted()], at=LATER) == []

    async def test_a_clean_object_ends_it(self, tmp_path: Path) -> None:
        """And is nobody's concern then."""
        async with self.opened(tmp_path) as store:
            await store.record([drifted()], at=START)
            (transition,) = await store.record([clean()], at=LATER)

            assert transition.tracked.resolution is Resolution.REVERTED
            assert store.open_findings() == []
            assert not store.concerns(ref())

    async def test_not_knowing_keeps_it(self, tmp_path: Path) -> None:
        """An object that cannot be looked at stays as it was."""
        async with self.opened(tmp_path) as store:
            await store.record([drifted()], at=START)

            assert await store.record([unknown()], at=LATER) == []
            assert len(store.open_findings()) == 1

    async def test_nothing_is_kept_of_clean_objects(self, tmp_path: Path) -> None:
        """A hundred thousand of them must cost nothing."""
        async with self.opened(tmp_path) as store:
            assert await store.record([clean()], at=START) == []
            assert not store.concerns(ref())

    async def test_many_outcomes_are_recorded_in_their_order(self, tmp_path: Path) -> None:
        """One call, one transaction."""
        names = [f"web-{number}" for number in range(50)]
        async with self.opened(tmp_path) as store:
            transitions = await store.record([drifted(name) for name in names], at=START)

            assert [each.tracked.finding.ref.name for each in transitions] == names

    # --- restart ------------------------------------------------------------------------------------

    async def test_a_restart_forgets_nothing(self, tmp_path: Path) -> None:
        """Open findings, what is to be announced, and how far each sink has come."""
        async with self.opened(tmp_path) as store:
            await store.outbox.subscribe(durable=["kafka"], passing=[])
            await store.record([drifted("web"), drifted("api")], at=START)
            await store.outbox.acknowledge("kafka", Cursor(sequence=1, position="here"))
            before = store.open_findings()

        async with self.opened(tmp_path) as store:
            cursors = await store.outbox.subscribe(durable=["kafka"], passing=[])

            assert _by_id(store.open_findings()) == _by_id(before)
            assert cursors == {"kafka": Cursor(sequence=1, position="here")}
            assert [each.sequence for each in await self.waiting(store, 1)] == [2]

    async def test_a_restart_announces_nothing_again(self, tmp_path: Path) -> None:
        """The relist after it sees the same drift."""
        async with self.opened(tmp_path) as store:
            await store.record([drifted()], at=START)

        async with self.opened(tmp_path) as store:
            assert await store.record([drifted()], at=LATER) == []

    async def test_a_story_goes_on_after_a_restart(self, tmp_path: Path) -> None:
        """A resolved finding that comes back is reopened, not opened."""
        async with self.opened(tmp_path) as store:
            await store.record([drifted()], at=START)
            await store.record([clean()], at=LATER)

        async with self.opened(tmp_path) as store:
            (transition,) = await store.record([drifted()], at=LATER)

            assert transition.kind is TransitionKind.REOPENED
            assert transition.tracked.first_seen == START
            assert transition.tracked.generation == 3

    async def test_hidden_findings_survive_a_restart(self, tmp_path: Path) -> None:
        """They are not open, but still a concern."""
        async with self.opened(tmp_path) as store:
            await store.record([drifted()], at=START)
            (transition,) = await store.record([hidden()], at=LATER)
            assert transition.tracked.state is State.SUPPRESSED

        async with self.opened(tmp_path) as store:
            assert store.open_findings() == []
            assert store.concerns(ref())
            (transition,) = await store.record([clean()], at=LATER)
            assert transition.kind is TransitionKind.RESOLVED

    # --- outbox -------------------------------------------------------------------------------------

    async def test_announcements_wait_in_order(self, tmp_path: Path) -> None:
        """Sequences grow by one, over all objects."""
        async with self.opened(tmp_path) as store:
            await store.record([drifted("web")], at=START)
            await store.record([drifted("api"), clean("web")], at=LATER)

            waiting = await self.waiting(store)
            assert [each.sequence for each in waiting] == [1, 2, 3]
            names = [each.transition.tracked.finding.ref.name for each in waiting]
            assert names == ["web", "api", "web"]

    async def test_a_reader_takes_what_it_can(self, tmp_path: Path) -> None:
        """No more than the limit, from where it was."""
        async with self.opened(tmp_path) as store:
            await store.record([drifted(f"web-{number}") for number in range(10)], at=START)

            some = await store.outbox.after(3, limit=4)
            assert [each.sequence for each in some] == [4, 5, 6, 7]

    async def test_a_waiting_reader_is_woken(self, tmp_path: Path) -> None:
        """As soon as there is something to read."""
        async with (
            self.opened(tmp_path) as store,
            asyncio.timeout(10),
            asyncio.TaskGroup() as group,
        ):
            woken = group.create_task(store.outbox.beyond(0))
            await store.record([drifted()], at=START)
            await woken

            assert len(await store.outbox.after(0, limit=10)) == 1

    async def test_announcements_stay_until_all_have_them(self, tmp_path: Path) -> None:
        """The slowest sink decides."""
        async with self.opened(tmp_path) as store:
            await store.outbox.subscribe(durable=["fast", "slow"], passing=[])
            await store.record([drifted(f"web-{number}") for number in range(3)], at=START)
            await store.outbox.acknowledge("fast", Cursor(sequence=3))
            await store.outbox.acknowledge("slow", Cursor(sequence=1))

        async with self.opened(tmp_path) as store:
            assert store.outbox.backlog().depth == 2
            assert store.outbox.backlog().oldest == START
            assert [each.sequence for each in await self.waiting(store)] == [2, 3]

    async def test_a_sink_that_is_gone_holds_up_nothing(self, tmp_path: Path) -> None:
        """Who is not subscribed any more is forgotten."""
        async with self.opened(tmp_path) as store:
            await store.outbox.subscribe(durable=["kafka", "old"], passing=[])
            await store.record([drifted()], at=START)
            await store.outbox.acknowledge("kafka", Cursor(sequence=1))

        async with self.opened(tmp_path) as store:
            assert await store.outbox.subscribe(durable=["kafka"], passing=[]) == {
                "kafka": Cursor(sequence=1)
            }

        async with self.opened(tmp_path) as store:
            assert store.outbox.backlog().depth == 0

    async def test_new_sinks_begin_where_they_should(self, tmp_path: Path) -> None:
        """A durable one with all that waits, a passing one at the present."""
        async with self.opened(tmp_path) as store:
            await store.record([drifted()], at=START)
            cursors = await store.outbox.subscribe(durable=["kafka"], passing=["metrics"])

            assert cursors == {"kafka": Cursor(), "metrics": Cursor(sequence=1)}

    async def test_without_sinks_nothing_piles_up(self, tmp_path: Path) -> None:
        """Who subscribes nobody wants nothing kept."""
        async with self.opened(tmp_path) as store:
            await store.outbox.subscribe(durable=[], passing=[])
            await store.record([drifted("web")], at=START)
            await store.record([drifted("api")], at=LATER)

        async with self.opened(tmp_path) as store:
            assert store.outbox.backlog().depth == 0

    async def waiting(self, store: Store, sequence: int = 0) -> Sequence[Announcement]:
        """All that waits after a sequence."""
        return await store.outbox.after(sequence, limit=1000)


def _by_id(findings: Sequence[TrackedFinding]) -> dict[str, TrackedFinding]:
    return {tracked.fingerprint: tracked for tracked in findings}
