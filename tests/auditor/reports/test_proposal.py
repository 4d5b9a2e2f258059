"""Reports of what would happen keep the contract of all reports, and speak of the future."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from auditor.domain import checks
from auditor.domain.difference import REDACTED, Difference, Op
from auditor.domain.fieldpath import FieldPath
from auditor.domain.report import Proposal, Report, Summary
from auditor.reports.forms import WRITERS, Form
from auditor.reports.proposal import show_move
from auditor.wire.report import ReportDocument
from tests.contracts.report_contract import ReportContract
from tests.findings import tracked

PROPOSAL = Proposal(revisions="main...HEAD", before="a" * 40, after="b" * 40)


class Proposed(ReportContract):
    """A form, of what would happen."""

    form: Form

    def write(self, report: Report) -> str:
        return WRITERS[self.form](replace(report, proposal=PROPOSAL))


class TestTable(Proposed):
    form = Form.TABLE


class TestJson(Proposed):
    form = Form.JSON


class TestYaml(Proposed):
    form = Form.YAML


class TestSarif(Proposed):
    form = Form.SARIF


class TestMarkdown(Proposed):
    form = Form.MARKDOWN


def difference(op: Op, desired: object = None, actual: object = None) -> Difference:
    return Difference(
        path=FieldPath(("spec", "x")), pointer="/spec/x", op=op, desired=desired, actual=actual
    )


@pytest.mark.parametrize(
    ("move", "text"),
    [
        (difference(Op.CHANGED, 2, 1), "1 → 2"),
        (difference(Op.REMOVED, 2), "would be added: 2"),
        (difference(Op.ADDED, None, 1), "would be removed: 1"),
        (difference(Op.CHANGED, REDACTED, REDACTED), "would change"),
        (difference(Op.REMOVED, REDACTED), "would be added"),
        (difference(Op.ADDED, None, REDACTED), "would be removed"),
    ],
)
def test_a_field_moves_from_before_to_after(move: Difference, text: str) -> None:
    """What drift calls removed is declared and not there: it would be added."""
    assert show_move(move) == text


def test_the_last_line_counts_by_what_would_happen() -> None:
    """With the revisions, the cluster, and how much stays."""
    report = Report(
        findings=(
            tracked("a", check=checks.WOULD_CREATE.id),
            tracked("b", check=checks.WOULD_DELETE.id),
            tracked("c", check=checks.INVALID.id),
        ),
        summary=Summary(objects=5, in_sync=2, pending=3),
        problems=("one is unknown",),
        proposal=replace(PROPOSAL, cluster="prod"),
    )

    counted, problem = WRITERS[Form.TABLE](report).splitlines()[-2:]

    assert counted == (
        "main...HEAD on prod: 1 object would be created, 1 object would be deleted, 1 mistake "
        "· 2 objects would stay"
    )
    assert problem == "not compared: one is unknown"


def test_nothing_to_change_is_said() -> None:
    """In words that can be taken for nothing else."""
    nothing = Report(proposal=PROPOSAL)

    assert WRITERS[Form.TABLE](nothing) == "main...HEAD: nothing would change\n"
    assert WRITERS[Form.MARKDOWN](nothing).startswith("### What would change: nothing\n")


def test_the_published_document_names_the_revisions() -> None:
    """And one about what happened does not have them at all."""
    document = ReportDocument.model_validate_json(WRITERS[Form.JSON](Report(proposal=PROPOSAL)))

    assert document.proposal is not None
    assert document.proposal.before == "a" * 40
    assert "proposal" not in json.loads(WRITERS[Form.JSON](Report()))


def test_many_differences_are_cut_in_a_comment() -> None:
    """A comment has a limited length."""
    many = tuple(difference(Op.CHANGED, n, n + 1) for n in range(25))
    report = Report(findings=(tracked(differences=many),) * 201, proposal=PROPOSAL)

    text = WRITERS[Form.MARKDOWN](report)

    assert "- … and 5 more" in text
    assert text.endswith("… and 1 more.\n")
