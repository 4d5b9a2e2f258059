"""The command line of the test stack: `python -m tests.stack up|down|build|status`.

This module refuses to do anything but read arguments and turn an error into a sentence
and an exit code.
"""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

from tests.stack import commands, progress, running
from tests.stack.errors import StackError
from tests.stack.parts import PARTS

_TROUBLE = 2
_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    signal.signal(signal.SIGTERM, _end_orderly)
    options = _parser().parse_args(arguments)
    try:
        _run(options)
    except StackError as error:
        progress.say(f"error: {error}")
        return _TROUBLE
    except KeyboardInterrupt:
        progress.say("interrupted")
        return _INTERRUPTED
    return 0


def _run(options: argparse.Namespace) -> None:
    if options.command == "build":
        commands.build_all(may_install=_may_install(options))
    elif options.command == "up":
        commands.up(options.name, options.only, may_install=_may_install(options))
    elif options.command == "down":
        everyone = [stack.name for stack in running.every()]
        commands.down(everyone if options.all else [options.name])
    else:
        commands.status()


def _may_install(options: argparse.Namespace) -> bool:
    return bool(options.install) or os.environ.get("CI") == "true"


def _end_orderly(number: int, _frame: object) -> NoReturn:
    """Let `finally` run: by itself SIGTERM would leave half a stack behind."""
    sys.exit(128 + number)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.stack", description="Build, start and end the real servers."
    )
    verbs = parser.add_subparsers(dest="command", required=True)
    build = verbs.add_parser("build", help="build everything that is not built yet")
    up = verbs.add_parser("up", help="start a stack; prints export lines for a shell")
    down = verbs.add_parser("down", help="end a stack and remove its data")
    verbs.add_parser("status", help="say what is built and what runs")
    for verb in (build, up):
        verb.add_argument(
            "--install", action="store_true", help="install missing packages (root, apt)"
        )
    for verb in (up, down):
        verb.add_argument(
            "--name", default=running.usual_name(), help="which stack (default: %(default)s)"
        )
    up.add_argument(
        "--only",
        type=_parts,
        default=tuple(PARTS),
        metavar="PART,…",
        help=f"start only these of {', '.join(PARTS)}",
    )
    down.add_argument("--all", action="store_true", help="end every stack of this user")
    return parser


def _parts(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    for name in names:
        if name not in PARTS:
            message = f"{name} is none of {', '.join(PARTS)}"
            raise argparse.ArgumentTypeError(message)
    return names


if __name__ == "__main__":
    sys.exit(main())
