"""``auditor schema``: the formats that are read and published."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import click
from pydantic import BaseModel

from auditor.cli.help import examples
from auditor.cli.terminal import print_text
from auditor.config.schema import configuration_schema
from auditor.reports.wording import show_json
from auditor.wire.events import FindingEvent
from auditor.wire.finding import FindingDocument
from auditor.wire.report import ReportDocument

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def _of(model: type[BaseModel]) -> Callable[[], dict[str, Any]]:
    def schema() -> dict[str, Any]:
        described = model.model_json_schema(by_alias=True, mode="serialization")
        return {"$schema": _DIALECT, **described}

    return schema


_SCHEMAS: Final[Mapping[str, Callable[[], dict[str, Any]]]] = {
    "config": configuration_schema,
    "finding": _of(FindingDocument),
    "event": _of(FindingEvent),
    "report": _of(ReportDocument),
}


@click.command(
    "schema",
    epilog=examples(
        "auditor schema config > auditor.schema.json",
        "auditor schema finding | jq .properties",
    ),
)
@click.argument("name", type=click.Choice(list(_SCHEMAS)))
def command(*, name: str) -> None:
    """Print the JSON Schema of a format.

    config is auditor.yaml, the options of the installed plugins included; finding is what the API and
    the state topic carry; event is a transition on the findings topic, a CloudEvent; report is what
    scan and diff print with -o json.
    """
    print_text(show_json(_SCHEMAS[name]()))
