"""Who reads the outbox, and what of that is to be written down."""

from __future__ import annotations

from auditor.ports.delivery import Cursor
from auditor.state.ledger.readers import Readers
from auditor.state.ledger.rows import Progress


def readers(**passing: int) -> Readers:
    """Two durable sinks at 5, and passing ones."""
    durable = {"kafka": Cursor(sequence=5, position="a"), "stdout": Cursor(sequence=5)}
    return Readers(durable, {name: Cursor(sequence=sequence) for name, sequence in passing.items()})


def test_only_what_moved_is_written() -> None:
    """With the sequence up to which all have everything."""
    both = readers()
    both.move("kafka", Cursor(sequence=9, position="b"))

    assert both.progress(9) == Progress({"kafka": Cursor(sequence=9, position="b")}, 5)


def test_what_is_written_is_not_written_again() -> None:
    """Until it moves once more."""
    both = readers()
    both.move("kafka", Cursor(sequence=9))
    progress = both.progress(9)
    assert progress is not None
    both.noted(progress)

    assert both.progress(9) is None
    both.move("stdout", Cursor(sequence=7))
    assert both.progress(9) == Progress({"stdout": Cursor(sequence=7)}, 7)


def test_a_passing_sink_holds_announcements_but_is_not_written() -> None:
    """It needs what it has not seen, and nothing after a restart."""
    three = readers(metrics=3)
    three.move("metrics", Cursor(sequence=4))

    assert three.progress(9) == Progress({}, 4)


def test_where_nobody_reads_nothing_is_kept() -> None:
    """Up to the newest of all."""
    assert Readers({}, {}).progress(9) == Progress({}, 9)


def test_a_first_position_is_noticed() -> None:
    """It must be on disk before anything is delivered."""
    both = readers()
    assert not both.begins("kafka")

    both.move("stdout", Cursor(sequence=5, position="x"))

    assert both.begins("stdout")
