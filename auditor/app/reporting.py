"""What a worker knows, as one report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from auditor.domain.report import Report
from auditor.pipeline.worker import Knowledge


def report_of(knowledge: Knowledge, problems: Sequence[str] = ()) -> Report:
    """Everything that is open now, worst first, and what is not known."""
    findings = sorted(
        knowledge.ledger.open_findings(),
        key=lambda tracked: (tracked.finding.severity.rank, str(tracked.finding.ref)),
    )
    return Report(
        findings=tuple(findings),
        summary=knowledge.verdicts.summary(),
        problems=(*problems, *_doubts(knowledge)),
    )


def _doubts(knowledge: Knowledge) -> list[str]:
    doubts = Counter(
        f"{ref.cluster}: {ref.group_kind} is unknown ({doubt})"
        for ref, _, doubt in knowledge.verdicts.all()
        if doubt is not None
    )
    return [f"{place}: {count} objects" for place, count in sorted(doubts.items())]
