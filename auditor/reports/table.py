"""A report for people at a terminal: one block for each finding, worst first as they come."""

from __future__ import annotations

import io
from typing import Final

from rich.console import Console
from rich.text import Text

from auditor.domain.difference import Difference
from auditor.domain.finding import Severity, State, TrackedFinding
from auditor.domain.report import Report
from auditor.reports.proposal import print_proposal
from auditor.reports.wording import (
    count_of,
    safe,
    show_difference,
    show_evidence,
    show_object,
    show_origin,
    show_owner,
    show_path,
    show_summary,
    show_time,
    show_writer,
)

STYLES: Final = {
    Severity.CRITICAL: "bold white on red",
    Severity.HIGH: "bold red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
    Severity.INFO: "dim",
}
"""How each severity looks on a terminal."""


def write_table(report: Report) -> str:
    """Write a report as plain text, without colours; lines are as long as they are."""
    output = io.StringIO()
    console = Console(file=output, color_system=None, legacy_windows=False)
    print_table(report, console)
    return output.getvalue()


def print_table(report: Report, console: Console) -> None:
    """Write a report on a console, in its colours."""
    if report.proposal:
        print_proposal(report, report.proposal, console)
        return
    for tracked in report.findings:
        _print_finding(tracked, console)
    console.print(_closing(report), soft_wrap=True)


def _print_finding(tracked: TrackedFinding, console: Console) -> None:
    console.print(_heading(tracked), soft_wrap=True)
    console.print(Text(f"  {safe(tracked.finding.message)}", "dim"), soft_wrap=True)
    for difference in tracked.finding.differences:
        console.print(_difference(difference), soft_wrap=True)
    for line in _circumstances(tracked):
        console.print(Text(f"  {line}", "dim"), soft_wrap=True)
    console.print()


def _heading(tracked: TrackedFinding) -> Text:
    finding = tracked.finding
    severity = Text(f"{finding.severity.upper()}", STYLES[finding.severity])
    state = "" if tracked.state is State.OPEN else f"  {tracked.state}"
    return Text.assemble(
        severity,
        f"  {finding.check} {finding.category}  ",
        (show_object(tracked), "bold"),
        f"  on {finding.ref.cluster}{state}  ",
        (tracked.fingerprint[:12], "dim"),
    )


def _difference(difference: Difference) -> Text:
    """The path on a line of its own, so that it can be copied; below it both sides and the writer."""
    return Text.assemble(
        (f"  {show_path(difference)}\n", "cyan"),
        f"      {show_difference(difference)}",
        (f"  {show_writer(difference.writer)}", "dim"),
    )


def _circumstances(tracked: TrackedFinding) -> list[str]:
    finding = tracked.finding
    lines = [f"declared at {show_origin(finding.origin)}"] if finding.origin else []
    if finding.owner:
        lines.append(f"owned by {show_owner(finding.owner)}")
    if finding.began:
        lines.append(f"since {show_time(finding.began)}")
    if finding.evidence:
        lines.append(show_evidence(finding.evidence))
    return lines


def _closing(report: Report) -> Text:
    still_open = sum(tracked.state is State.OPEN for tracked in report.findings)
    if still_open:
        told = (count_of(still_open, "open finding"), "bold red")
    elif report.problems:
        told = ("no drift found in what could be audited", "bold yellow")
    else:
        told = ("no drift found", "bold green")
    closing = Text.assemble(told, f" · {show_summary(report.summary)}")
    for problem in report.problems:
        closing.append(f"\nnot audited: {safe(problem)}", "bold yellow")
    return closing
