"""The life of a finding: what an outcome does to the findings that are already known.

    (none) ──opened──► open ──updated──► open
                        │ ▲
             resolved / │ │ reopened
           suppressed   ▼ │
                 resolved, suppressed

A finding that comes back keeps its ``first_seen`` and goes on counting its generation, as long as the
ledger remembers it: the object's history is one story, and `TrackedFinding.opened` says when the present
chapter began. One that opens too often becomes *contested*: it then stays open through further flips,
which are no news, until it has been quiet for a while. Unknown outcomes change nothing.

Pure: the same steps whenever and however often they are computed. This module refuses to store anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from auditor.domain.difference import Difference, Writer
from auditor.domain.finding import (
    Category,
    Finding,
    Outcome,
    Resolution,
    State,
    TrackedFinding,
    Transition,
    TransitionKind,
    Verdict,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flapping:
    """When a finding is contested: so many openings within the window.

    It calms down after no flip for the quiet time.
    """

    openings: int = 5
    window: timedelta = timedelta(minutes=5)
    quiet: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A finding after an outcome; ``transition`` is None where nothing is worth announcing."""

    tracked: TrackedFinding
    transition: Transition | None = None


def advance(
    known: Mapping[str, TrackedFinding], outcome: Outcome, *, at: datetime, flapping: Flapping
) -> Iterator[Step]:
    """Take one outcome into account, given what is known of its findings by fingerprint.

    Every known finding that is open or suppressed, and every one in the outcome, takes one step at
    most; one that stays exactly as it was takes none.
    """
    if outcome.doubt is not None:
        return
    found = {finding.fingerprint: finding for finding in outcome.findings}
    for fingerprint, finding in found.items():
        tracked = known.get(fingerprint)
        yield _present(tracked, finding, at, flapping) if tracked else _open(finding, at)
    for fingerprint, tracked in known.items():
        if fingerprint not in found and (step := _absent(tracked, outcome, at, flapping)):
            yield step


def calm_at(tracked: TrackedFinding, flapping: Flapping) -> datetime | None:
    """When a contested finding has been quiet for long enough; None for any other."""
    if not _is_contested(tracked):
        return None
    flipped = tracked.last_seen if _is_away(tracked) else tracked.opened
    return flipped + flapping.quiet


# --- the finding is there ---------------------------------------------------------------------------


def _open(finding: Finding, at: datetime) -> Step:
    tracked = TrackedFinding(
        finding=finding, state=State.OPEN, first_seen=at, last_seen=at, openings=(at,)
    )
    return Step(tracked=tracked, transition=_transition(TransitionKind.OPENED, tracked, at))


def _present(tracked: TrackedFinding, finding: Finding, at: datetime, flapping: Flapping) -> Step:
    if tracked.state is not State.OPEN:
        return _reopen(tracked, finding, at, flapping)
    if not _is_contested(tracked):
        return _see(tracked, finding, at)
    contested = _stay_contested(tracked, finding, at, flapping)
    calm = calm_at(contested, flapping)
    if calm is not None and at >= calm:
        return _move(TransitionKind.UPDATED, replace(contested, finding=finding), at)
    return Step(tracked=contested)


def _reopen(tracked: TrackedFinding, finding: Finding, at: datetime, flapping: Flapping) -> Step:
    openings = _openings(tracked, at, flapping)
    if len(openings) >= flapping.openings:
        finding = _contest(finding, openings)
    reopened = replace(
        tracked,
        finding=finding,
        state=State.OPEN,
        last_seen=at,
        resolved_at=None,
        resolution=None,
        openings=openings,
    )
    return _move(TransitionKind.REOPENED, reopened, at)


def _see(tracked: TrackedFinding, finding: Finding, at: datetime) -> Step:
    """Look at an open finding again: news only if it says something else than before."""
    seen = replace(tracked, finding=finding, last_seen=max(at, tracked.last_seen))
    if _substance(finding) == _substance(tracked.finding):
        return Step(tracked=seen)
    return _move(TransitionKind.UPDATED, seen, at)


def _stay_contested(
    tracked: TrackedFinding, finding: Finding, at: datetime, flapping: Flapping
) -> TrackedFinding:
    openings = _openings(tracked, at, flapping) if _is_away(tracked) else tracked.openings
    message, category = tracked.finding.message, Category.CONTESTED
    kept = replace(finding, category=category, message=message)
    return replace(tracked, finding=kept, last_seen=at, openings=openings)


def _openings(tracked: TrackedFinding, at: datetime, flapping: Flapping) -> tuple[datetime, ...]:
    """The openings within the window, this one included; never more than tell flapping."""
    recent = tuple(opened for opened in tracked.openings if at - opened < flapping.window)
    return (*recent, at)[-flapping.openings :]


def _contest(finding: Finding, openings: tuple[datetime, ...]) -> Finding:
    seconds = round((openings[-1] - openings[0]).total_seconds())
    message = (
        f"Contested: opened {len(openings)} times within {seconds} s, so two writers disagree. "
        f"Last: {finding.message}"
    )
    return replace(finding, category=Category.CONTESTED, message=message)


# --- the finding is not there -----------------------------------------------------------------------


def _absent(
    tracked: TrackedFinding, outcome: Outcome, at: datetime, flapping: Flapping
) -> Step | None:
    if tracked.state is State.RESOLVED:
        return None
    if _is_hidden(tracked.finding, outcome):
        return _suppress(tracked, at)
    if tracked.finding.check in outcome.ripening:
        return _keep(tracked, at)
    if _is_contested(tracked) and outcome.present:
        return _rest(tracked, outcome, at, flapping)
    return _resolve(tracked, outcome, at)


def _keep(tracked: TrackedFinding, at: datetime) -> Step | None:
    """Something is still wrong, or is again: what is open already need not ripen once more."""
    if tracked.state is not State.OPEN:
        return None
    return Step(tracked=replace(tracked, last_seen=max(at, tracked.last_seen)))


def _suppress(tracked: TrackedFinding, at: datetime) -> Step | None:
    if tracked.state is State.SUPPRESSED:
        return None
    return _move(TransitionKind.SUPPRESSED, replace(tracked, state=State.SUPPRESSED), at)


def _rest(
    tracked: TrackedFinding, outcome: Outcome, at: datetime, flapping: Flapping
) -> Step | None:
    """Keep a contested finding open although all is well now, until it was well for long enough."""
    if not _is_away(tracked):
        away = replace(tracked.finding, verdict=outcome.verdict)
        return Step(tracked=replace(tracked, finding=away, last_seen=at))
    calm = calm_at(tracked, flapping)
    return _resolve(tracked, outcome, at) if calm is not None and at >= calm else None


def _resolve(tracked: TrackedFinding, outcome: Outcome, at: datetime) -> Step:
    resolved = replace(
        tracked,
        state=State.RESOLVED,
        resolved_at=at,
        resolution=_resolution(tracked, outcome),
    )
    return _move(TransitionKind.RESOLVED, resolved, at)


def _resolution(tracked: TrackedFinding, outcome: Outcome) -> Resolution:
    """Tell which side moved.

    The declaration moved if it is younger than this opening while the object is the very one that
    was judged then.
    """
    if not outcome.present:
        return Resolution.GONE
    if tracked.finding.category is Category.UNRECONCILED:
        return Resolution.APPLIED
    declared = outcome.declared is not None and outcome.declared > tracked.opened
    if declared and outcome.actual_version == tracked.finding.actual_version:
        return Resolution.CODIFIED
    if tracked.finding.category is Category.LAGGING:
        return Resolution.APPLIED
    return Resolution.REVERTED


# --- facts ------------------------------------------------------------------------------------------


def _move(kind: TransitionKind, tracked: TrackedFinding, at: datetime) -> Step:
    moved = replace(tracked, generation=tracked.generation + 1)
    return Step(tracked=moved, transition=_transition(kind, moved, at))


def _transition(kind: TransitionKind, tracked: TrackedFinding, at: datetime) -> Transition:
    return Transition(kind=kind, tracked=tracked, at=at)


def _is_contested(tracked: TrackedFinding) -> bool:
    return tracked.state is State.OPEN and tracked.finding.category is Category.CONTESTED


def _is_away(tracked: TrackedFinding) -> bool:
    """Whether a contested finding's drift was not there at the last look."""
    return tracked.finding.verdict is not Verdict.DRIFTED


def _is_hidden(finding: Finding, outcome: Outcome) -> bool:
    """Whether an ignore rule hides what the finding is about, or any part of it."""
    paths = {difference.path for difference in finding.differences}
    return any(
        hidden.check == finding.check
        and (hidden.difference is None or hidden.difference.path in paths)
        for hidden in outcome.suppressed
    )


def _substance(finding: Finding) -> tuple[Any, ...]:
    """What makes a finding news: neither times, nor messages, nor where it was declared."""
    differences = {difference.path: _said(difference) for difference in finding.differences}
    return finding.category, finding.severity, finding.verdict, differences


def _said(difference: Difference) -> tuple[Any, ...]:
    return difference.op, difference.desired, difference.actual, _who(difference.writer)


def _who(writer: Writer | None) -> tuple[str, str, str | None] | None:
    return (writer.manager, writer.operation, writer.subresource) if writer else None
