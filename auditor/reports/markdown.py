"""A report for a comment on a pull request: a line for each finding, the differences folded in.

Everything that comes from a cluster stands in code spans.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from auditor.domain.finding import Severity, State, TrackedFinding
from auditor.domain.report import Report
from auditor.reports.inert import code, escape
from auditor.reports.proposal import write_proposal
from auditor.reports.wording import (
    count_of,
    show_difference,
    show_object,
    show_origin,
    show_owner,
    show_path,
    show_summary,
    show_writer,
)

_MOST: Final = 200
"""Findings shown; a comment on GitHub may have 65,536 characters."""
_DIFFERENCES: Final = 20
_SIGNS: Final = {
    Severity.CRITICAL: "🟥",
    Severity.HIGH: "🟧",
    Severity.MEDIUM: "🟨",
    Severity.LOW: "🟦",
    Severity.INFO: "⬜",
}


def write_markdown(report: Report) -> str:
    """Write a report as GitHub-flavoured Markdown."""
    if report.proposal:
        return write_proposal(report, report.proposal)
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    found = [tracked for tracked in report.findings if tracked.state is State.OPEN]
    yield f"### Drift: {count_of(len(found), 'open finding') if found else 'none'}"
    yield ""
    yield show_summary(report.summary)
    if report.problems:
        yield ""
        yield from (f"> **Not audited:** {code(problem)}" for problem in report.problems)
    if found:
        yield ""
        yield "| | Object | Finding | Declared at | Owned by |"
        yield "|---|---|---|---|---|"
        yield from (_row(tracked) for tracked in found[:_MOST])
        yield from (line for tracked in found[:_MOST] for line in _details(tracked))
    if len(found) > _MOST:
        yield ""
        yield f"… and {len(found) - _MOST} more."


def _row(tracked: TrackedFinding) -> str:
    finding = tracked.finding
    severity = f"{_SIGNS[finding.severity]} {finding.severity}"
    what = f"{finding.check} {finding.category}"
    origin = code(show_origin(finding.origin)) if finding.origin else ""
    where = code(f"{finding.ref.cluster}: {show_object(tracked)}")
    owner = code(show_owner(finding.owner)) if finding.owner else ""
    return f"| {severity} | {where} | {what} | {origin} | {owner} |"


def _details(tracked: TrackedFinding) -> Iterator[str]:
    differences = tracked.finding.differences
    if not differences:
        return
    yield ""
    yield (
        f"<details><summary><code>{escape(show_object(tracked))}</code>: "
        f"{count_of(len(differences), 'difference')}</summary>"
    )
    yield ""
    for difference in differences[:_DIFFERENCES]:
        path, sides = code(show_path(difference)), code(show_difference(difference))
        yield f"- {path} {sides} {code(show_writer(difference.writer))}"
    if len(differences) > _DIFFERENCES:
        yield f"- … and {len(differences) - _DIFFERENCES} more"
    yield ""
    yield "</details>"
