"""An explanation is told step by step."""

from __future__ import annotations

import json

import yaml

from auditor.domain.difference import REDACTED, Op, Writer
from auditor.domain.finding import Verdict
from auditor.domain.pathtext import parse_path
from auditor.domain.reasoning import Reason
from auditor.domain.report import Explanation, Step
from auditor.reports.explanation import WRITERS
from auditor.reports.forms import Form
from tests.builders import ref
from tests.doubles import START
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


_FIELDS = Explanation(
    ref=ref(),
    verdict=Verdict.DRIFTED,
    steps=(),
    fields=(
        Reason(
            path=parse_path("spec.type"),
            op=Op.ADDED,
            expected=True,
            because="the default",
            schema="a value",
            actual="ClusterIP",
        ),
        Reason(
            path=parse_path("spec.cpu"),
            op=None,
            expected=True,
            because="two spellings",
            schema="a value read as quantity",
            desired="1000m",
            actual=1,
            compared_as=("1", "1"),
        ),
        Reason(
            path=parse_path("spec.replicas"),
            op=Op.CHANGED,
            expected=False,
            because="declared",
            schema="a value",
            desired=2,
            actual=5,
            writer=Writer(manager="kubectl\x1b", operation="Update", time=START),
            rule="night-shift",
        ),
    ),
)


def test_every_field_is_accounted_for_drift_first() -> None:
    """Both sides, the schema, the writer, the reason and the rule."""
    assert WRITERS[Form.TABLE](_FIELDS).splitlines()[2:-2] == [
        "",
        "fields that differ",
        "   spec.replicas",
        "      2 → 5",
        "      schema: a value",
        f"      written by kubectl\\u001b, {START:%Y-%m-%d %H:%M:%SZ}",
        "      drift: declared",
        "      hidden by the rule night-shift",
        "",
        "fields that differ and are expected",
        "   spec.type",
        '      added: "ClusterIP"',
        "      schema: a value",
        "      expected: the default",
        "   spec.cpu",
        '      "1000m" and 1',
        "      compared as 1 and 1",
        "      schema: a value read as quantity",
        "      expected: two spellings",
    ]


def test_programs_get_every_field_as_well() -> None:
    """With what is not known as null."""
    default, spelling, drift = json.loads(WRITERS[Form.JSON](_FIELDS))["fields"]

    assert (default["expected"], default["writer"], default["rule"]) == (True, None, None)
    assert (spelling["op"], spelling["comparedAs"]) == (None, ["1", "1"])
    assert drift["writer"]["time"] == f"{START:%Y-%m-%dT%H:%M:%SZ}"
    assert drift["rule"] == "night-shift"


def test_a_redacted_value_stays_redacted() -> None:
    """It is said that it differs, and nothing else."""
    reason = Reason(
        path=parse_path("data.password"),
        op=Op.CHANGED,
        expected=False,
        because="declared",
        schema="a value read as bytes",
        desired=REDACTED,
        actual=REDACTED,
    )
    explanation = Explanation(ref=ref(), verdict=Verdict.DRIFTED, steps=(), fields=(reason,))

    assert "      changed" in WRITERS[Form.TABLE](explanation).splitlines()
