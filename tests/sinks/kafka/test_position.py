"""Where the sink was in the log topic."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sinks.kafka.readback import Position

OFFSETS = st.dictionaries(st.integers(0, 1000), st.integers(0, 2**62), max_size=20)


@given(OFFSETS)
def test_a_position_survives_being_stored(offsets: dict[int, int]) -> None:
    """Whatever the partitions."""
    position = Position(topic="log", offsets=offsets)

    assert Position.parse(str(position), "log") == position


def test_without_a_position_there_is_none() -> None:
    """A new sink reads nothing back."""
    assert Position.parse(None, "log") is None


def test_another_topics_position_is_none() -> None:
    """Whoever renames the topic begins anew."""
    assert Position.parse(str(Position(topic="old", offsets={0: 5})), "log") is None
