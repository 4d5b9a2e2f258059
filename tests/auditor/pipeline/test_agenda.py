"""Appointments: one for each object, the last one counts."""

from __future__ import annotations

from datetime import timedelta

from auditor.pipeline.agenda import Agenda
from tests.builders import ref
from tests.doubles import START

SOON, LATE = START + timedelta(minutes=1), START + timedelta(minutes=2)


def test_due_when_the_time_has_come() -> None:
    """Not before, and only once."""
    agenda = Agenda()
    agenda.put(ref(), SOON)

    assert agenda.due(START) == []
    assert agenda.due(SOON) == [ref()]
    assert agenda.due(LATE) == []


def test_a_new_appointment_replaces_the_old() -> None:
    """The object was looked at meanwhile."""
    agenda = Agenda()
    agenda.put(ref(), SOON)
    agenda.put(ref(), LATE)

    assert agenda.due(SOON) == []
    assert agenda.due(LATE) == [ref()]


def test_none_cancels() -> None:
    """An object that is in sync again needs no appointment."""
    agenda = Agenda()
    agenda.put(ref(), SOON)
    agenda.put(ref(), None)

    assert agenda.due(LATE) == []


def test_an_appointment_may_be_brought_forward_and_not_put_off() -> None:
    """Something else may make an earlier look worth while."""
    agenda = Agenda()
    agenda.put(ref(), SOON)
    agenda.bring_forward(ref(), LATE)
    assert agenda.due(SOON) == [ref()]

    agenda.put(ref(), LATE)
    agenda.bring_forward(ref(), SOON)
    assert agenda.due(SOON) == [ref()]

    agenda.bring_forward(ref(), SOON)
    assert agenda.due(SOON) == [ref()]
