"""``auditor plugins``: what is installed."""

from __future__ import annotations

from dataclasses import asdict

import click

from auditor.cli.help import examples
from auditor.cli.options import form_option
from auditor.cli.terminal import print_text
from auditor.plugins import Plugin, PluginKind, installed
from auditor.reports.forms import Form
from auditor.reports.wording import show_json


@click.command(
    "plugins",
    epilog=examples(
        "auditor plugins",
        "auditor plugins -o json",
    ),
)
@form_option(Form.TABLE, Form.JSON)
def command(*, form: Form) -> None:
    """List the comparators, renderers and sinks that are installed.

    More come with packages of their own: install one beside the auditor, and it is listed here.
    """
    found = [plugin for kind in PluginKind for plugin in installed(kind)]
    if form is Form.JSON:
        print_text(show_json([asdict(plugin) for plugin in found]))
    else:
        print_text(_table(found))


def _table(found: list[Plugin]) -> str:
    rows = [("KIND", "NAME", "PACKAGE", "VERSION", "REFERENCE")]
    rows += [
        (one.kind.word, one.name, one.distribution, one.version, one.reference) for one in found
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "".join(f"{line.rstrip()}\n" for line in lines)
