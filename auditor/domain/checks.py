"""The catalogue of checks: id, what it finds, and how bad that is unless a rule says otherwise.

Ids are a public contract (findings, metrics, rules carry them); one is never reused for another
meaning. This module refuses to contain the checks themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from auditor.domain.finding import Category, Severity


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that the auditor looks for."""

    id: str
    category: Category
    severity: Severity
    title: str


MISSING: Final = Check("K8S-001", Category.MISSING, Severity.HIGH, "A declared object is missing")
CHANGED: Final = Check(
    "K8S-002", Category.CHANGED, Severity.HIGH, "An object differs from its declaration"
)
ORPHANED: Final = Check(
    "K8S-003",
    Category.UNMANAGED,
    Severity.MEDIUM,
    "An object carries an owner's mark but is declared no more",
)
LAGGING: Final = Check(
    "K8S-006", Category.LAGGING, Severity.HIGH, "The cluster is behind its declaration"
)
UNMANAGED: Final = Check(
    "K8S-007", Category.UNMANAGED, Severity.MEDIUM, "An object that nobody declared"
)
INVALID: Final = Check(
    "K8S-008", Category.INVALID, Severity.MEDIUM, "A declaration that the API server would not keep"
)
TERMINATING: Final = Check(
    "K8S-009", Category.UNRECONCILED, Severity.HIGH, "A declared object is being deleted and stays"
)
EXPIRED_RULE: Final = Check(
    "RULE-001", Category.INVALID, Severity.LOW, "An ignore rule has expired"
)

ALL: Final = (
    MISSING,
    CHANGED,
    ORPHANED,
    LAGGING,
    UNMANAGED,
    INVALID,
    TERMINATING,
    EXPIRED_RULE,
)
BY_ID: Final = {check.id: check for check in ALL}
