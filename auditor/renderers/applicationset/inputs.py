"""What decides the Applications of a set besides the set itself: files by content, folders by name.

It is told before anything is computed, so it may be more than is read in the end: of a pattern that depends
on other parameters all below its written-out part counts. It refuses to read files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from auditor.ports import Tree
from auditor.renderers.applicationset.fields import mappings
from auditor.renderers.applicationset.options import ApplicationSetOptions
from auditor.renderers.applicationset.patterns import fixed_part
from auditor.renderers.applicationset.sources import GitSources


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Files (path to blob id), and a hash of all folders."""

    files: Mapping[str, str]
    folders: str


def outermost(spec: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the entries of a set's (or a generator's) list of generators.

    Raises:
        ManifestError: it is no list of such.

    """
    yield from mappings(spec.get("generators"), "generators")


def git_sources(tree: Tree, options: ApplicationSetOptions) -> GitSources:
    """Look at the repositories of a set."""
    return GitSources(
        tree,
        options.repositories,
        strict_globs=options.strict_globs,
        hidden_folders=options.hidden_folders,
    )


def inputs_of(tree: Tree, options: ApplicationSetOptions) -> Inputs:
    """Find what a set will read.

    Raises:
        ManifestError: a repository is not at hand.

    """
    sources = git_sources(tree, options)
    files: dict[str, str] = {}
    folders = hashlib.sha256()
    for git in _gits(options.spec):
        if git.get("directories"):
            folders.update("\0".join(sources.folders(git)).encode())
            continue
        for entry in mappings(git.get("files"), "files of a git generator"):
            if entry.get("exclude") is not True:
                below = fixed_part(str(entry.get("path") or ""))
                files |= {blob.path: blob.id for blob in sources.below(git, below)}
    return Inputs(files=dict(sorted(files.items())), folders=folders.hexdigest())


def _gits(spec: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """All Git generators, at any depth."""
    for entry in outermost(spec):
        git = entry.get("git")
        if isinstance(git, Mapping):
            yield git
        for kind in ("matrix", "merge"):
            inner = entry.get(kind)
            if isinstance(inner, Mapping):
                yield from _gits(inner)
