"""The program: finds the command, runs it, and turns whatever goes wrong into one clear line.

Trouble of every kind ends with 2 and without a traceback; ``--debug`` shows it. It refuses to know what
any command does.
"""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Iterator
from itertools import islice, takewhile
from pathlib import Path
from typing import Any, Final, NoReturn

import click

from auditor import __version__
from auditor.cli.help import examples
from auditor.cli.terminal import complain
from auditor.config.words import nearest
from auditor.errors import AuditorError
from auditor.telemetry.logs import LogForm, configure_logging

NO_DRIFT: Final = 0
DRIFT: Final = 1
TROUBLE: Final = 2
_INTERRUPTED: Final = 130
"""128 + SIGINT, as shells have it."""
_PIPE_CLOSED: Final = 141
"""128 + SIGPIPE."""

_COMMANDS: Final = {
    "run": "run",
    "scan": "scan",
    "diff": "diff",
    "findings": "findings",
    "explain": "explain",
    "render": "render",
    "test": "test",
    "check-config": "check_config",
    "schema": "schema",
    "plugins": "plugins",
    "rbac": "rbac",
    "record": "record",
    "replay": "replay",
    "demo": "demo",
    "completion": "completion",
}
"""Commands in the order in which help lists them, and the modules of this package that hold them."""


_USUAL_LEVELS: Final = {"run": "info", "render": "critical"}
"""What is logged where nothing is asked for; rendering prints its troubles itself."""


_ANYWHERE: Final = {"--debug": False, "--log-level": True, "--log-form": True}
"""Options of the program itself, and whether a value follows."""


class _Commands(click.Group):
    """Imports a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"auditor.cli.{_COMMANDS[cmd_name]}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"there is no command {args[0]!r}{nearest(args[0], _COMMANDS)}")
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=examples(
        "auditor diff deploy/            compare a folder with the current cluster",
        "auditor scan -c auditor.yaml    audit everything once",
        "auditor run -c auditor.yaml     keep auditing",
        "auditor demo                    see it work, without any server",
    ),
)
@click.version_option(__version__, "-V", "--version", message="%(version)s")
@click.option("--debug", is_flag=True, help="Show tracebacks and log everything.")
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    help="What to log, on standard error. Default: info for run, nothing for render and diff --revision, "
    "else warning.",
)
@click.option(
    "--log-form",
    type=click.Choice([str(form) for form in LogForm]),
    help="What log lines look like. Default: console on a terminal, json in a pipe.",
)
@click.pass_context
def program(ctx: click.Context, /, **_asked: Any) -> None:
    """Find what differs between Git and Kubernetes clusters, who wrote it, and when.

    Exit codes: 0 no drift, 1 drift, 2 trouble.
    """
    log_as_asked(ctx, usual=_USUAL_LEVELS.get(ctx.invoked_subcommand or "", "warning"))


def log_as_asked(ctx: click.Context, *, usual: str) -> None:
    """Log as the program's options say; ``usual`` is the level where they say none."""
    asked = ctx.find_root().params
    level = asked["log_level"] or ("debug" if asked["debug"] else usual)
    form = LogForm(asked["log_form"]) if asked["log_form"] else None
    configure_logging(sys.stderr, level=level, form=form)


def main() -> NoReturn:
    """Run the program and end the process."""
    sys.exit(run(sys.argv[1:], name=Path(sys.argv[0]).name))


def run(arguments: list[str], *, name: str = "auditor") -> int:
    """Run the program, and return its exit code."""
    debug = "--debug" in takewhile(lambda each: each != "--", arguments)
    try:
        code = program.main(_hoisted(arguments), prog_name=_spoken(name), standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return TROUBLE
    except (KeyboardInterrupt, click.Abort):
        return _INTERRUPTED
    except BrokenPipeError:
        # The reader had enough. Python would complain once more while it closes standard output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_CLOSED
    except Exception as error:  # noqa: BLE001 - the last frame: nothing is above it but the shell
        return _explain(error, debug=debug)
    return code if isinstance(code, int) else NO_DRIFT


def _hoisted(arguments: list[str]) -> list[str]:
    """Let the program's own options stand anywhere, as kubectl's do: put those behind a command before it."""
    ahead: list[str] = []
    behind: list[str] = []
    left = iter(arguments)
    for argument in left:
        if argument == "--":
            behind += [argument, *left]
        elif (name := argument.partition("=")[0]) in _ANYWHERE:
            takes_next = _ANYWHERE[name] and "=" not in argument
            value = list(islice(left, 1)) if takes_next else []
            if takes_next and not value:
                return [argument]  # which says that a value is missing
            ahead += [argument, *value]
        else:
            behind.append(argument)
    return ahead + behind


def _spoken(name: str) -> str:
    """What the user typed: a plugin of kubectl is called as its subcommand."""
    if name in {"__main__.py", "pytest"}:
        return "auditor"
    return name.replace("-", " ", 1) if name.startswith("kubectl-") else name


def _explain(error: Exception, *, debug: bool) -> int:
    if debug:
        traceback.print_exception(error)
        return TROUBLE
    for cause in _causes(error):
        if isinstance(cause, AuditorError):
            complain(str(cause))
        else:
            told = f"{type(cause).__name__}: {cause}"
            complain(f"this should not have happened: {told}\nplease report it with --debug")
    return TROUBLE


def _causes(error: BaseException) -> Iterator[BaseException]:
    """What tasks that ran together raised, one by one."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _causes(inner)
    else:
        yield error
