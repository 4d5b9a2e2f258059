"""``auditor diff``: folders against the current cluster, without a configuration."""

from __future__ import annotations

from pathlib import Path

import click

from auditor.cli.help import examples
from auditor.cli.options import exit_code, exit_zero_option, form_option, run_async
from auditor.cli.terminal import print_report, progress
from auditor.reports.forms import Form


@click.command(
    "diff",
    epilog=examples(
        "auditor diff deploy/",
        "auditor diff base/ overlays/prod --context prod -n shop",
        "kubectl drift diff . --unmanaged -o json",
    ),
)
@click.argument(
    "paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="PATH…"
)
@click.option(
    "--context", metavar="NAME", help="The kubeconfig's context. Default: its current one."
)
@click.option(
    "--kubeconfig",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The kubeconfig. Default: what KUBECONFIG says, or ~/.kube/config.",
)
@click.option(
    "-n", "--namespace", default="", metavar="NS", help="Namespace of objects that name none."
)
@click.option(
    "--unmanaged", is_flag=True, help="Also find what nobody declared, in the declared namespaces."
)
@form_option(*Form)
@exit_zero_option
def command(
    *,
    paths: tuple[Path, ...],
    context: str | None,
    kubeconfig: Path | None,
    namespace: str,
    unmanaged: bool,
    form: Form,
    exit_zero: bool,
) -> int:
    """Compare folders, files, charts or kustomizations with the current cluster.

    Unlike a dry run, it also finds fields that somebody added, says who wrote each, and needs no
    permission but reading.
    """
    from auditor.app.diff import diff

    with progress("comparing …"):
        report = run_async(
            diff(
                paths,
                context=context,
                kubeconfig=kubeconfig,
                namespace=namespace,
                unmanaged=unmanaged,
            )
        )
    print_report(report, form)
    return exit_code(report, exit_zero=exit_zero)
