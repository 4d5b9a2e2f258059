"""The addresses by which others name the checkout that a folder lies in.

It refuses to connect to any of them.
"""

from __future__ import annotations

import re
from pathlib import Path

import pygit2

from auditor.sources.git.libgit2 import prepare


def addresses_of(path: Path) -> tuple[str, ...]:
    """The URLs of all remotes of the checkout around a folder, without users and passwords."""
    prepare()
    try:
        found = pygit2.discover_repository(str(path))
        if found is None:
            return ()
        urls = (str(remote.url) for remote in pygit2.Repository(found).remotes if remote.url)
        return tuple(re.sub(r"//[^/@]*@", "//", url) for url in urls)
    except pygit2.GitError:
        return ()
