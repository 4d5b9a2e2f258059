"""Options that several commands have, and what follows from them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import click

from auditor.cli.frame import DRIFT, NO_DRIFT, TROUBLE, log_as_asked
from auditor.config.document import Configuration
from auditor.config.loading import load
from auditor.domain.report import Report
from auditor.reports.forms import Form

T = TypeVar("T")
Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class _ConfigurationFile(click.ParamType[Configuration]):
    """A file that is read and judged as soon as it is named."""

    name = "FILE"

    def convert(
        self,
        value: str | Configuration,
        param: click.Parameter | None,  # noqa: ARG002 - click's signature
        ctx: click.Context | None,  # noqa: ARG002
    ) -> Configuration:
        return value if isinstance(value, Configuration) else load(Path(value))


def configuration_option(command: Decorated) -> Decorated:
    """``-c FILE``: the configuration, loaded."""
    return click.option(
        "-c",
        "--config",
        "configuration",
        type=_ConfigurationFile(),
        default="auditor.yaml",
        envvar="AUDITOR_CONFIG",
        show_envvar=True,
        show_default=True,
        help="The configuration.",
    )(command)


def form_option(*forms: Form) -> Callable[[Decorated], Decorated]:
    """``-o FORM``: how to print; the first form is the default."""

    def convert(_ctx: click.Context, _param: click.Parameter, value: str) -> Form:
        return Form(value)

    return click.option(
        "-o",
        "--output",
        "form",
        type=click.Choice([str(form) for form in forms]),
        default=str(forms[0]),
        show_default=True,
        callback=convert,
        help="How to print.",
    )


def following_options(command: Decorated) -> Decorated:
    """``--discover`` and ``--repository``: whether owners are followed, and to where."""
    discover = click.option(
        "--discover",
        type=click.Choice(["argocd", "flux", "all"]),
        default=None,
        help="Follow Applications, Kustomizations and the like to all that they lead to.",
    )
    repository = click.option(
        "--repository",
        "beside",
        multiple=True,
        callback=_beside,
        metavar="URL=FOLDER",
        help="A folder that stands for the repository at a URL. May be repeated.",
    )
    return discover(repository(command))


def _beside(
    _ctx: click.Context, _param: click.Parameter, texts: tuple[str, ...]
) -> dict[str, Path]:
    beside = {}
    for text in texts:
        url, _, folder = text.rpartition("=")
        if not url or not Path(folder).is_dir():
            raise click.BadParameter(f"{text!r}: write URL=FOLDER with a folder that is there.")
        beside[url] = Path(folder)
    return beside


def exit_zero_option(command: Decorated) -> Decorated:
    """``--exit-zero``: drift is no failure."""
    return click.option(
        "--exit-zero", is_flag=True, help="End with 0 on drift too; trouble still ends with 2."
    )(command)


def exit_code(report: Report, *, exit_zero: bool) -> int:
    """Trouble comes before drift: what could not be looked at may have drifted as well."""
    if report.problems:
        return TROUBLE
    return DRIFT if report.has_drift and not exit_zero else NO_DRIFT


def leave_logging_to_the_report() -> None:
    """Log nothing that the report says as well, unless logging was asked for."""
    log_as_asked(click.get_current_context(), usual="critical")


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """Run on the fastest event loop that is installed (``pip install drift-auditor[uvloop]``)."""
    try:
        from uvloop import new_event_loop
    except ImportError:
        return asyncio.run(work)
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(work)
