"""One field that differs, and who wrote it.

A difference of a Secret says that the value differs and nothing else: both sides are `REDACTED`
before the difference exists. This module refuses to decide whether a difference matters.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from auditor.domain.fieldpath import FieldPath

REDACTED: Final = "<redacted>"
"""What stands for a secret value wherever one would be shown."""


class Op(StrEnum):
    """How the two sides differ at a path."""

    CHANGED = "changed"
    """Both sides have the field, with different values."""
    REMOVED = "removed"
    """Declared, absent live."""
    ADDED = "added"
    """Live, not declared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Who last wrote a field, from ``metadata.managedFields``.

    ``operation`` is ``Update`` or ``Apply``. ``time`` is UTC to the second; entries of a subresource
    may carry none.
    """

    manager: str
    operation: str
    subresource: str | None = None
    time: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One path at which desired and actual differ.

    ``pointer`` is RFC 6901 into the actual object, or into the desired one where ``op`` is removed.
    The absent side of ``removed`` and ``added`` is ``None``.
    """

    path: FieldPath
    pointer: str
    op: Op
    desired: Any = None
    actual: Any = None
    writer: Writer | None = None
