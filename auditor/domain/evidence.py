"""What an API server said when it was asked about a finding.

A dry run tells whether applying the declaration would undo what was found. It is evidence beside a finding
and never part of it: it moves no verdict and no severity, and hides nothing. Above all it knows nothing of
what was *added*, because applying leaves alone what a declaration does not name. This module refuses to ask.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from auditor.domain.difference import Difference, Op
from auditor.domain.fieldpath import value_at
from auditor.domain.manifest import Body


class DryRun(StrEnum):
    """How a dry run ended. A closed set: it is a metric label."""

    CONFIRMED = "confirmed"
    """Applying the declaration would change what was found."""
    REFUTED = "refuted"
    """It would change nothing of it: something at the API server makes the declaration what lives."""
    FAILED = "failed"
    """The API server did not answer, or said no."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """How the dry run for a finding ended, and when (UTC)."""

    dry_run: DryRun
    at: datetime


def can_be_shown(differences: Iterable[Difference]) -> bool:
    """Tell whether a dry run can say anything: something declared was changed or removed."""
    return any(difference.op is not Op.ADDED for difference in differences)


def judge_dry_run(differences: Iterable[Difference], *, live: Body, applied: Body) -> DryRun:
    """Tell whether what the API server would make of the declaration differs from what lives.

    Only the paths that were reported as changed or removed count; ``applied`` is the server's answer.
    """
    declared = (one.path for one in differences if one.op is not Op.ADDED)
    moves = any(value_at(path, live) != value_at(path, applied) for path in declared)
    return DryRun.CONFIRMED if moves else DryRun.REFUTED
