"""What a repository can be asked about its past: who made a commit, and what of it is meant.

This module refuses to know how either is found out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from auditor.domain.fieldpath import FieldPath


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
class Passage:
    """What of a commit is meant: a file or folder, the object that begins on a line of it, or its fields.

    Fields that the object has not written out there count for nothing; without any of them, and without
    a line, all that surrounds them is meant.
    """

    path: str
    line: int | None = None
    fields: tuple[FieldPath, ...] = ()
