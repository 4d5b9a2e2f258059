"""Pauses after failures: growing, bounded, never in step."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from auditor.sources.kubernetes.backoff import HEALTHY, Backoff


@given(seed=st.integers(), failures=st.integers(1, 50))
def test_pause_is_bounded(seed: int, failures: int) -> None:
    """However often it fails, a pause is neither nothing nor for ever."""
    backoff = Backoff(random.Random(seed))

    pauses = [backoff.pause() for _ in range(failures)]

    assert all(0.4 <= pause <= 45 for pause in pauses)


def test_pauses_grow() -> None:
    """Each failure in a row is given about twice the time of the last."""
    backoff = Backoff(random.Random(1))

    pauses = [backoff.pause() for _ in range(8)]

    assert pauses[0] < 1.3
    assert pauses[-1] > 15


def test_health_is_rewarded() -> None:
    """After two healthy minutes, earlier failures are forgotten; after a healthy second, they are not."""
    backoff = Backoff(random.Random(1))
    for _ in range(8):
        backoff.pause()

    assert backoff.pause(healthy_for=1.0) > 15
    assert backoff.pause(healthy_for=HEALTHY) < 1.3


def test_server_is_obeyed() -> None:
    """Never sooner than the other side asked for."""
    assert Backoff(random.Random(1)).pause(retry_after=20.0) >= 20.0


def test_two_are_not_in_step() -> None:
    """Two reflectors that fail together do not come back together."""
    assert Backoff(random.Random(1)).pause() != Backoff(random.Random(2)).pause()
