"""The answer of a whole audit, as ``scan``, ``diff`` and the API print it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from auditor.domain.report import Proposal, Report, Summary
from auditor.wire.finding import FindingDocument, show
from auditor.wire.model import to_json


class SummaryDocument(BaseModel):
    """How many objects got each verdict."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    objects: int
    in_sync: int
    drifted: int
    pending: int
    unknown: Annotated[int, Field(description="Not judged: neither drifted nor in sync.")]


class ProposalDocument(BaseModel):
    """Two commits that were compared: every finding says what moving to the second would do."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    revisions: Annotated[
        str, Field(description="As they were asked for.", examples=["main...HEAD"])
    ]
    before: Annotated[str, Field(description="A commit id.")]
    after: Annotated[str, Field(description="A commit id.")]
    cluster: Annotated[str, Field(description="Empty where no cluster was asked.")] = ""
    unknown: Annotated[
        tuple[str, ...],
        Field(description="What cannot be known of either commit, and does not itself differ."),
    ] = ()


class ReportDocument(BaseModel):
    """Every finding, the summary, and what could not be looked at."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    SCHEMA: ClassVar[str] = "report.v1"

    findings: tuple[FindingDocument, ...]
    summary: SummaryDocument
    problems: Annotated[
        tuple[str, ...], Field(description="With any, the absence of findings proves nothing.")
    ] = ()
    proposal: Annotated[
        ProposalDocument | None, Field(description="Only where revisions were compared.")
    ] = None


def encode_report(report: Report) -> bytes:
    """Write a report as one JSON object."""
    return to_json(show_report(report))


def show_report(report: Report) -> dict[str, Any]:
    """Lay a report out as `ReportDocument` describes it."""
    return {
        "findings": [show(tracked) for tracked in report.findings],
        "summary": show_summary(report.summary),
        "problems": list(report.problems),
    } | _show_proposal(report.proposal)


def _show_proposal(proposal: Proposal | None) -> dict[str, Any]:
    return {"proposal": asdict(proposal)} if proposal else {}


def show_summary(summary: Summary) -> dict[str, int]:
    """Lay a summary out as `SummaryDocument` describes it."""
    return {name: getattr(summary, name) for name in SummaryDocument.model_fields}
