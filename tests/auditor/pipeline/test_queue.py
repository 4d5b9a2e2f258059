"""Names in the queue: once each, never twice at a time, lanes in turn."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.domain.identity import ObjectRef
from auditor.pipeline.queue import RefQueue


def named(name: str, namespace: str = "shop") -> ObjectRef:
    return ObjectRef("prod", "", "ConfigMap", namespace, name)


async def test_a_name_stands_in_it_once() -> None:
    """A burst of events on one object is one look."""
    queue = RefQueue()
    queue.add([named("a"), named("a"), named("b")])

    assert queue.depth == 2
    assert await queue.take(10) == [named("a"), named("b")]


async def test_what_changes_in_hand_comes_again() -> None:
    """An event during the look is not lost, and does not start a second look beside it."""
    queue = RefQueue()
    queue.add([named("a")])
    taken = await queue.take(10)
    queue.add([named("a")])

    assert queue.depth == 0
    queue.done(taken)
    assert await queue.take(10) == [named("a")]


async def test_lanes_take_turns() -> None:
    """A busy namespace does not starve the others."""
    queue = RefQueue()
    queue.add([named(str(number), "busy") for number in range(100)])
    queue.add([named("x", "calm")])

    assert named("x", "calm") in await queue.take(2)


async def test_take_waits_for_work() -> None:
    """Nothing to do costs nothing."""
    queue = RefQueue()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await queue.take(1)

    queue.add([named("a")])
    assert await queue.take(1) == [named("a")]


async def test_idle_means_nothing_waits_and_nothing_is_in_hand() -> None:
    """What is taken is still work."""
    queue = RefQueue()
    queue.add([named("a")])
    taken = await queue.take(1)

    assert not queue.idle
    queue.done(taken)
    assert queue.idle


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(["x", "y"])), min_size=1))
async def test_everything_added_is_taken_once(added: list[tuple[str, str]]) -> None:
    """No name is lost, whatever the order."""
    queue = RefQueue()
    queue.add(named(name, namespace) for name, namespace in added)

    taken: list[ObjectRef] = []
    while queue.depth:
        taken += await queue.take(2)

    assert len(taken) == len(set(taken))
    assert set(taken) == {named(name, namespace) for name, namespace in added}
