"""Patterns over kinds, as the data files write them: ``[group/]Kind``, with wildcards.

This module refuses to know any kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Self

from auditor.domain.identity import GroupKind, ObjectRef


@dataclass(frozen=True, slots=True)
class KindPatterns:
    """Kinds to match any of; none at all means every kind."""

    patterns: tuple[str, ...] = ()

    @classmethod
    def of(cls, *patterns: str) -> Self:
        """Take patterns as they are written."""
        return cls(patterns)

    def matches(self, ref: ObjectRef) -> bool:
        """Tell whether an object is of one of the kinds."""
        return self.match(ref.group_kind)

    def match(self, kind: GroupKind) -> bool:
        """Tell whether a kind is one of them."""
        return not self.patterns or _matches(self.patterns, kind)


@lru_cache(maxsize=4096)
def _matches(patterns: tuple[str, ...], kind: GroupKind) -> bool:
    return any(fnmatchcase(str(kind), pattern) for pattern in patterns)
