"""The committed descriptions of what is published."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource

from auditor.domain.report import Report, Summary
from auditor.wire.model import to_json
from auditor.wire.report import encode_report
from auditor.wire.schemas import asyncapi, documents, schema_of, write
from auditor.wire.suppression import show_suppression
from auditor.wire.topics import DEAD_LETTERS, LOG, STATE
from tests.builders import ref
from tests.findings import HIDDEN, tracked

ROOT = Path(__file__).parents[3]
SCHEMAS = ROOT / "schemas"
GOLDEN = Path(__file__).parent / "golden"
NAMES = ("finding.v1", "finding-event.v1", "report.v1", "suppressed.v1")


def problems(schema: str, document: Any) -> list[str]:
    """What a committed schema has against a document."""
    content = json.loads((SCHEMAS / f"{schema}.json").read_text())
    validator = Draft202012Validator(content, format_checker=FormatChecker())
    return [error.message for error in validator.iter_errors(document)]


def test_the_committed_documents_are_the_generated_ones() -> None:
    """Otherwise: ``python -m auditor.wire.schemas schemas``, and look at the difference."""
    committed = {path.name: path.read_text() for path in SCHEMAS.iterdir()}

    assert committed == documents()


def test_they_can_be_written_anywhere(tmp_path: Path) -> None:
    """For whoever publishes them."""
    write(tmp_path / "published")

    assert {path.name for path in (tmp_path / "published").iterdir()} == documents().keys()


@pytest.mark.parametrize("name", NAMES)
def test_schemas_are_schemas(name: str) -> None:
    """Of the dialect that they name, at the address that events name."""
    schema = schema_of(name)

    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"https://driftauditor.io/schemas/{name}.json"


@pytest.mark.parametrize("path", sorted(GOLDEN.iterdir()), ids=lambda path: path.stem)
def test_published_events_validate(path: Path) -> None:
    """Whatever was published once stays valid: version 1 only ever gains fields."""
    event = json.loads(path.read_text())

    assert problems("finding-event.v1", event) == []
    assert problems("finding.v1", event["data"]) == []


def test_a_report_validates() -> None:
    """Findings, summary, problems."""
    report = Report(findings=(tracked(),), summary=Summary(objects=1, drifted=1), problems=("x",))
    document = json.loads(encode_report(report))

    assert problems("report.v1", document) == []
    assert document["summary"] == {
        "objects": 1,
        "in_sync": 0,
        "drifted": 1,
        "pending": 0,
        "unknown": 0,
    }


def test_what_is_hidden_validates() -> None:
    """One difference, and a whole deviation of a rule without expiry."""
    hidden = (HIDDEN, replace(HIDDEN, difference=None, expires=None))
    shown = [show_suppression(ref(), one) for one in hidden]
    document = json.loads(to_json({"suppressed": shown, "total": len(shown)}))

    assert problems("suppressed.v1", document) == []
    assert document["suppressed"][0]["object"] == {
        "group": "apps",
        "kind": "Deployment",
        "namespace": "shop",
        "name": "web",
    }


def test_a_schema_refuses_what_it_does_not_describe() -> None:
    """A validator that takes everything would prove nothing."""
    event = json.loads((GOLDEN / "opened.json").read_text())

    assert problems("finding.v1", event["data"] | {"severity": "awful"})
    assert problems("finding-event.v1", {"specversion": "1.0"})


def test_every_reference_of_the_asyncapi_document_resolves() -> None:
    """Channels, messages and the schemas beside it."""
    document = yaml.safe_load((SCHEMAS / "asyncapi.yaml").read_text())
    files = {f"{name}.json": schema_of(name) for name in NAMES}
    resources = {"": document} | files
    registry: Registry[Any] = Registry().with_resources(
        (uri, Resource.opaque(content)) for uri, content in resources.items()
    )

    references = list(_references(document))

    assert len(references) == 10
    for reference in references:
        registry.resolver().lookup(reference)


def test_topics_are_described_with_the_settings_they_are_created_with() -> None:
    """One truth for the document and for the sink."""
    channels = asyncapi()["channels"].values()
    described = {channel["address"]: channel["bindings"]["kafka"] for channel in channels}

    for topic in (LOG, STATE, DEAD_LETTERS):
        configuration = described[topic.name]["topicConfiguration"]
        assert configuration["cleanup.policy"] == [topic.settings["cleanup.policy"]]
        assert configuration.keys() == topic.settings.keys()


def _references(node: Any) -> Any:
    if isinstance(node, dict):
        yield from [node["$ref"]] if "$ref" in node else []
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)
