"""What ignore rules hide, for people: rule by rule, so that one that hides too much stands out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from auditor.domain.finding import Suppression
from auditor.domain.identity import ObjectRef
from auditor.reports.wording import count_of, safe, show_difference, show_time, show_writer

Hidden = tuple[ObjectRef, Suppression]


def write_hidden(hidden: Iterable[Hidden]) -> str:
    """Write one block for each rule, with all that it hides below it."""
    ordered = sorted(hidden, key=lambda one: (one[1].rule, one[0]))
    blocks = groupby(ordered, key=lambda one: one[1].rule)
    lines = [line for _, block in blocks for line in _block(list(block))]
    rules = {one[1].rule for one in ordered}
    told = f"{count_of(len(ordered), 'difference')} hidden by {count_of(len(rules), 'rule')}"
    return "\n".join([*lines, told if ordered else "nothing is hidden"]) + "\n"


def _block(hidden: list[Hidden]) -> Iterator[str]:
    rule = hidden[0][1]
    until = f"until {show_time(rule.expires)}" if rule.expires else "for good"
    yield f"{safe(rule.rule)}  {safe(rule.owner)}, {until}  hides {len(hidden)}"
    yield f"  {safe(rule.reason)}"
    for ref, suppression in hidden:
        yield f"  {safe(str(ref))} on {safe(ref.cluster)}  {suppression.check}"
        yield from _difference(suppression)
    yield ""


def _difference(suppression: Suppression) -> Iterator[str]:
    difference = suppression.difference
    if difference is None:
        yield "      all of it"
        return
    sides, writer = show_difference(difference), show_writer(difference.writer)
    yield f"      {safe(str(difference.path))}  {sides}  {writer}"
