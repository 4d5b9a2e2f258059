"""The forms that a report can be written in, by the names that the command line gives them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final

import yaml

from auditor.domain.report import Report
from auditor.reports.markdown import write_markdown
from auditor.reports.sarif import write_sarif
from auditor.reports.table import write_table
from auditor.reports.wording import is_safe, show_json
from auditor.wire.report import encode_report


class Form(StrEnum):
    """How a report is written."""

    TABLE = "table"
    """For people."""
    JSON = "json"
    YAML = "yaml"
    SARIF = "sarif"
    """For code scanning: SARIF 2.1.0."""
    MARKDOWN = "markdown"
    """For comments on pull requests."""


def write_json(report: Report) -> str:
    """Write the published JSON, indented."""
    return show_json(json.loads(encode_report(report)))


def write_yaml(report: Report) -> str:
    """Write the published JSON as YAML."""
    encoded = encode_report(report)
    plain = is_safe(encoded.decode())  # otherwise everything beyond ASCII is spelled out
    return yaml.safe_dump(json.loads(encoded), sort_keys=False, allow_unicode=plain, width=100)


WRITERS: Final[Mapping[Form, Callable[[Report], str]]] = {
    Form.TABLE: write_table,
    Form.JSON: write_json,
    Form.YAML: write_yaml,
    Form.SARIF: write_sarif,
    Form.MARKDOWN: write_markdown,
}
