"""An explanation written down: the steps to a verdict, in their order."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import yaml

from auditor.domain.report import Explanation
from auditor.reports.forms import Form
from auditor.reports.wording import safe, show_json
from auditor.wire.finding import show
from auditor.wire.model import to_json


def write_steps(explanation: Explanation) -> str:
    """Write numbered steps, each with its facts, and the verdict at the end."""
    lines = [f"{safe(str(explanation.ref))} on {explanation.ref.cluster}", ""]
    for number, step in enumerate(explanation.steps, 1):
        lines.append(f"{number}. {safe(step.title)}")
        lines += [f"   {safe(fact)}" for fact in step.facts]
    return "\n".join([*lines, "", f"verdict: {explanation.verdict}"]) + "\n"


def _write_json(explanation: Explanation) -> str:
    return show_json(_document(explanation))


def _write_yaml(explanation: Explanation) -> str:
    return yaml.safe_dump(_document(explanation), sort_keys=False)


def _document(explanation: Explanation) -> Any:
    ref = explanation.ref
    names = ("group", "kind", "namespace", "name")
    document = {
        "cluster": ref.cluster,
        "object": {name: getattr(ref, name) for name in names},
        "verdict": explanation.verdict,
        "steps": [{"title": one.title, "facts": list(one.facts)} for one in explanation.steps],
        "findings": [show(tracked) for tracked in explanation.findings],
    }
    return json.loads(to_json(document))


WRITERS: Final[Mapping[Form, Callable[[Explanation], str]]] = {
    Form.TABLE: write_steps,
    Form.JSON: _write_json,
    Form.YAML: _write_yaml,
}
