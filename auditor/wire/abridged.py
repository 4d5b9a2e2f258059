"""Findings made small enough to be carried.

A ConfigMap may differ in a megabyte, and a broker takes a megabyte a record. Losing the finding would be
worse than losing the text, so long values give way to a note of how long they were, the longest first to
go; the object itself still has them. It refuses to touch what identifies a finding.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from auditor.domain.difference import Difference
from auditor.domain.finding import TrackedFinding
from auditor.wire.model import to_json

_VALUE: Final = 512
"""Bytes of JSON up to which a value is always kept."""
_DIFFERENCES: Final = 100
"""Differences kept of a finding that has far too many."""


def abridge(tracked: TrackedFinding) -> TrackedFinding:
    """Leave out long values, and all but the first differences."""
    finding = tracked.finding
    kept = tuple(_abridge(difference) for difference in finding.differences[:_DIFFERENCES])
    left_out = len(finding.differences) - len(kept)
    note = f" ({left_out} further differences are left out here)" if left_out else ""
    message = f"{finding.message[:_VALUE]}{note}"
    return replace(tracked, finding=replace(finding, differences=kept, message=message))


def _abridge(difference: Difference) -> Difference:
    return replace(difference, desired=_short(difference.desired), actual=_short(difference.actual))


def _short(value: Any) -> Any:
    size = len(to_json(value))
    return value if size <= _VALUE else f"<{size} bytes are left out here>"
