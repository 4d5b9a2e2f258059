"""The end of the outbox in memory."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.state.ledger.tail import Tail
from tests.findings import announcement


def tail(first: int, last: int) -> Tail:
    """A tail that took in these sequences."""
    made = Tail(first - 1)
    made.extend([announcement(number) for number in range(first, last + 1)])
    return made


@given(st.integers(0, 30), st.integers(1, 40))
def test_it_tells_what_follows_in_order(sequence: int, limit: int) -> None:
    """As a plain slice of everything would."""
    expected = [number for number in range(1, 26) if number > sequence][:limit]

    assert [each.sequence for each in tail(1, 25).after(sequence, limit)] == expected


@pytest.mark.parametrize(("sequence", "covered"), [(99, True), (150, True), (98, False)])
def test_it_knows_how_far_back_it_reaches(sequence: int, covered: bool) -> None:  # noqa: FBT001
    """Whoever is further back reads from the file."""
    assert tail(100, 200).covers(sequence) is covered


def test_an_empty_one_covers_the_present_only() -> None:
    """After a restart, what waits is in the file."""
    empty = Tail(7)

    assert empty.covers(7)
    assert not empty.covers(6)
    assert empty.after(7, 10) == []


def test_it_is_bounded() -> None:
    """Old announcements make room."""
    full = tail(1, 5_000)

    assert not full.covers(2_999)
    assert full.covers(3_000)


async def test_who_waits_is_woken_by_what_follows_only() -> None:
    """An announcement that one has already wakes nobody."""
    made = tail(1, 3)
    async with asyncio.TaskGroup() as group, asyncio.timeout(5):
        waiting = group.create_task(made.beyond(4))
        made.extend([announcement(4)])
        await asyncio.sleep(0)
        assert not waiting.done()
        made.extend([announcement(5)])
        await waiting
