"""``auditor diff``: folders against the current cluster, or commits against each other, unconfigured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from auditor.cli.help import examples
from auditor.cli.options import (
    exit_code,
    exit_zero_option,
    following_options,
    form_option,
    leave_logging_to_the_report,
    run_async,
)
from auditor.cli.terminal import print_report, progress
from auditor.domain.report import Report
from auditor.reports.forms import Form


@click.command(
    "diff",
    epilog=examples(
        "auditor diff deploy/",
        "auditor diff base/ overlays/prod --context prod -n shop",
        "kubectl drift diff . --unmanaged -o json",
        "auditor diff clusters/prod --discover flux",
        "auditor diff --revision main...HEAD overlays/prod",
        "auditor diff --revision v1.4..v1.5 deploy/ --context prod -o markdown",
    ),
)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]…")
@click.option(
    "-r",
    "--revision",
    metavar="A..B",
    help="Say what going from one commit to another would change. A...B: since the two parted; an "
    "empty side is HEAD. No cluster is needed; with --context or --kubeconfig what differs is "
    "compared with it.",
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
@following_options
@form_option(*Form)
@exit_zero_option
def command(
    *,
    paths: tuple[Path, ...],
    revision: str | None,
    unmanaged: bool,
    form: Form,
    exit_zero: bool,
    **where: Any,
) -> int:
    """Compare folders, files, charts or kustomizations with the current cluster.

    Unlike a dry run, it also finds fields that somebody added, says who wrote each, and needs no
    permission but reading.

    With --revision it compares two commits of the checkout around PATH (the current folder if none is
    named) and says what would be created, changed and deleted, with file and line: a check for pull
    requests. Exit codes: 0 nothing, 1 something would change, 2 trouble.
    """
    if revision is not None:
        report = _proposal(paths, revision, unmanaged=unmanaged, **where)
    else:
        report = _drift(paths, unmanaged=unmanaged, **where)
    print_report(report, form)
    return exit_code(report, exit_zero=exit_zero)


def _drift(paths: tuple[Path, ...], *, unmanaged: bool, **where: Any) -> Report:
    from auditor.app.diff import Against, diff

    if not paths:
        raise click.UsageError(
            "Missing argument 'PATH…': name what to compare with the cluster, or give --revision"
        )
    with progress("comparing …"):
        return run_async(diff(paths, Against(unmanaged=unmanaged, **where)))


def _proposal(paths: tuple[Path, ...], revision: str, *, unmanaged: bool, **where: Any) -> Report:
    from auditor.app.proposals import Question, propose

    if unmanaged:
        raise click.UsageError("--unmanaged is about what lives, --revision about what is declared")
    leave_logging_to_the_report()
    with progress(f"comparing {revision} …"):
        discover = where.pop("discover") or ""
        question = Question(
            paths=paths or (Path(),), revisions=revision, discover=discover, **where
        )
        return run_async(propose(question))
