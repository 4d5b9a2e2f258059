"""What a dry run says of a finding."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from auditor.domain.difference import Difference, Op
from auditor.domain.evidence import DryRun, can_be_shown, judge_dry_run
from auditor.domain.fieldpath import FieldPath
from tests.builders import deployment
from tests.outcomes import JSON_VALUES, image


def at(*segments: str, op: Op = Op.CHANGED) -> Difference:
    """A difference at a path of fields."""
    return Difference(path=FieldPath(segments), pointer="", op=op)


def judged(differences: list[Difference], live: Any, applied: Any) -> DryRun:
    return judge_dry_run(differences, live=live, applied=applied)


def test_what_applying_would_undo_is_confirmed() -> None:
    """The image would be the declared one again, in a list whose items have keys."""
    live, applied = deployment(image="web:1.5"), deployment(image="web:1.4")

    assert judged([image()], live, applied) is DryRun.CONFIRMED


def test_what_applying_would_leave_is_refuted() -> None:
    """A webhook, say, makes the declared image the living one."""
    live = deployment(image="web:1.5")

    assert judged([image()], live, deployment(image="web:1.5")) is DryRun.REFUTED


def test_what_would_come_back_is_confirmed() -> None:
    """A declared field that is absent live."""
    removed = [at("spec", "paused", op=Op.REMOVED)]

    assert judged(removed, {"spec": {}}, {"spec": {"paused": True}}) is DryRun.CONFIRMED


def test_one_of_several_is_enough() -> None:
    """Evidence is about the finding, not about each of its paths."""
    both = [at("a"), at("b")]

    assert judged(both, {"a": 1, "b": 1}, {"a": 1, "b": 2}) is DryRun.CONFIRMED


def test_other_changes_prove_nothing() -> None:
    """What the server would change elsewhere was not reported."""
    assert judged([at("a")], {"a": 1, "b": 1}, {"a": 1, "b": 2}) is DryRun.REFUTED


def test_of_additions_a_dry_run_can_say_nothing() -> None:
    """Applying leaves alone what is not declared, so nobody is asked."""
    assert not can_be_shown([at("a", op=Op.ADDED)])
    assert can_be_shown([at("a", op=Op.ADDED), at("b", op=Op.REMOVED)])


@given(st.dictionaries(st.sampled_from("abc"), JSON_VALUES))
def test_an_answer_that_is_what_lives_confirms_nothing(body: dict[str, Any]) -> None:
    """Whatever lives, and whatever was reported."""
    assert judged([at("a"), at("b", "c")], body, dict(body)) is DryRun.REFUTED
