"""``auditor scan``: the whole audit, once."""

from __future__ import annotations

import click

from auditor.cli.help import examples
from auditor.cli.options import (
    configuration_option,
    exit_code,
    exit_zero_option,
    form_option,
    run_async,
)
from auditor.cli.terminal import print_report, progress
from auditor.config.document import Configuration
from auditor.reports.forms import Form


@click.command(
    "scan",
    epilog=examples(
        "auditor scan -c auditor.yaml",
        "auditor scan -o sarif > drift.sarif        for code scanning",
        "auditor scan -o markdown --exit-zero       for a comment on a pull request",
    ),
)
@configuration_option
@form_option(*Form)
@exit_zero_option
def command(*, configuration: Configuration, form: Form, exit_zero: bool) -> int:
    """Audit everything that the configuration names, once.

    Nothing is published; an earlier ledger is not needed. What could not be audited is said, and ends
    with 2.
    """
    from auditor.app.scan import scan

    with progress("auditing …") as say:
        report = run_async(scan(configuration, progress=say))
    print_report(report, form)
    return exit_code(report, exit_zero=exit_zero)
