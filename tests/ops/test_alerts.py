"""The alert rules: valid, documented, and each shown to fire and to stay silent."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from auditor.domain.finding import Category, Severity
from tests.ops.places import OPERATIONS, RULES, read_yaml
from tests.stack import packages

CASES = Path(__file__).parent / "alerts_test.yaml"
ALERTS: dict[str, dict[str, Any]] = {
    rule["alert"]: rule for group in read_yaml(RULES)["groups"] for rule in group["rules"]
}


def run_promtool(*arguments: str | Path) -> None:
    """Run promtool and show what it said where it is not content."""
    done = subprocess.run(
        (packages.locate("promtool"), *arguments), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def anchors(markdown: str) -> set[str]:
    """The anchors of a document's headings, as renderers of Markdown make them."""
    headings = re.findall(r"^#+ (.+)$", markdown, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


def expectations(alert: str) -> list[bool]:
    """For each moment that the cases look at an alert: whether it is expected to fire."""
    return [
        bool(look["exp_alerts"])
        for case in read_yaml(CASES)["tests"]
        for look in case["alert_rule_test"]
        if look["alertname"] == alert
    ]


def test_promtool_accepts_the_rules() -> None:
    """The rules are what Prometheus loads."""
    run_promtool("check", "rules", RULES)


def test_alerts_fire_and_stay_silent() -> None:
    """On series made for it, every alert does what its case says, texts included."""
    run_promtool("test", "rules", CASES)


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_is_seen_firing_and_silent(alert: str) -> None:
    """An alert that is only seen firing may be one that always fires."""
    assert set(expectations(alert)) == {True, False}


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_leads_to_its_runbook(alert: str) -> None:
    """The runbook is a section of the operations guide, of the alert's own name."""
    page, _, anchor = ALERTS[alert]["annotations"]["runbook_url"].partition("#")

    assert page.endswith(f"docs/{OPERATIONS.stem}")
    assert anchor == alert.lower()
    assert anchor in anchors(OPERATIONS.read_text())


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_can_be_routed(alert: str) -> None:
    """It says in a sentence what is wrong, in more what that means, and whom it wakes."""
    annotations = ALERTS[alert]["annotations"]

    assert annotations.keys() == {"summary", "description", "runbook_url"}
    assert ALERTS[alert]["labels"] == {"severity": ALERTS[alert]["labels"]["severity"]}
    assert ALERTS[alert]["labels"]["severity"] in {"warning", "critical"}


@pytest.mark.parametrize("alert", ALERTS)
def test_alerts_ask_for_values_that_exist(alert: str) -> None:
    """A misspelt severity or category would make an alert that never fires."""
    asked = re.findall(r'(severity|category)=~?"([^"]+)"', ALERTS[alert]["expr"])
    known: dict[str, set[str]] = {"severity": set(Severity), "category": set(Category)}

    assert all(set(values.split("|")) <= known[label] for label, values in asked)
