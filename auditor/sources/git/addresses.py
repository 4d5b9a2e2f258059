"""The addresses by which others name the checkout that a folder lies in.

It refuses to connect to any of them.
"""

from __future__ import annotations

from pathlib import Path

import pygit2

from auditor.sources.git.libgit2 import prepare


def addresses_of(path: Path) -> tuple[str, ...]:
    """The URLs of all remotes of the checkout around a folder; none where there is no checkout."""
    prepare()
    try:
        found = pygit2.discover_repository(str(path))
        if found is None:
            return ()
        return tuple(str(remote.url) for remote in pygit2.Repository(found).remotes if remote.url)
    except pygit2.GitError:
        return ()
