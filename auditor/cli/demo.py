"""``auditor demo``: see it work."""

from __future__ import annotations

import click

from auditor.cli.help import examples


@click.command(
    "demo",
    epilog=examples(
        "auditor demo",
        "auditor demo | jq .type",
    ),
)
@click.option(
    "--listen",
    metavar="HOST:PORT",
    default="127.0.0.1:0",
    show_default=True,
    help="Where metrics and the API are served meanwhile.",
)
@click.option(
    "--speed", type=click.FloatRange(min=0), help="Times real time; 0 is as fast as it goes."
)
def command(*, listen: str, speed: float | None) -> None:
    """Replay a real session in which somebody tampered with an application; no server is needed.

    On a terminal each finding is shown as it opens and resolves; in a pipe it is printed as NDJSON.
    """
    from auditor.app.demo import demo

    demo(listen=listen, speed=speed)
