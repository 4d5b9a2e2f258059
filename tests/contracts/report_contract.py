"""What every form of a report keeps to. Inherit, and say how the form is written."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest

from auditor.domain.difference import Difference, Op, Writer
from auditor.domain.fieldpath import FieldPath
from auditor.domain.finding import State, TrackedFinding
from auditor.domain.report import Report, Summary
from tests.findings import tracked

_LINE_ENDS = "\n"
_MOVES = (
    "\x1b[2J",
    "a\rb",
    "a\nb",
    "a\tb",
    "\x00",
    "\x7f",
    "\x9b31m",
    "\u202egnp.exe",
    "\u200b",
    "\u2028",
    "\U000e0041",
)
"""Escape sequences, line ends, C1 controls, text turned around, and what cannot be seen."""


def _hostile(text: str) -> TrackedFinding:
    """A finding with a text of somebody else's choice wherever one can stand."""
    difference = Difference(
        path=FieldPath(("data", text)),
        pointer="/data",
        op=Op.CHANGED,
        desired=text,
        actual={text: [text]},
        writer=Writer(manager=text, operation="Update"),
    )
    return tracked("web", message=text, differences=(difference,))


class ReportContract:
    """Laws of one form."""

    def write(self, report: Report) -> str:
        """Write a report in the form under test."""
        raise NotImplementedError

    def test_the_same_report_gives_the_same_text(self) -> None:
        """No clock, no environment, no order of chance."""
        report = Report(findings=(tracked("web"), tracked("api")), summary=Summary(objects=2))

        assert self.write(report) == self.write(report)

    def test_every_open_finding_is_in_it(self) -> None:
        """However many there are."""
        names = [f"service-{number}" for number in range(50)]
        text = self.write(Report(findings=tuple(tracked(name) for name in names)))

        assert [name for name in names if name not in text] == []

    def test_what_was_not_audited_is_in_it(self) -> None:
        """A report without findings must not look calm if nothing was looked at."""
        text = self.write(Report(problems=("cluster stage cannot be reached",)))

        assert "cluster stage cannot be reached" in text

    def test_an_empty_report_is_written_too(self) -> None:
        """With a newline at its end, as every text file has."""
        text = self.write(Report())

        assert text.strip()
        assert text.endswith("\n")

    def test_resolved_findings_are_not_taken_for_open(self) -> None:
        """They are marked, or left out."""
        resolved = self.write(Report(findings=(tracked("web", state=State.RESOLVED),)))
        still_open = self.write(Report(findings=(tracked("web"),)))

        assert resolved != still_open

    @pytest.mark.parametrize("text", _MOVES)
    def test_no_text_can_move_a_cursor(self, text: str) -> None:
        """Values come from clusters; control characters in them stay harmless."""
        report = Report(findings=(_hostile(text),), problems=(text,))

        written = self.write(replace(report, summary=Summary(objects=1)))

        loose = {char for char in written if unicodedata.category(char) in {"Cc", "Cf"}}
        assert loose <= set(_LINE_ENDS)
