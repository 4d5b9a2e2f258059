"""A report for code scanning: SARIF 2.1.0, each finding at the file and line that declares its object.

The format is https://docs.oasis-open.org/sarif/sarif/v2.1.0/; what GitHub reads of it is
https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support. The fingerprint
keeps one alert across runs. GitHub takes no result without a file, so an object that no file declares is
shown at a made-up path, ``kubernetes/<cluster>/<object>``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

from auditor import __version__
from auditor.domain.checks import ALL, PROPOSED, Check
from auditor.domain.difference import Difference
from auditor.domain.finding import Finding, Severity, State, TrackedFinding
from auditor.domain.report import Report
from auditor.reports.proposal import show_move
from auditor.reports.wording import (
    count_of,
    safe,
    show_difference,
    show_json,
    show_owner,
    show_path,
    show_writer,
)

_SCHEMA: Final = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS: Final = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
_INDEX: Final = {check.id: index for index, check in enumerate(ALL)}
_PROPOSED_INDEX: Final = {check.id: index for index, check in enumerate(PROPOSED)}
_SHOWN: Final = 20


def write_sarif(report: Report) -> str:
    """Write open and suppressed findings as one run."""
    shown = [tracked for tracked in report.findings if tracked.state is not State.RESOLVED]
    run = {
        "tool": {"driver": _driver(PROPOSED if report.proposal else ALL)},
        "invocations": [_invocation(report)],
        "columnKind": "unicodeCodePoints",
        "results": [_result(tracked, report) for tracked in shown],
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return show_json(log)


def _driver(checks: Sequence[Check]) -> dict[str, Any]:
    return {
        "name": "drift-auditor",
        "semanticVersion": __version__,
        "rules": [_rule(check) for check in checks],
    }


def _rule(check: Check) -> dict[str, Any]:
    return {
        "id": check.id,
        "name": "".join(word.capitalize() for word in check.category.split("_")),
        "shortDescription": {"text": check.title},
        "defaultConfiguration": {"level": _LEVELS[check.severity]},
    }


def _invocation(report: Report) -> dict[str, Any]:
    notes = [{"level": "error", "message": {"text": safe(text)}} for text in report.problems]
    return {"executionSuccessful": not notes, "toolExecutionNotifications": notes}


def _result(tracked: TrackedFinding, report: Report) -> dict[str, Any]:
    finding = tracked.finding
    result: dict[str, Any] = {
        "ruleId": finding.check,
        "level": _LEVELS[finding.severity],
        "message": {"text": _message(finding, report)},
        "locations": [_location(finding)],
        "partialFingerprints": {"driftFinding/v1": tracked.fingerprint},
        "properties": _properties(finding),
    }
    index = _PROPOSED_INDEX if report.proposal else _INDEX
    if finding.check in index:
        result["ruleIndex"] = index[finding.check]
    if tracked.state is State.SUPPRESSED:
        result["suppressions"] = [{"kind": "external"}]
    return result


def _properties(finding: Finding) -> dict[str, str]:
    found = {"cluster": finding.ref.cluster, "category": str(finding.category)}
    owner = finding.owner
    if owner is None:
        return found
    where = {"environment": owner.environment} if owner.environment else {}
    return {**found, "owner": show_owner(owner), **where}


def _message(finding: Finding, report: Report) -> str:
    lines = [f"{safe(str(finding.ref))} on {finding.ref.cluster}: {safe(finding.message)}"]
    tell = _difference
    if report.proposal:
        where = f" for {safe(finding.ref.cluster)}" if finding.ref.cluster else ""
        lines, tell = [f"{safe(finding.message)}{where}"], show_move
    lines += [f"{show_path(one)}: {tell(one)}" for one in finding.differences[:_SHOWN]]
    left_out = len(finding.differences) - _SHOWN
    lines += [f"and {count_of(left_out, 'more difference')}"] if left_out > 0 else []
    lines += [f"owned by {show_owner(finding.owner)}"] if finding.owner else []
    return "\n".join(lines)


def _difference(difference: Difference) -> str:
    return f"{show_difference(difference)}, {show_writer(difference.writer)}"


def _location(finding: Finding) -> dict[str, Any]:
    origin = finding.origin
    path = origin.path if origin else f"kubernetes/{finding.ref.cluster}/{finding.ref}"
    line = (origin.line if origin else None) or 1
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(path)},
            "region": {"startLine": line},
        },
        "logicalLocations": [
            {"name": finding.ref.name, "fullyQualifiedName": str(finding.ref), "kind": "resource"}
        ],
    }
