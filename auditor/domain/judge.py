"""From deviations to an outcome: which side moved, how bad it is, what can be done.

Deviations say that desired and actual differ. Whether that is drift depends on what was declared
before: what the cluster would not differ in from an earlier declaration was moved by Git, and is
*pending* until its time is over, then *lagging*; and *pending* for as long as its owner itself is found to be
behind, for one cause is one finding. The rest was moved in the cluster and is drift. What is
wrong with reconciliation itself was moved by nobody, and some of it is a finding only if it lasts.
This module refuses to find differences itself: it is given a comparison and calls it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from auditor.domain import checks
from auditor.domain.belonging import owner_in
from auditor.domain.fieldpath import FieldPath
from auditor.domain.finding import (
    Category,
    Deviation,
    Finding,
    Outcome,
    Severity,
    Suppression,
    Verdict,
)
from auditor.domain.generated import specialised
from auditor.domain.gitops.sync_windows import time_is_over
from auditor.domain.lateness import holds_back
from auditor.domain.manifest import Manifest, Origin
from auditor.domain.pair import Pair, Superseded
from auditor.domain.remedies import remedies_for
from auditor.domain.rules import Rules, Sifted, sift

Comparison = Callable[[Pair], Iterable[Deviation]]
"""All comparators together."""

_STANDING_FOR_OTHERS: Final = frozenset(
    {checks.BEHIND_SOURCE.id, checks.BEHIND_GIT.id, checks.NOT_COMPARED.id}
)
"""Told in place of every object that waits for it, with the time that those would have."""
_MOVED_BY_NOBODY: Final = frozenset({Category.UNRECONCILED, Category.INVALID})
"""What no tool mends by applying: it does not do its work, or the declaration itself is wrong."""
_LONGEST: Final = timedelta(days=365)
"""No patience of anybody is longer."""


@dataclass(frozen=True, slots=True)
class _Lag:
    """What Git moved, and since when the cluster could have followed."""

    deviations: tuple[Deviation, ...]
    since: datetime


@dataclass(frozen=True, slots=True)
class _Moved:
    """Deviations by the side that moved."""

    by_cluster: tuple[Deviation, ...]
    by_git: _Lag | None = None


def judge(pair: Pair, compare: Comparison, rules: Rules, *, at: datetime) -> Outcome:
    """Judge one pair at a moment."""
    if pair.doubt is not None:
        return replace(_outcome(pair, Verdict.UNKNOWN), doubt=pair.doubt)
    deviations = _compared(pair, compare)
    if not deviations:
        return _outcome(pair, Verdict.IN_SYNC)
    rules = rules.about(pair)
    sifted = sift(deviations, pair, rules, at=at)
    outcome = _outcome(pair, Verdict.IN_SYNC)
    if sifted.kept:
        moved = _which_side(pair, sifted, compare, rules, at=at)
        outcome = _conclude(pair, moved, rules, at=at)
    return _hiding(outcome, sifted.suppressed) if sifted.suppressed else outcome


def _compared(pair: Pair, compare: Comparison) -> tuple[Deviation, ...]:
    return tuple(specialised(pair, deviation) for deviation in compare(pair))


def _hiding(outcome: Outcome, suppressed: tuple[Suppression, ...]) -> Outcome:
    """An outcome that must be looked at again when the first of the rules expires."""
    times = (outcome.look_again, *(hidden.expires for hidden in suppressed))
    soonest = min((time for time in times if time), default=None)
    return replace(outcome, suppressed=suppressed, look_again=soonest)


def _conclude(pair: Pair, moved: _Moved, rules: Rules, *, at: datetime) -> Outcome:
    ripening = [(deviation, _ripens(deviation, rules)) for deviation in moved.by_cluster]
    findings = [_finding(pair, one, rules) for one, due in ripening if due is None or at >= due]
    young = {one.check: due for one, due in ripening if due is not None and at < due}
    waiting = list(young.values())
    if lag := moved.by_git:
        due = time_is_over(pair.windows, lag.since, _turn(pair.patience, rules))
        is_told = holds_back(pair, since=lag.since) is not None
        findings += _overdue(pair, lag, rules) if at >= due and not is_told else []
        waiting += [due] if at < due else []
    verdict = Verdict.DRIFTED if findings else Verdict.PENDING
    return replace(
        _outcome(pair, verdict),
        findings=tuple(findings),
        look_again=min(waiting, default=None),
        ripening=frozenset(young),
    )


def _turn(interval: timedelta | None, rules: Rules) -> timedelta:
    """How long the cluster may be behind.

    A tool that looks but every hour has its turn within the hour, and then as long as any other to apply.
    """
    if interval is None:
        return rules.lagging_after
    turn = min(interval, _LONGEST)
    return max(rules.lagging_after, turn + min(turn, rules.lagging_after))


def _ripens(deviation: Deviation, rules: Rules) -> datetime | None:
    """When a deviation becomes a finding by time; None for one that is a finding at once.

    Deletion takes its time: finalizers run. Only one that takes too long is stuck.
    """
    if deviation.since is None:
        return None
    if deviation.check == checks.TERMINATING.id:
        return deviation.since + rules.terminating_after
    if deviation.check in _STANDING_FOR_OTHERS:
        return deviation.since + _turn(deviation.patience, rules)
    own = min(deviation.patience or timedelta(), _LONGEST)
    return deviation.since + max(own, rules.lagging_after)


def _outcome(pair: Pair, verdict: Verdict) -> Outcome:
    return Outcome(
        ref=pair.ref,
        verdict=verdict,
        declared=pair.earlier[0].until if pair.earlier else None,
        actual_version=_content_version(pair.actual),
        present=pair.desired is not None or pair.actual is not None,
        audited=pair.desired is not None or verdict in {Verdict.DRIFTED, Verdict.PENDING},
    )


def _which_side(
    pair: Pair, sifted: Sifted, compare: Comparison, rules: Rules, *, at: datetime
) -> _Moved:
    """Split deviations into what the cluster moved and what Git moved."""
    lasting = tuple(one for one in sifted.kept if one.category in _MOVED_BY_NOBODY)
    kept = tuple(one for one in sifted.kept if one.category not in _MOVED_BY_NOBODY)
    best = _Moved(kept)
    for earlier in pair.earlier:
        if not best.by_cluster:
            break
        before = _deviations_from(earlier, pair, compare, rules, at=at)
        drift, lag = _divided(kept, before)
        if _weight(drift) < _weight(best.by_cluster):
            best = _Moved(drift, _Lag(lag, earlier.until))
    return _Moved((*lasting, *best.by_cluster), best.by_git)


def _deviations_from(
    earlier: Superseded, pair: Pair, compare: Comparison, rules: Rules, *, at: datetime
) -> tuple[Deviation, ...]:
    then = pair.declaring(earlier.manifest)
    return sift(_compared(then, compare), then, rules, at=at).kept


def _divided(
    now: tuple[Deviation, ...], before: tuple[Deviation, ...]
) -> tuple[tuple[Deviation, ...], tuple[Deviation, ...]]:
    """Divide into what deviates from both declarations, which no change of Git explains, and the rest."""
    known = {(d.check, diff.path) for d in before for diff in d.differences}
    bare = {d.check for d in before if not d.differences}

    def stands(check: str, path: FieldPath | None) -> bool:
        return check in bare if path is None else (check, path) in known

    return _select(now, stands), _select(now, lambda check, path: not stands(check, path))


def _select(
    deviations: tuple[Deviation, ...], wanted: Callable[[str, FieldPath | None], bool]
) -> tuple[Deviation, ...]:
    chosen = []
    for deviation in deviations:
        if not deviation.differences:
            chosen += [deviation] if wanted(deviation.check, None) else []
            continue
        kept = tuple(d for d in deviation.differences if wanted(deviation.check, d.path))
        chosen += [replace(deviation, differences=kept)] if kept else []
    return tuple(chosen)


def _weight(deviations: tuple[Deviation, ...]) -> int:
    return sum(len(deviation.differences) or 1 for deviation in deviations)


def _overdue(pair: Pair, lag: _Lag, rules: Rules) -> list[Finding]:
    """One lagging finding for all that is declared; what is declared no more is an orphan already."""
    if pair.desired is None:
        return [_finding(pair, deviation, rules) for deviation in lag.deviations]
    what = "is not there yet" if pair.actual is None else "still is as it was declared before"
    merged = Deviation(
        check=checks.LAGGING.id,
        category=Category.LAGGING,
        message=f"{pair.ref} {what}: Git moved at {_stamp(lag.since)}",
        differences=tuple(d for deviation in lag.deviations for d in deviation.differences),
        severity=min(
            (d.severity for d in lag.deviations if d.severity),
            key=lambda severity: severity.rank,
            default=None,
        ),
    )
    return [replace(_finding(pair, merged, rules), began=lag.since)]


def _finding(pair: Pair, deviation: Deviation, rules: Rules) -> Finding:
    manifest = pair.desired or pair.actual
    return Finding(
        ref=pair.ref,
        version=manifest.version if manifest else "",
        check=deviation.check,
        category=deviation.category,
        severity=_severity(pair, deviation, rules),
        verdict=Verdict.DRIFTED,
        message=deviation.message,
        differences=deviation.differences,
        origin=_origin(pair),
        owner=owner_in(pair),
        began=_began(deviation),
        actual_version=_content_version(pair.actual),
        remedies=remedies_for(pair, deviation),
    )


def _origin(pair: Pair) -> Origin | None:
    manifests = (pair.desired, *(earlier.manifest for earlier in pair.earlier))
    on_record = pair.left_over.origin if pair.left_over else None
    return next((m.origin for m in manifests if m is not None and m.origin is not None), on_record)


def _severity(pair: Pair, deviation: Deviation, rules: Rules) -> Severity:
    for rule in rules.severity:
        if rule.matches(deviation, pair):
            return rule.severity
    known = checks.BY_ID.get(deviation.check)
    return deviation.severity or (known.severity if known else Severity.MEDIUM)


def _began(deviation: Deviation) -> datetime | None:
    """Since when it is so, or when the oldest of the differing fields was written."""
    if deviation.since is not None:
        return deviation.since
    times = [d.writer.time for d in deviation.differences if d.writer and d.writer.time]
    return min(times, default=None)


def _content_version(manifest: Manifest | None) -> str:
    """What changes when the object is written, but not when only its status is.

    Kinds with a status count their generation; the others have nothing but the resource version.
    https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/
    """
    if manifest is None:
        return ""
    metadata = manifest.metadata
    return str(metadata.get("generation") or metadata.get("resourceVersion", ""))


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
