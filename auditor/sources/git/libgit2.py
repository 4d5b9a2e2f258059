"""How libgit2 behaves in this process. Its options are global, so they are set in one place, once."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

import pygit2

CONNECT_MILLISECONDS: Final = 10_000
SILENCE_MILLISECONDS: Final = 30_000
"""So long a server may say nothing at all before a fetch fails."""


@cache
def prepare() -> None:
    """Set the options; calls after the first do nothing."""
    # Git refuses repositories of other owners, because git runs hooks and programs that their
    # configuration names (https://git-scm.com/docs/git-config#Documentation/git-config.txt-safedirectory).
    # libgit2 as used here runs neither, and a worker with an account of its own reads repositories that
    # are mounted from elsewhere.
    pygit2.settings.owner_validation = False
    pygit2.settings.server_connect_timeout = CONNECT_MILLISECONDS
    pygit2.settings.server_timeout = SILENCE_MILLISECONDS


def trust_hosts(known_hosts: Iterable[Path], *, home: Path) -> None:
    """Let ssh servers be those of these known_hosts files and of the account's own.

    libgit2 takes exactly one file, ``.ssh/known_hosts`` in the home folder it is told, so one is made of
    all of them in a home of our own.
    """
    own = Path.home() / ".ssh" / "known_hosts"
    files = [*known_hosts, *([own] if own.is_file() else [])]
    folder = home / ".ssh"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "known_hosts").write_text("\n".join(file.read_text() for file in files))
    pygit2.settings.homedir = str(home)
