"""``auditor schema``: the formats that are read and published."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import click

from auditor.cli.help import examples
from auditor.cli.terminal import print_text
from auditor.config.schema import configuration_schema
from auditor.golden.cases import golden_schema
from auditor.reports.wording import show_json
from auditor.wire.schemas import asyncapi, schema_of

_SCHEMAS: Final[Mapping[str, Callable[[], dict[str, Any]]]] = {
    "config": configuration_schema,
    "finding": partial(schema_of, "finding.v1"),
    "event": partial(schema_of, "finding-event.v1"),
    "report": partial(schema_of, "report.v1"),
    "suppressed": partial(schema_of, "suppressed.v1"),
    "golden": golden_schema,
    "asyncapi": asyncapi,
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
    scan and diff print with -o json; suppressed is what `findings list --suppressed` prints with it;
    golden is a file of cases for test; asyncapi describes the topics (AsyncAPI 3).
    """
    print_text(show_json(_SCHEMAS[name]()))
