"""The schema of the configuration is complete and true."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from auditor.config.schema import configuration_schema
from tests.auditor.config.documents import document


def _valid(instance: Any) -> bool:
    schema = configuration_schema()
    return bool(jsonschema.Draft202012Validator(schema).is_valid(instance))


def test_it_is_a_schema() -> None:
    """Of the dialect that it names."""
    jsonschema.Draft202012Validator.check_schema(configuration_schema())


def test_every_field_is_described() -> None:
    """The schema is the reference documentation."""
    schema = configuration_schema()
    sections = {"auditor.yaml": schema, **schema["$defs"]}
    silent = [
        f"{section}.{field}"
        for section, definition in sections.items()
        for field, described in definition.get("properties", {}).items()
        if "description" not in described and "$ref" not in described
    ]
    silent += [name for name, definition in sections.items() if "description" not in definition]

    assert silent == []


def test_it_takes_what_the_auditor_takes() -> None:
    """The smallest configuration is valid."""
    assert _valid(document())


@pytest.mark.parametrize(
    "changes",
    [
        {"desird": []},
        {"clusters": [{"name": "prod", "staleAfter": "30"}]},
        {"clusters": [{"name": "Prod"}]},
        {"rules": {"ignore": [{"kind": "Pod"}]}},
    ],
)
def test_it_refuses_what_the_auditor_refuses(changes: dict[str, Any]) -> None:
    """An editor with this schema marks the same mistakes."""
    assert not _valid(document(**changes))
