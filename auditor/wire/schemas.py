"""The published documents of the stream: JSON Schemas, and an AsyncAPI description of the topics.

Generated from the models, committed under ``schemas/``, and compared in a test, so that they cannot be out
of step. ``python -m auditor.wire.schemas schemas`` writes them. It refuses to describe what is not
published.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import BaseModel

from auditor.wire.events import SCHEMAS, FindingEvent, header_names
from auditor.wire.finding import FindingDocument
from auditor.wire.report import ReportDocument
from auditor.wire.suppression import SuppressedDocument
from auditor.wire.topics import DEAD_LETTERS, LOG, STATE, Topic

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_BINDING: Final = "0.5.0"
"""https://github.com/asyncapi/bindings/tree/master/kafka"""
_MODELS: Final[Mapping[str, type[BaseModel]]] = {
    "finding.v1": FindingDocument,
    "finding-event.v1": FindingEvent,
    "report.v1": ReportDocument,
    "suppressed.v1": SuppressedDocument,
}


def documents() -> dict[str, str]:
    """Every published document, by file name."""
    files = {
        f"{name}.json": json.dumps(schema_of(name), indent=2, ensure_ascii=False) + "\n"
        for name in _MODELS
    }
    described = yaml.safe_dump(asyncapi(), sort_keys=False, allow_unicode=True, width=100)
    return {**files, "asyncapi.yaml": described}


def schema_of(name: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of one published document, by its name without the ending."""
    schema = _MODELS[name].model_json_schema(by_alias=True, mode="serialization")
    return {"$schema": _DIALECT, "$id": f"{SCHEMAS}/{name}.json", **schema}


def asyncapi() -> dict[str, Any]:
    """Describe the topics (https://www.asyncapi.com/docs/reference/specification/v3.0.0)."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Drift findings",
            "version": "1.0.0",
            "description": "What differs between Git and Kubernetes clusters, as it is found.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {
            "findings": _channel(LOG, "transition"),
            "state": _channel(STATE, "openFinding", "endedFinding"),
            "deadLetters": _channel(DEAD_LETTERS, "deadLetter"),
        },
        "operations": {
            f"publish{name[0].upper()}{name[1:]}": {
                "action": "send",
                "channel": {"$ref": f"#/channels/{name}"},
            }
            for name in ("findings", "state", "deadLetters")
        },
        "components": {"messages": _messages()},
    }


def _channel(topic: Topic, *messages: str) -> dict[str, Any]:
    return {
        "address": topic.name,
        "description": topic.title,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": _configuration(topic),
                "bindingVersion": _BINDING,
            }
        },
    }


def _configuration(topic: Topic) -> dict[str, Any]:
    settings = dict(topic.settings)
    policy = settings.pop("cleanup.policy").split(",")
    return {"cleanup.policy": policy} | {name: int(value) for name, value in settings.items()}


def _messages() -> dict[str, Any]:
    event = {"$ref": "finding-event.v1.json"}
    return {
        "transition": _message(
            LOG, "A step in the life of a finding", event, "application/cloudevents+json"
        ),
        "openFinding": {
            **_message(STATE, "An open finding", {"$ref": "finding.v1.json"}, "application/json"),
            "headers": _headers(),
        },
        "endedFinding": {
            **_message(STATE, "A finding that is open no more", {"type": "null"}),
            "headers": _headers(),
        },
        "deadLetter": _message(
            DEAD_LETTERS, "A transition that was refused", event, "application/cloudevents+json"
        ),
    }


def _message(
    topic: Topic, title: str, payload: dict[str, Any], content_type: str | None = None
) -> dict[str, Any]:
    key = {"type": "string", "description": topic.key}
    message: dict[str, Any] = {
        "title": title,
        "payload": payload,
        "bindings": {"kafka": {"key": key, "bindingVersion": _BINDING}},
    }
    return message | ({"contentType": content_type} if content_type else {})


def _headers() -> dict[str, Any]:
    names = header_names()
    return {
        "type": "object",
        "properties": {name: {"type": "string"} for name in names},
        "required": list(names),
    }


def write(folder: Path) -> None:
    """Write every document into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in documents().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
