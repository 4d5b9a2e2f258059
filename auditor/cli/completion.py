"""``auditor completion``: what makes a shell complete commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from auditor.cli.help import examples
from auditor.cli.terminal import print_text


@click.command(
    "completion",
    epilog=examples(
        "source <(auditor completion bash)",
        'auditor completion zsh > "${fpath[1]}/_auditor"',
        "auditor completion fish > ~/.config/fish/completions/auditor.fish",
    ),
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(*, shell: str) -> None:
    """Print what a shell needs to complete commands and options."""
    completion = get_completion_class(shell)
    if completion is None:
        raise click.UsageError(f"no completion for {shell}")
    root = click.get_current_context().find_root()
    text = completion(root.command, {}, "auditor", "_AUDITOR_COMPLETE").source()
    print_text(f"{text.strip()}\n")
