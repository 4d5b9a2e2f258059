"""An explanation is told step by step."""

from __future__ import annotations

import json

import yaml

from auditor.domain.finding import Verdict
from auditor.domain.report import Explanation, Step
from auditor.reports.explanation import WRITERS
from auditor.reports.forms import Form
from tests.builders import ref
from tests.findings import tracked

_EXPLANATION = Explanation(
    ref=ref(),
    verdict=Verdict.DRIFTED,
    steps=(
        Step(title="declared", facts=("platform apps/web.yaml:12",)),
        Step(title="compared", facts=("spec.replicas: 2 → 5", "by kubectl\x1b[2J")),
    ),
    findings=(tracked(),),
)


def test_steps_are_numbered_and_end_in_the_verdict() -> None:
    """What could move a cursor is spelled out."""
    assert WRITERS[Form.TABLE](_EXPLANATION).splitlines() == [
        "apps/Deployment/shop/web on prod",
        "",
        "1. declared",
        "   platform apps/web.yaml:12",
        "2. compared",
        "   spec.replicas: 2 → 5",
        "   by kubectl\\u001b[2J",
        "",
        "verdict: drifted",
    ]


def test_programs_get_the_same() -> None:
    """With the findings in their published form."""
    document = json.loads(WRITERS[Form.JSON](_EXPLANATION))

    assert document["verdict"] == "drifted"
    assert document["object"]["kind"] == "Deployment"
    assert document["steps"][0] == {"title": "declared", "facts": ["platform apps/web.yaml:12"]}
    assert document["findings"][0]["id"] == tracked().fingerprint
    assert yaml.safe_load(WRITERS[Form.YAML](_EXPLANATION)) == document
