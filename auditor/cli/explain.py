"""``auditor explain``: how the verdict of one object came about."""

from __future__ import annotations

import click

from auditor.cli.help import examples
from auditor.cli.options import configuration_option, form_option, run_async
from auditor.cli.terminal import print_text, progress
from auditor.config.document import Configuration
from auditor.domain.report import Explanation
from auditor.reports.explanation import WRITERS
from auditor.reports.forms import Form


@click.command(
    "explain",
    epilog=examples(
        "auditor explain apps/Deployment/shop/web",
        "auditor explain ConfigMap/shop/settings --cluster prod",
        "auditor explain Namespace/shop -o json",
    ),
)
@click.argument("ref")
@configuration_option
@click.option(
    "--cluster", metavar="NAME", help="Which cluster. Needed where several are configured."
)
@form_option(Form.TABLE, Form.JSON, Form.YAML)
def command(*, ref: str, configuration: Configuration, cluster: str | None, form: Form) -> None:
    """Show step by step how the verdict of an object comes about.

    REF is written [group/]Kind/[namespace/]name.
    """
    from auditor.app.explain import explain

    with progress(f"looking at {ref} …"):
        explanation: Explanation = run_async(explain(configuration, ref, cluster))
    print_text(WRITERS[form](explanation))
