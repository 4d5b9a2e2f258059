"""``auditor findings``: what was found, from a running worker or from its ledger."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click
from rich.text import Text

from auditor.cli.frame import NO_DRIFT
from auditor.cli.help import examples
from auditor.cli.options import (
    Decorated,
    exit_code,
    exit_zero_option,
    form_option,
    run_async,
)
from auditor.cli.sources import Filters, FindingSource, LedgerFile, Server, Step
from auditor.cli.terminal import output, print_report, print_text
from auditor.config.loading import load
from auditor.domain.checks import BY_ID
from auditor.domain.finding import Category, Severity, State, TrackedFinding, Transition
from auditor.domain.report import Report
from auditor.errors import ConfigError
from auditor.reports.forms import Form
from auditor.reports.hidden import write_hidden
from auditor.reports.table import write_table
from auditor.reports.wording import show_json, show_object, show_time
from auditor.wire.finding import encode, show
from auditor.wire.model import to_json
from auditor.wire.suppression import SuppressedDocument


class _ListFirst(click.Group):
    """``findings`` alone means ``findings list``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        named = bool(args) and (args[0] in self.commands or args[0] in {"-h", "--help"})
        return super().parse_args(ctx, args if named else ["list", *args])


def _source_options(command: Decorated) -> Decorated:
    for option in reversed(
        (
            click.option(
                "--server", envvar="AUDITOR_SERVER", show_envvar=True, metavar="URL",
                help="Ask a running worker, as in http://127.0.0.1:8080.",
            ),
            click.option(
                "--ledger", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
                help="Read a ledger; its worker may run or not.",
            ),
            click.option(
                "-c", "--config", "config", default="auditor.yaml", envvar="AUDITOR_CONFIG",
                show_default=True, metavar="FILE",
                help="Where neither is given: the configuration that names them.",
            ),
        )
    ):  # fmt: skip
        command = option(command)
    return command


def _filter_options(command: Decorated) -> Decorated:
    closed: tuple[tuple[str, list[str]], ...] = (
        ("state", list(State)),
        ("severity", list(Severity)),
        ("category", list(Category)),
        ("check", sorted(BY_ID)),
    )
    for name, choices in closed:
        command = click.option(
            f"--{name}", multiple=True, type=click.Choice([str(one) for one in choices])
        )(command)
    for name in ("name", "namespace", "kind", "group", "cluster"):
        command = click.option(f"--{name}", multiple=True, metavar=name.upper())(command)
    return command


@click.group(
    "findings",
    cls=_ListFirst,
    epilog=examples(
        "auditor findings --server http://127.0.0.1:8080",
        "auditor findings --ledger /var/lib/auditor/ledger.db --severity critical",
        "auditor findings show 2e55c64a17ed",
        "auditor findings watch -o json | jq .type",
    ),
)
def command() -> None:
    """Show what was found: list (the default), show ID, watch."""


@command.command(
    "list",
    epilog=examples(
        "auditor findings list --severity critical --severity high",
        "auditor findings list --namespace shop --state resolved -o json",
        "auditor findings list --suppressed --server http://127.0.0.1:8080",
    ),
)
@click.option(
    "--suppressed",
    is_flag=True,
    help="Instead, list what ignore rules hide now, and why. Needs a running worker.",
)
@_source_options
@_filter_options
@form_option(*Form)
@exit_zero_option
def list_findings(
    *,
    server: str | None,
    ledger: Path | None,
    config: str,
    form: Form,
    exit_zero: bool,
    suppressed: bool,
    **filters: tuple[str, ...],
) -> int:
    """List findings, the worst first; the open ones unless --state says otherwise.

    A filter may be repeated: any of its values will do.
    """
    wanted: Filters = [(name, value) for name, values in filters.items() for value in values]
    if suppressed:
        return _list_suppressed(_running(server, ledger, config), wanted, form)
    report = run_async(_source(server, ledger, config).report(wanted))
    print_report(report, form)
    return exit_code(report, exit_zero=exit_zero)


@command.command("show", epilog=examples("auditor findings show 2e55c64a17ed -o yaml"))
@click.argument("fingerprint", metavar="ID")
@_source_options
@form_option(Form.TABLE, Form.JSON)
def show_finding(
    *, fingerprint: str, server: str | None, ledger: Path | None, config: str, form: Form
) -> None:
    """Show one finding with its history; the beginning of its id is enough."""
    found, history = run_async(_source(server, ledger, config).find(fingerprint))
    print_text(_SHOWN[form](found, history))


@command.command("watch", epilog=examples("auditor findings watch --server http://127.0.0.1:8080"))
@_source_options
@form_option(Form.TABLE, Form.JSON)
def watch_findings(*, server: str | None, ledger: Path | None, config: str, form: Form) -> None:
    """Print every transition as it happens, until Ctrl-C. Needs a running worker.

    In JSON, each line is the transition and the finding after it.
    """
    if ledger is not None:
        raise click.UsageError("only a running worker can be watched; write --server URL")
    run_async(_watch(_running(server, ledger, config), form))


def _list_suppressed(server: Server, wanted: Filters, form: Form) -> int:
    """What is hidden is no drift, so the command ends well."""
    if form not in _HIDDEN:
        raise click.UsageError(f"what is hidden is written as {', '.join(_HIDDEN)}")
    print_text(_HIDDEN[form](run_async(server.suppressed(wanted))))
    return NO_DRIFT


async def _watch(server: Server, form: Form) -> None:
    async for transition in server.watch():
        if form is Form.JSON:
            document = {"transition": transition.kind, "finding": show(transition.tracked)}
            print_text(to_json(document).decode() + "\n")
        else:
            output().print(_line(transition))
        sys.stdout.flush()


def _line(transition: Transition) -> Text:
    finding = transition.tracked.finding
    return Text.assemble(
        (show_time(transition.at), "dim"),
        f"  {transition.kind:<10}",
        (f"{finding.severity:<9}", "bold"),
        f"{finding.check}  ",
        (show_object(transition.tracked), "bold"),
        f"  on {finding.ref.cluster}  {finding.message}",
    )


def _write_block(found: TrackedFinding, history: list[Step]) -> str:
    lines = [f"  {show_time(step.at)}  {step.transition}" for step in history]
    block = write_table(Report(findings=(found,))).rsplit("\n\n", 1)[0]
    return "\n".join([block, f"  id {found.fingerprint}", *lines]) + "\n"


def _write_document(found: TrackedFinding, history: list[Step]) -> str:
    steps: list[dict[str, Any]] = [
        {"transition": step.transition, "at": step.at.isoformat()} for step in history
    ]
    return show_json(json.loads(encode(found)) | {"history": steps})


_SHOWN: Final[dict[Form, Callable[[TrackedFinding, list[Step]], str]]] = {
    Form.TABLE: _write_block,
    Form.JSON: _write_document,
}


def _write_hidden(document: SuppressedDocument) -> str:
    return write_hidden(one.value() for one in document.suppressed)


def _write_hidden_document(document: SuppressedDocument) -> str:
    return show_json(document.model_dump(mode="json"))


_HIDDEN: Final[dict[Form, Callable[[SuppressedDocument], str]]] = {
    Form.TABLE: _write_hidden,
    Form.JSON: _write_hidden_document,
}


def _running(server: str | None, ledger: Path | None, config: str) -> Server:
    """The worker that is named, or that the configuration names."""
    if ledger is not None:
        raise click.UsageError(
            "a ledger does not hold what was hidden from the beginning; write --server URL, "
            "or --state suppressed for findings that were open before they were hidden"
        )
    return Server(server or _served(config))


def _source(server: str | None, ledger: Path | None, config: str) -> FindingSource:
    """The server or the ledger that is named; else the ledger that the configuration names."""
    if server is not None and ledger is not None:
        raise click.UsageError("--server and --ledger exclude each other")
    if server is not None:
        return Server(server)
    return LedgerFile(ledger if ledger is not None else _configured(config).store.path)


def _served(config: str) -> str:
    http = _configured(config).http
    return f"http://{http.host or '127.0.0.1'}:{http.port}"


def _configured(config: str) -> Any:
    try:
        return load(Path(config))
    except ConfigError as error:
        raise ConfigError(f"{error}\nor name a worker with --server URL") from error
