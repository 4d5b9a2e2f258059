"""A board shows what is open, what was resolved, who did what, and never more than fits."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from rich.console import Console

from auditor.demo.board import Board, Moment
from auditor.demo.story import Line, told
from auditor.domain.difference import REDACTED, Difference, Op, Writer
from auditor.domain.fieldpath import FieldPath
from auditor.domain.finding import (
    Announcement,
    Category,
    Finding,
    Resolution,
    Severity,
    State,
    TrackedFinding,
    Transition,
    TransitionKind,
    Verdict,
)
from auditor.domain.report import Summary
from tests.builders import ref
from tests.doubles import START

MOMENT = Moment(
    now=START + timedelta(seconds=30),
    told=[Line(at=0, who="Bob", what="scales the api")],
    summary=Summary(objects=3, in_sync=2, drifted=1),
)


def finding(name: str = "web", *, desired: object = 2, actual: object = 5) -> Finding:
    """A changed number of replicas."""
    difference = Difference(
        path=FieldPath(("spec", "replicas")),
        pointer="/spec/replicas",
        op=Op.CHANGED,
        desired=desired,
        actual=actual,
        writer=Writer(manager="kubectl", operation="Update", subresource="scale"),
    )
    return Finding(
        ref=ref(name=name),
        version="v1",
        check="K8S-002",
        category=Category.CHANGED,
        severity=Severity.HIGH,
        verdict=Verdict.DRIFTED,
        message="differs",
        differences=(difference,),
    )


def announced(found: Finding, *, resolved: bool = False) -> Announcement:
    """The announcement that it opened, or that it was reverted."""
    tracked = TrackedFinding(
        finding=found,
        state=State.RESOLVED if resolved else State.OPEN,
        first_seen=START,
        last_seen=START,
        resolved_at=START if resolved else None,
        resolution=Resolution.REVERTED if resolved else None,
    )
    kind = TransitionKind.RESOLVED if resolved else TransitionKind.OPENED
    return Announcement(
        sequence=1, transition=Transition(kind=kind, tracked=tracked, at=tracked.first_seen)
    )


def drawn(board: Board, *, height: int = 40, moment: Moment = MOMENT) -> str:
    """What the board looks like, without colours."""
    console = Console(width=120, height=height, color_system=None, force_terminal=False)
    with console.capture() as capture:
        console.print(board.draw(moment, height=height))
    return capture.get()


def test_an_open_finding_answers_the_questions() -> None:
    """Which field of what, how, who wrote it, and for how long it is known."""
    board = Board()
    board.take([announced(finding())])

    picture = drawn(board)

    for part in (
        "HIGH",
        "apps/Deployment/shop/web",
        "spec.replicas",
        "2 → 5",
        "by kubectl (scale)",
    ):
        assert part in picture
    assert "open 30 s" in picture


def test_a_resolved_finding_says_how_it_ended() -> None:
    """It stays on the board, as one finding."""
    board = Board()
    board.take([announced(finding())])
    board.take([announced(finding(), resolved=True)])

    picture = drawn(board)

    assert picture.count("shop/web") == 1
    assert "✓ reverted" in picture


def test_what_people_did_and_the_counts_are_shown() -> None:
    """With the address where more can be asked."""
    picture = drawn(Board(url="http://127.0.0.1:4711"))

    for part in ("Bob scales the api", "3 objects", "2 in sync", "1 drifted", ":4711/metrics"):
        assert part in picture


def test_a_missing_object_is_told_by_its_message() -> None:
    """It has no field that differs."""
    board = Board()
    board.take([announced(replace(finding(), differences=()))])

    assert "differs" in drawn(board)


def test_a_small_window_shows_what_is_open() -> None:
    """Resolved findings give way, and so do the oldest."""
    board = Board()
    board.take([announced(finding("gone"), resolved=True)])
    board.take([announced(finding(f"web-{number}")) for number in range(30)])

    picture = drawn(board, height=24)

    assert len(picture.splitlines()) <= 24
    assert "shop/web-29" in picture
    assert "shop/gone" not in picture
    assert "shop/web-0 " not in picture


def test_a_secret_stays_one() -> None:
    """Its change is named, and nothing else."""
    board = Board()
    board.take([announced(finding(desired=REDACTED, actual=REDACTED))])

    picture = drawn(board)

    assert "changed" in picture
    assert "→" not in picture


def test_a_value_cannot_write_to_the_terminal() -> None:
    """What stands in a cluster may have been written to deceive whoever reads it."""
    board = Board()
    board.take([announced(finding(actual="\x1b[2Jgone"))])

    assert "\x1b[2J" not in drawn(board)


def test_the_closing_says_what_it_came_to() -> None:
    """And what to try next."""
    board = Board()
    board.take([announced(finding("a")), announced(finding("b"), resolved=True)])
    console = Console(width=120, color_system=None)
    with console.capture() as capture:
        console.print(board.closing())

    assert "2 findings, 1 still open" in capture.get()
    assert "auditor diff PATH" in capture.get()


def test_a_story_is_told_as_far_as_it_went() -> None:
    """Nobody learns of a deed before it is done."""
    lines = [Line(at=1, who="Bob", what="a"), Line(at=5, who="Eve", what="b")]

    assert [line.who for line in told(lines, 4.9)] == ["Bob"]
