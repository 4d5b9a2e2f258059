"""``auditor replay``: a recording, run again."""

from __future__ import annotations

from pathlib import Path

import click

from auditor.cli.help import examples
from auditor.cli.options import exit_code, exit_zero_option, form_option
from auditor.cli.terminal import print_report, progress
from auditor.cli.work import work
from auditor.reports.forms import Form


@click.command(
    "replay",
    epilog=examples(
        "auditor replay incident.rec",
        "auditor replay incident.rec --real-time -o json",
    ),
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--real-time", is_flag=True, help="Take the time that the recording took.")
@form_option(*Form)
@exit_zero_option
def command(*, file: Path, real_time: bool, form: Form, exit_zero: bool) -> int:
    """Run the pipeline on a recording; the same recording gives the same findings, byte for byte."""
    with progress("replaying …"):
        report = work("replay")(file, real_time=real_time)
    print_report(report, form)
    return exit_code(report, exit_zero=exit_zero)
