"""``auditor run``: the worker."""

from __future__ import annotations

import click

from auditor.cli.help import examples
from auditor.cli.options import configuration_option, run_async
from auditor.config.document import Configuration


@click.command(
    "run",
    epilog=examples(
        "auditor run -c /etc/auditor/auditor.yaml",
        "AUDITOR_CONFIG=auditor.yaml auditor --log-form json run",
    ),
)
@configuration_option
def command(*, configuration: Configuration) -> None:
    """Keep auditing: watch clusters and repositories, publish findings.

    Ends on SIGTERM or SIGINT, after what was found is announced. A restart goes on where it ended.
    """
    from auditor.app.run import run

    run_async(run(configuration))
