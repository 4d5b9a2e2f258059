"""``auditor replay``: a recording, run again."""

from __future__ import annotations

from pathlib import Path

import click

from auditor.cli.help import examples
from auditor.cli.options import exit_code, exit_zero_option, form_option
from auditor.cli.terminal import print_report, progress
from auditor.reports.forms import Form


@click.command(
    "replay",
    epilog=examples(
        "auditor replay incident.rec",
        "auditor replay incident.rec --speed 1 -o json",
        "auditor replay incident.rec --events | jq .type",
    ),
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--speed",
    type=click.FloatRange(min=0),
    default=0,
    help="Times real time; 0, the default, is as fast as it goes.",
)
@click.option("--events", is_flag=True, help="Print every transition as it happens, as NDJSON.")
@form_option(*Form)
@exit_zero_option
def command(*, file: Path, speed: float, events: bool, form: Form, exit_zero: bool) -> int:
    """Run the pipeline on a recording; the same recording gives the same findings, byte for byte."""
    from auditor.app.replay import replay

    with progress("replaying …"):
        report = replay(file, speed=speed or None, events=events)
    if not events:
        print_report(report, form)
    return exit_code(report, exit_zero=exit_zero)
