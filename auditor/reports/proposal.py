"""A report of what would happen, for people: at a terminal, and in a comment on a pull request.

The order is that of time: before, then after. Values come from repositories and clusters, so they are told
in safe words. It refuses to speak of drift.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from rich.console import Console
from rich.text import Text

from auditor.domain import checks
from auditor.domain.difference import REDACTED, Difference, Op
from auditor.domain.finding import Finding, State
from auditor.domain.report import Proposal, Report
from auditor.reports.inert import code, escape
from auditor.reports.wording import (
    count_of,
    safe,
    show_origin,
    show_owner,
    show_path,
    show_value,
)

_FATES: Final = {
    checks.WOULD_CREATE.id: "would be created",
    checks.WOULD_CHANGE.id: "would change",
    checks.WOULD_DELETE.id: "would be deleted",
}
_STYLES: Final = {
    checks.WOULD_CREATE.id: "bold green",
    checks.WOULD_CHANGE.id: "bold yellow",
    checks.WOULD_DELETE.id: "bold red",
}
_SIGNS: Final = {
    checks.WOULD_CREATE.id: "🟩",
    checks.WOULD_CHANGE.id: "🟨",
    checks.WOULD_DELETE.id: "🟥",
}
_OTHER: Final = "⚠️"
_MOST: Final = 200
"""Objects shown; a comment on GitHub may have 65,536 characters."""
_DIFFERENCES: Final = 20


def show_move(difference: Difference) -> str:
    """Tell what would become of a field."""
    if REDACTED in (difference.desired, difference.actual):
        return {
            Op.CHANGED: "would change",
            Op.REMOVED: "would be added",
            Op.ADDED: "would be removed",
        }[difference.op]
    if difference.op is Op.REMOVED:
        return f"would be added: {show_value(difference.desired)}"
    if difference.op is Op.ADDED:
        return f"would be removed: {show_value(difference.actual)}"
    return f"{show_value(difference.actual)} → {show_value(difference.desired)}"


def print_proposal(report: Report, proposal: Proposal, console: Console) -> None:
    """Write what would happen on a console."""
    found = _found(report)
    for finding in found:
        _print_finding(finding, console)
    closing = Text(_closing(report, proposal), "bold" if found else "bold green")
    for problem in report.problems:
        closing.append(f"\nnot compared: {safe(problem)}", "bold yellow")
    console.print(closing, soft_wrap=True)


def _found(report: Report) -> list[Finding]:
    return [tracked.finding for tracked in report.findings if tracked.state is State.OPEN]


def _print_finding(finding: Finding, console: Console) -> None:
    style = _STYLES.get(finding.check, "bold yellow")
    console.print(
        Text.assemble((_fate(finding), style), "  ", (_object(finding), "bold")),
        soft_wrap=True,
    )
    if finding.check not in _FATES:
        console.print(Text(f"  {safe(finding.message)}", "dim"), soft_wrap=True)
    for difference in finding.differences:
        told = Text.assemble(
            (f"  {show_path(difference)}\n", "cyan"), f"      {show_move(difference)}"
        )
        console.print(told, soft_wrap=True)
    for line in _circumstances(finding):
        console.print(Text(f"  {line}", "dim"), soft_wrap=True)
    console.print()


def _object(finding: Finding) -> str:
    """The object, and for which cluster it is, or below which of several paths it is declared."""
    where = f"  for {finding.ref.cluster}" if finding.ref.cluster else ""
    return safe(f"{finding.ref}{where}")


def _fate(finding: Finding) -> str:
    return _FATES.get(finding.check, f"{finding.check} {finding.category}")


def _circumstances(finding: Finding) -> Iterator[str]:
    if finding.origin:
        yield f"declared at {show_origin(finding.origin)}"
    if finding.owner:
        yield f"owned by {show_owner(finding.owner)}"


def _closing(report: Report, proposal: Proposal) -> str:
    counts = Counter(finding.check for finding in _found(report))
    fates = [
        f"{count_of(counts[check], 'object')} {fate}"
        for check, fate in _FATES.items()
        if counts[check]
    ]
    mistakes = sum(n for check, n in counts.items() if check not in _FATES)
    fates += [count_of(mistakes, "mistake")] if mistakes else []
    told = ", ".join(fates) or "nothing would change"
    where = f" on {safe(proposal.cluster)}" if proposal.cluster else ""
    same = (
        f" · {count_of(report.summary.in_sync, 'object')} would stay"
        if report.summary.in_sync
        else ""
    )
    unknown = f" · {len(proposal.unknown)} unknown in both" if proposal.unknown else ""
    return f"{safe(proposal.revisions)}{where}: {told}{same}{unknown}"


def write_proposal(report: Report, proposal: Proposal) -> str:
    """Write what would happen as GitHub-flavoured Markdown."""
    return "\n".join(_lines(report, proposal)) + "\n"


def _lines(report: Report, proposal: Proposal) -> Iterator[str]:
    found = _found(report)
    objects = len({finding.ref for finding in found})
    yield f"### What would change: {count_of(objects, 'object') if found else 'nothing'}"
    yield ""
    yield code(_closing(report, proposal))
    if report.problems:
        yield ""
        yield from (f"> **Not compared:** {code(problem)}" for problem in report.problems)
    if found:
        yield ""
        yield "| | Object | Declared at | Owned by |"
        yield "|---|---|---|---|"
        yield from (_row(finding) for finding in found[:_MOST])
        yield from (line for finding in found[:_MOST] for line in _details(finding))
    if len(found) > _MOST:
        yield ""
        yield f"… and {len(found) - _MOST} more."


def _row(finding: Finding) -> str:
    fate = f"{_SIGNS.get(finding.check, _OTHER)} {_fate(finding)}"
    origin = code(show_origin(finding.origin)) if finding.origin else ""
    owner = code(show_owner(finding.owner)) if finding.owner else ""
    return f"| {fate} | {code(_object(finding))} | {origin} | {owner} |"


def _details(finding: Finding) -> Iterator[str]:
    differences = finding.differences
    if not differences:
        return
    yield ""
    yield (
        f"<details><summary><code>{escape(_object(finding))}</code>: "
        f"{count_of(len(differences), 'difference')}</summary>"
    )
    yield ""
    for difference in differences[:_DIFFERENCES]:
        yield f"- {code(show_path(difference))} {code(show_move(difference))}"
    if len(differences) > _DIFFERENCES:
        yield f"- … and {len(differences) - _DIFFERENCES} more"
    yield ""
    yield "</details>"
