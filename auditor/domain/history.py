"""What a repository can be asked: where its revisions are now, who made a commit, and what of it is meant.

This module refuses to know how any of it is found out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from auditor.domain.fieldpath import FieldPath
from auditor.errors import SourceUnavailable

CONFIGURED: Final = ""
"""The revision that a repository is configured to follow."""
RANGE: Final = "semver:"
"""Marks a revision as a range of versions, as Flux has it; no name of a ref can begin so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heads:
    """Where a repository stands: the commit of every revision that was asked for, or why there is none."""

    commits: Mapping[str, str] = field(default_factory=dict)
    lacking: Mapping[str, str] = field(default_factory=dict)

    def at(self, revision: str = CONFIGURED) -> str:
        """The commit of a revision.

        Raises:
            SourceUnavailable: there is none; says why.

        """
        if revision in self.commits:
            return self.commits[revision]
        raise SourceUnavailable(self.lacking.get(revision, f"{revision!r} was not asked for"))


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitInfo:
    """Who made a commit, and when, UTC. ``author`` is a name without a mail address.

    ``authored`` is when it was written, ``committed`` when it became this commit: a rebase, for one,
    moves only the latter.
    """

    id: str
    author: str
    authored: datetime
    committed: datetime


@dataclass(frozen=True, slots=True)
class Layers:
    """What an object was rendered from, beside the file that it stands in.

    ``kind`` and ``name`` are the rendered object's. ``said`` is what each field of the passage is declared to
    be, as text; ``None`` where it is no scalar, or nobody may know. ``files`` went into it (the path that was
    rendered is ``base``) and were rendered by ``renderer``; ``owner`` is the file and line of the object that
    called for it, if in Git as well.
    """

    kind: str
    name: str
    said: tuple[str | None, ...]
    base: str = ""
    renderer: str = ""
    files: tuple[str, ...] = field(default=(), compare=False, repr=False)
    owner: tuple[str, int | None] | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """What of a commit is meant: a file or folder, the object that begins on a line of it, or its fields.

    Fields that the object has not written out there count for nothing; without any of them, and without
    a line, all that surrounds them is meant. Where ``spans`` are known (first and last line, from 1) it is
    those lines. ``layers`` is what may say more of the fields than the object's own file.
    """

    path: str
    line: int | None = None
    fields: tuple[FieldPath, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()
    layers: Layers | None = None
