"""Compares what is declared with what lives, field by field, and names the writer of each difference.

Reports one deviation for an object whose declared fields changed or are gone, or to which fields were
added that nobody declared (``K8S-002``). Where a declared field is not there it asks whether it can be
(``K8S-008``): only then, because that takes another walk. It refuses to judge that an object is absent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from auditor.domain import checks
from auditor.domain.difference import Difference, Op
from auditor.domain.fieldpath import resolve_pointer
from auditor.domain.finding import Confidence, Deviation
from auditor.domain.pair import Pair
from auditor.domain.schema import UNKNOWN_KIND
from comparators import forms, redaction, severity
from comparators.attention import ignores_status
from comparators.expectation import Expectations, Weighed
from comparators.reasoning import explained_by, reasons
from comparators.sealed import veiled_path
from comparators.validity import validity
from comparators.walk import walk

_NAMED = 3
"""How many differing fields a message names."""


@ignores_status
@explained_by(reasons)
def structural(pair: Pair) -> Iterator[Deviation]:
    """Report how a living object differs from its declaration."""
    if pair.desired is None:
        return
    if pair.actual is None:
        yield from validity(pair)
        return
    desired, actual = forms.aligned(pair, pair.desired.body, pair.actual.body)
    walked = walk(desired, actual, pair.schema or UNKNOWN_KIND)
    if walked.is_strange or any(candidate.op is Op.REMOVED for candidate in walked.found):
        yield from validity(pair)
    if not walked.found:
        return
    expectations = Expectations(pair, pair.actual.metadata)
    found = expectations.unexpected(walked.found)
    if found:
        differences = tuple(_difference(pair, item, (desired, actual)) for item in found)
        yield _deviation(pair, differences, is_recorded=expectations.ownership.is_recorded)


def _difference(
    pair: Pair, found: Weighed, sides: tuple[Mapping[str, Any], Mapping[str, Any]]
) -> Difference:
    candidate = found.candidate
    values = (candidate.desired, candidate.actual)
    desired, actual = redaction.sides(pair.ref, sides[0], candidate.path, values)
    path, removed = veiled_path(candidate.path), candidate.op is Op.REMOVED
    return Difference(
        path=path,
        pointer=resolve_pointer(
            path if removed else candidate.living_path, sides[0] if removed else sides[1]
        ),
        op=candidate.op,
        desired=desired,
        actual=actual,
        writer=found.writer,
    )


def _deviation(pair: Pair, differences: tuple[Difference, ...], *, is_recorded: bool) -> Deviation:
    return Deviation(
        check=checks.CHANGED.id,
        category=checks.CHANGED.category,
        message=_message(pair, differences),
        differences=differences,
        severity=severity.worst(pair.ref, differences),
        confidence=Confidence.HIGH if is_recorded else Confidence.LOW,
    )


def _message(pair: Pair, differences: tuple[Difference, ...]) -> str:
    named = [f"{difference.path} {difference.op}" for difference in differences[:_NAMED]]
    more = len(differences) - len(named)
    writers = sorted({d.writer.manager for d in differences if d.writer})
    by = f" by {', '.join(writers)}" if writers else ""
    return f"{pair.ref}: {', '.join(named)}{f' and {more} more' if more else ''}{by}"
