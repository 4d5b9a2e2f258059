"""A case passes where exactly what it expects is found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor.app.graph import load_comparison
from auditor.errors import ConfigError
from auditor.golden.reading import read_cases
from auditor.golden.running import Result, run_cases
from auditor.golden.writing import WRITERS
from auditor.reports.forms import Form
from tests.builders import deployment, obj
from tests.doubles import START

CHANGED = {
    "check": "K8S-002",
    "category": "changed",
    "severity": "medium",
    "differences": [{"path": "spec.replicas", "op": "changed", "writer": "kubectl"}],
}
SCALED = {
    "name": "scaled by hand",
    "why": "nobody may",
    "base": deployment(replicas=2),
    "actual": {"spec": {"replicas": 5}},
    "writers": [{"manager": "kubectl", "fields": ["f:spec f:replicas"]}],
    "expected": [CHANGED],
}


@pytest.fixture
def result_of(tmp_path: Path) -> Any:
    """Run one case of a base; its fields are given."""

    def run(**fields: Any) -> Result:
        base, rules = fields.pop("base", None), fields.pop("rules", {})
        document = {"name": "about", "base": base, "rules": rules, "cases": [fields]}
        (tmp_path / "case.yaml").write_text(yaml.safe_dump(document))
        (result,) = run_cases(read_cases([tmp_path]), load_comparison(), at=START)
        return result

    return run


def test_what_is_expected_and_found_passes(result_of: Any) -> None:
    """Check, category, severity, path, op and writer."""
    assert result_of(**SCALED).passed


@pytest.mark.parametrize(
    "other",
    [
        {"check": "K8S-001"},
        {"category": "missing"},
        {"severity": "low"},
        {"differences": []},
        {"differences": [{"path": "spec.replicas", "op": "added", "writer": "kubectl"}]},
        {"differences": [{"path": "spec.replicas", "op": "changed"}]},
        {"differences": [{"path": "spec.paused", "op": "changed", "writer": "kubectl"}]},
    ],
)
def test_whatever_is_expected_otherwise_fails(result_of: Any, other: dict[str, Any]) -> None:
    """What was missed and what was found are told as they would be expected."""
    result = result_of(**SCALED | {"expected": [CHANGED | other]})

    assert result.surplus == (CHANGED,)
    assert result.missed == (CHANGED | other,)


def test_only_what_is_expected_is_compared(result_of: Any) -> None:
    """A case may be about the check alone."""
    assert result_of(**SCALED | {"expected": [{"check": "K8S-002"}]}).passed


def test_rules_are_those_of_the_configuration(result_of: Any) -> None:
    """An ignored difference is no finding."""
    ignore = {"path": "spec.replicas", "reason": "scaled at night", "owner": "shop"}

    assert result_of(**SCALED | {"expected": [], "rules": {"ignore": [ignore]}}).passed


def test_a_hidden_text_that_is_found_fails(result_of: Any) -> None:
    """Told by its place, and not repeated."""
    settings = obj("v1", "ConfigMap", "settings", data={"password": "hunter2"})
    result = result_of(
        name="a password where none belongs",
        base=settings,
        actual={"data": {"password": "swordfish"}},
        expected=[{"check": "K8S-002"}],
        hidden=["swordfish"],
    )

    assert (result.passed, result.shown) == (False, (0,))
    assert "hidden[0]" in WRITERS[Form.TABLE]([result])
    assert not any("swordfish" in write([result]) for write in WRITERS.values())


def test_two_objects_are_no_pair(result_of: Any) -> None:
    """Somebody mixed files up; the place is named."""
    with pytest.raises(ConfigError, match=r"case\.yaml:\d+: .*not one object"):
        result_of(
            name="x",
            desired=obj("v1", "ConfigMap", "a"),
            actual=obj("v1", "ConfigMap", "b"),
            expected=[],
        )


@pytest.mark.parametrize(
    ("sides", "complaint"),
    [
        ({"desired": None, "actual": None}, "neither"),
        ({"desired": {"kind": "Pod"}, "actual": None}, "needs apiVersion"),
        ({"desired": {"apiVersion": "v1", "kind": "Pod", "metadata": []}, "actual": None}, "needs"),
    ],
)
def test_what_is_no_object_is_told(result_of: Any, sides: Any, complaint: str) -> None:
    """Rather than judged."""
    with pytest.raises(ConfigError, match=complaint):
        result_of(name="x", expected=[], **sides)


def test_a_failing_case_shows_both_sides(result_of: Any) -> None:
    """In the form in which cases write them, so that they can be copied."""
    result = result_of(**SCALED | {"expected": [{"check": "K8S-001"}]})

    assert WRITERS[Form.TABLE]([result]).splitlines() == [
        f"FAIL  about: scaled by hand  ({result.golden.place})",
        "      - expected: K8S-001",
        "      + found:    K8S-002 changed medium",
        '      +   {path: "spec.replicas", op: changed, writer: kubectl}',
        "      why it matters: nobody may",
        "1 case: 1 not as expected",
    ]


def test_programs_get_the_same(result_of: Any) -> None:
    """With file and line."""
    document = json.loads(WRITERS[Form.JSON]([result_of(**SCALED | {"expected": []})]))

    assert document["passed"] is False
    assert document["cases"][0]["surplus"] == [CHANGED]
    assert document["cases"][0]["file"].endswith("case.yaml")
