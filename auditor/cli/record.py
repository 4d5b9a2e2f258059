"""``auditor record``: keep what the sources receive."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click

from auditor.cli.help import examples
from auditor.cli.options import configuration_option, run_async
from auditor.config.document import Configuration
from auditor.config.sections import parse_duration


def _duration(_ctx: click.Context, _param: click.Parameter, value: str | None) -> timedelta | None:
    try:
        return parse_duration(value) if value else None
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.command(
    "record",
    epilog=examples(
        "auditor record incident.rec -c auditor.yaml",
        "auditor record incident.rec --for 10m",
    ),
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@configuration_option
@click.option(
    "--for", "duration", metavar="TIME", callback=_duration, help="How long. Default: until Ctrl-C."
)
def command(*, file: Path, configuration: Configuration, duration: timedelta | None) -> None:
    """Audit, and write down all that clusters and repositories answer.

    A recording can be replayed without them, with the same findings. Secret values do not enter it.
    """
    from auditor.app.record import record

    run_async(record(configuration, file, duration=duration))
