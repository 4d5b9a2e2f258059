"""What is found so far, as a picture for a terminal.

A board takes transitions and draws; it knows nothing of terminals, so a test can look at it. What does not
fit gives way to what is open, and of that to what opened last.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from auditor.demo.story import Line
from auditor.domain.finding import Announcement, State, TrackedFinding
from auditor.domain.report import Summary
from auditor.reports.table import STYLES
from auditor.reports.wording import (
    count_of,
    safe,
    show_difference,
    show_object,
    show_path,
    show_writer,
)

_TOLD: Final = 2
"""What people did last, so many lines of it."""
_FRAME: Final = 10
"""Lines that are not findings."""
_VERDICTS: Final = {
    "in_sync": ("in sync", "green"),
    "drifted": ("drifted", "red"),
    "pending": ("pending", "yellow"),
    "unknown": ("unknown", "magenta"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What is true at one moment of the replay."""

    now: datetime
    told: Sequence[Line]
    summary: Summary


@dataclass(slots=True)
class Board:
    """Findings by identity, in the order in which they opened."""

    url: str = ""
    _findings: dict[str, TrackedFinding] = field(default_factory=dict)

    def take(self, batch: Iterable[Announcement]) -> None:
        """Take in what happened."""
        for announcement in batch:
            tracked = announcement.transition.tracked
            self._findings[tracked.fingerprint] = tracked

    def draw(self, moment: Moment, *, height: int) -> RenderableType:
        """Draw everything in so many lines."""
        return Group(
            Rule(Text("drift auditor · demo", "bold"), style="dim"),
            _heading(self.url, moment),
            Text(),
            *_story(moment.told),
            Text(),
            _counts(moment.summary),
            Text(),
            self._table(max(3, (height - _FRAME) // 2), moment.now),
        )

    def closing(self) -> RenderableType:
        """What it came to, and what to try next."""
        found = len(self._findings)
        left = sum(tracked.state is State.OPEN for tracked in self._findings.values())
        ended = f"{count_of(found, 'finding')}, {left} still open"
        return Text.assemble(
            (ended, "bold green"),
            "\nYour own cluster against a folder of manifests: ",
            ("auditor diff PATH", "bold"),
            "\nThe same session as a stream of CloudEvents:    ",
            ("auditor demo | jq .", "bold"),
        )

    def _table(self, room: int, now: datetime) -> Table:
        table = Table(box=None, expand=True, padding=(0, 1), show_header=False)
        table.add_column(width=8, no_wrap=True)
        table.add_column(ratio=2, no_wrap=True)
        table.add_column(ratio=3, no_wrap=True)
        table.add_column(width=16, no_wrap=True, justify="right")
        for tracked in self._shown(room):
            for row in _rows(tracked, now):
                table.add_row(*row)
        return table

    def _shown(self, room: int) -> list[TrackedFinding]:
        """The open ones before the resolved ones, each the latest first, as far as there is room."""
        latest_first = list(self._findings.values())[::-1]
        return sorted(latest_first, key=lambda tracked: tracked.state is not State.OPEN)[:room]


def _heading(url: str, moment: Moment) -> Text:
    time = f"{moment.now:%Y-%m-%d %H:%M:%S}Z"
    return Text.assemble(
        ("recorded from a real Kubernetes API server · ", "dim"),
        time,
        (f"\nmetrics {url}/metrics · findings {url}/api/v1/findings", "dim"),
    )


def _story(lines: Sequence[Line]) -> list[Text]:
    latest = list(lines[-_TOLD:])
    shown = [Text() for _ in range(_TOLD - len(latest))]
    for line in latest:
        style = "bold" if line is latest[-1] else "dim"
        shown.append(
            Text.assemble(
                ("▸ ", "cyan"),
                (f"{line.who} ", f"{style} cyan"),
                (line.what, style),
                no_wrap=True,
                overflow="ellipsis",
            )
        )
    return shown


def _counts(summary: Summary) -> Text:
    text = Text(f"{count_of(summary.objects, 'object')}  ")
    for name, (label, style) in _VERDICTS.items():
        number: int = getattr(summary, name)
        text.append(f"  ● {number} {label}", style if number else "dim")
    return text


Row = tuple[RenderableType, RenderableType, RenderableType, RenderableType]


def _rows(tracked: TrackedFinding, now: datetime) -> list[Row]:
    """Two lines: which field of what is wrong, and below how, and who wrote it when."""
    finding = tracked.finding
    is_open = tracked.state is State.OPEN
    severity = Text(finding.severity.upper(), STYLES[finding.severity] if is_open else "dim")
    where = Text(show_object(tracked), "bold" if is_open else "dim")
    field, change, writer = _evidence(tracked)
    style = "" if is_open else "dim"
    return [
        (severity, where, Text(field, f"cyan {style}"), _standing(tracked, now)),
        (Text(finding.check, "dim"), Text(writer, "dim"), Text(change, style), Text()),
    ]


def _evidence(tracked: TrackedFinding) -> tuple[str, str, str]:
    """The first field that differs, how, and who wrote it."""
    finding = tracked.finding
    if not finding.differences:
        return f"{finding.category}", safe(finding.message), ""
    first, rest = finding.differences[0], len(finding.differences) - 1
    more = f" and {count_of(rest, 'more field')}" if rest else ""
    return show_path(first) + more, show_difference(first), show_writer(first.writer)


def _standing(tracked: TrackedFinding, now: datetime) -> Text:
    if tracked.state is State.OPEN or tracked.resolved_at is None:
        age = (now - tracked.first_seen).total_seconds()
        return Text(f"open {age:.0f} s", "red")
    return Text(f"✓ {tracked.resolution or tracked.state}", "green")
