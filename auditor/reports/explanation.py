"""An explanation written down: the steps to a verdict in their order, then field by field."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import yaml

from auditor.domain.difference import Difference
from auditor.domain.reasoning import Reason
from auditor.domain.report import Explanation
from auditor.reports.forms import Form
from auditor.reports.wording import safe, show_difference, show_json, show_value, show_writer
from auditor.wire.difference import show_writer as layout_writer
from auditor.wire.finding import show
from auditor.wire.model import to_json


def write_steps(explanation: Explanation) -> str:
    """Write numbered steps, each with its facts, and the verdict at the end."""
    lines = [f"{safe(str(explanation.ref))} on {explanation.ref.cluster}", ""]
    for number, step in enumerate(explanation.steps, 1):
        lines.append(f"{number}. {safe(step.title)}")
        lines += [f"   {safe(fact)}" for fact in step.facts]
    drift = [one for one in explanation.fields if not one.expected]
    expected = [one for one in explanation.fields if one.expected]
    lines += _section("fields that differ", drift)
    lines += _section("fields that differ and are expected", expected)
    return "\n".join([*lines, "", f"verdict: {explanation.verdict}"]) + "\n"


def _section(title: str, reasons: Sequence[Reason]) -> Iterator[str]:
    if reasons:
        yield from ("", title)
        for reason in reasons:
            yield from (f"   {line}" for line in _reason(reason))


def _reason(reason: Reason) -> Iterator[str]:
    """The path on a line of its own, so that it can be copied; below it how it was judged."""
    yield safe(str(reason.path))
    yield f"   {_sides(reason)}"
    if reason.compared_as:
        yield f"   compared as {safe(reason.compared_as[0])} and {safe(reason.compared_as[1])}"
    yield f"   schema: {safe(reason.schema)}"
    if reason.writer:
        yield f"   written {show_writer(reason.writer)}"
    yield f"   {'expected' if reason.expected else 'drift'}: {safe(reason.because)}"
    if reason.rule:
        yield f"   hidden by the rule {safe(reason.rule)}"


def _sides(reason: Reason) -> str:
    """Both values, desired first; nothing of what is too long to be of use."""
    if reason.op is None:
        return f"{show_value(reason.desired)} and {show_value(reason.actual)}"
    if reason.desired is None and reason.actual is None:
        return str(reason.op)
    return show_difference(
        Difference(
            path=reason.path,
            pointer="",
            op=reason.op,
            desired=reason.desired,
            actual=reason.actual,
        )
    )


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
        "fields": [_field(one) for one in explanation.fields],
        "findings": [show(tracked) for tracked in explanation.findings],
    }
    return json.loads(to_json(document))


def _field(reason: Reason) -> dict[str, Any]:
    return {
        "path": str(reason.path),
        "op": reason.op,
        "expected": reason.expected,
        "because": reason.because,
        "rule": reason.rule or None,
        "schema": reason.schema,
        "desired": reason.desired,
        "actual": reason.actual,
        "comparedAs": reason.compared_as,
        "writer": layout_writer(reason.writer) if reason.writer else None,
    }


WRITERS: Final[Mapping[Form, Callable[[Explanation], str]]] = {
    Form.TABLE: write_steps,
    Form.JSON: _write_json,
    Form.YAML: _write_yaml,
}
