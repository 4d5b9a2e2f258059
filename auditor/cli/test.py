"""``auditor test``: users' own golden cases."""

from __future__ import annotations

from pathlib import Path

import click

from auditor.cli.frame import DRIFT, NO_DRIFT
from auditor.cli.help import examples
from auditor.cli.options import form_option
from auditor.cli.terminal import print_text
from auditor.reports.forms import Form


@click.command(
    "test",
    epilog=examples(
        "auditor test golden/                  every *.yaml below a folder",
        "auditor test golden/web.yaml -o json",
        "auditor schema golden                 what a file of cases looks like",
    ),
)
@click.argument(
    "paths",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, path_type=Path),
    metavar="FILE|DIR…",
)
@form_option(Form.TABLE, Form.JSON)
def command(*, paths: tuple[Path, ...], form: Form) -> int:
    """Check golden cases: what is declared, what lives, and what must be found.

    Needs no cluster: the installed comparators and the built-in schemas judge. Exit codes: 0 all is as
    expected, 1 something is not, 2 a file holds no cases or wrong ones.
    """
    from auditor.app.golden import check_golden
    from auditor.golden.writing import WRITERS

    results = check_golden(paths)
    print_text(WRITERS[form](results))
    return NO_DRIFT if all(result.passed for result in results) else DRIFT
