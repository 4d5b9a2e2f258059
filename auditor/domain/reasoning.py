"""Why a field counts as a difference, or why it does not.

What a comparator knows of its own decisions, for a person who asks. Values of Secrets are redacted as in
a difference. This module refuses to be part of any verdict.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from auditor.domain.difference import Op, Writer
from auditor.domain.fieldpath import FieldPath


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """How one field was judged that is not literally the same on both sides.

    ``op`` is ``None`` where both sides only spell one value in two ways. ``compared_as`` are both values
    as the schema reads them, where that is another form than the one in which they stand. ``rule`` is
    the ignore rule that hid the difference, if any did.
    """

    path: FieldPath
    op: Op | None
    expected: bool
    because: str
    schema: str
    desired: Any = None
    actual: Any = None
    compared_as: tuple[str, str] | None = None
    writer: Writer | None = None
    rule: str = ""
