"""What is different between a terminal and a pipe: colours, progress, width.

NO_COLOR (https://no-color.org) and TERM=dumb are respected everywhere.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.text import Text

from auditor.domain.report import Report
from auditor.reports.forms import WRITERS, Form
from auditor.reports.table import print_table


def output() -> Console:
    """Standard output: colours and the window's width on a terminal, plain lines in a pipe."""
    return Console(file=sys.stdout, highlight=False, soft_wrap=not sys.stdout.isatty())


def print_report(report: Report, form: Form) -> None:
    """Print a report in a form; a table gets colours where there is a terminal."""
    if form is Form.TABLE and sys.stdout.isatty():
        print_table(report, output())
    else:
        print_text(WRITERS[form](report))


def print_text(text: str) -> None:
    """Print a text that ends with its own newline."""
    click.echo(text, nl=False)


def complain(message: str) -> None:
    """Say on standard error what is wrong."""
    console = Console(file=sys.stderr, highlight=False)
    for line in message.splitlines() or [""]:
        console.print(Text.assemble(("error: ", "bold red"), line), soft_wrap=True)


def warn(message: str) -> None:
    """Say on standard error what should be known."""
    console = Console(file=sys.stderr, highlight=False)
    console.print(Text.assemble(("warning: ", "yellow"), message), soft_wrap=True)


@contextmanager
def progress(what: str) -> Iterator[Callable[[str], None]]:
    """Show on a terminal that work goes on, and at what; say nothing in a pipe.

    Yields a function that is told what is done now.
    """
    console = Console(file=sys.stderr)
    if not console.is_terminal:
        yield lambda _what: None
        return
    with console.status(Text(what)) as status:
        yield lambda now: status.update(Text(now))
