"""Every form keeps the contract, and looks as it looked before."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
import yaml
from rich.console import Console

from auditor.domain.checks import ALL
from auditor.domain.finding import Severity
from auditor.domain.report import Report
from auditor.reports.forms import WRITERS, Form
from auditor.reports.table import print_table
from auditor.wire.report import ReportDocument
from tests.auditor.reports.cases import ENDINGS, GOLDEN, full_report
from tests.contracts.report_contract import ReportContract
from tests.findings import tracked


class TestTable(ReportContract):
    def write(self, report: Report) -> str:
        return WRITERS[Form.TABLE](report)


class TestJson(ReportContract):
    def write(self, report: Report) -> str:
        return WRITERS[Form.JSON](report)


class TestYaml(ReportContract):
    def write(self, report: Report) -> str:
        return WRITERS[Form.YAML](report)


class TestSarif(ReportContract):
    def write(self, report: Report) -> str:
        return WRITERS[Form.SARIF](report)


class TestMarkdown(ReportContract):
    def write(self, report: Report) -> str:
        return WRITERS[Form.MARKDOWN](report)


@pytest.mark.parametrize("form", list(Form))
def test_a_full_report_looks_as_it_did(form: Form) -> None:
    """If the change is wanted: python -m tests.auditor.reports.cases."""
    golden = (GOLDEN / f"report.{ENDINGS[form]}").read_text()

    assert WRITERS[form](full_report()) == golden


# --- json and yaml ---------------------------------------------------------------------------------


def test_json_is_the_published_document() -> None:
    """What is read back is what was found."""
    document = ReportDocument.model_validate_json(WRITERS[Form.JSON](full_report()))

    assert tuple(one.value() for one in document.findings) == full_report().findings


def test_yaml_says_the_same_as_json() -> None:
    """In another spelling."""
    report = full_report()

    assert yaml.safe_load(WRITERS[Form.YAML](report)) == json.loads(WRITERS[Form.JSON](report))


# --- sarif -----------------------------------------------------------------------------------------


def _run(report: Report) -> dict[str, Any]:
    log = json.loads(WRITERS[Form.SARIF](report))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    assert isinstance(run, dict)
    return run


def test_sarif_has_what_the_standard_requires() -> None:
    """Section 3.27: a message in each result, a rule that the driver names at the index it gives."""
    run = _run(full_report())
    rules = run["tool"]["driver"]["rules"]

    assert [rule["id"] for rule in rules] == [check.id for check in ALL]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in {"error", "warning", "note"}
        assert result["message"]["text"]


def test_sarif_points_at_the_declaration() -> None:
    """File and line, as a relative URI."""
    changed, secret, *_ = _run(full_report())["results"]
    place = changed["locations"][0]["physicalLocation"]

    assert place == {
        "artifactLocation": {"uri": "apps/web.yaml"},
        "region": {"startLine": 12},
    }
    uri = secret["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "secrets/log%20in.yaml"


def test_sarif_gives_what_no_file_declares_a_place() -> None:
    """Code scanning takes no result without one."""
    _, _, unmanaged, *_ = _run(full_report())["results"]
    place = unmanaged["locations"][0]["physicalLocation"]

    assert place["artifactLocation"]["uri"] == "kubernetes/prod/Pod/shop/debug"


def test_sarif_keeps_one_alert_across_runs() -> None:
    """The fingerprint is that of the finding."""
    one = tracked("web")
    (result,) = _run(Report(findings=(one,)))["results"]

    assert result["partialFingerprints"] == {"driftFinding/v1": one.fingerprint}


def test_sarif_marks_what_is_suppressed_and_leaves_out_what_ended() -> None:
    """An alert that is in no result any more is closed."""
    results = _run(full_report())["results"]

    assert [bool(result.get("suppressions")) for result in results] == [False, False, False, True]


def test_sarif_says_that_a_run_was_not_complete() -> None:
    """So that nobody takes missing alerts for mended drift."""
    (invocation,) = _run(full_report())["invocations"]

    assert invocation["executionSuccessful"] is False
    assert "stage" in invocation["toolExecutionNotifications"][0]["message"]["text"]


# --- markdown --------------------------------------------------------------------------------------


@pytest.mark.parametrize("hostile", ["`</code>`", "a|b", "@everyone", "<script>", "[x](y)"])
def test_markdown_from_clusters_is_inert(hostile: str) -> None:
    """Mentions, markup and cells' ends stand in code spans and cannot leave them."""
    text = WRITERS[Form.MARKDOWN](Report(problems=(hostile,)))
    (line,) = [line for line in text.splitlines() if "Not audited" in line]
    span = line.removeprefix("> **Not audited:** ")

    assert span.startswith("`")
    assert span.endswith("`")
    assert "`" not in span[1:-1]


def test_markdown_stays_within_a_comment() -> None:
    """What does not fit is counted."""
    findings = tuple(tracked(f"service-{number}") for number in range(1000))

    text = WRITERS[Form.MARKDOWN](Report(findings=findings))

    assert len(text) < 65_536
    assert "… and 800 more." in text


# --- table -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("severity", list(Severity))
def test_a_terminal_gets_colours(severity: Severity) -> None:
    """And a pipe none."""
    report = Report(findings=(tracked(severity=severity),))
    output = io.StringIO()

    print_table(report, Console(file=output, force_terminal=True, color_system="standard"))

    assert "\x1b[" in output.getvalue()
    assert "\x1b[" not in WRITERS[Form.TABLE](report)


def test_a_table_says_when_all_is_well() -> None:
    """In words, not by silence."""
    assert WRITERS[Form.TABLE](Report()).startswith("no drift found")


def test_long_values_give_way() -> None:
    """A ConfigMap may differ in a megabyte."""
    text = WRITERS[Form.TABLE](full_report())

    assert "characters)" in text
    assert max(len(line) for line in text.splitlines()) < 200
