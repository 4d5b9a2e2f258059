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
NOT_GENERATED: Final = Check(
    "APPSET-001", Category.MISSING, Severity.HIGH, "A generated Application is missing"
)
STALE_APPLICATION: Final = Check(
    "APPSET-002", Category.UNMANAGED, Severity.MEDIUM, "An Application is generated no more"
)
UNLIKE_TEMPLATE: Final = Check(
    "APPSET-003", Category.CHANGED, Severity.MEDIUM, "An Application differs from what is generated"
)
GENERATION_FAILED: Final = Check(
    "APPSET-004", Category.UNRECONCILED, Severity.HIGH, "An ApplicationSet does not generate"
)
TEMPLATE_GAP: Final = Check(
    "APPSET-005", Category.INVALID, Severity.MEDIUM, "A template was filled without a parameter"
)
OUT_OF_SYNC: Final = Check(
    "ARGO-001", Category.UNRECONCILED, Severity.HIGH, "An Application stays out of sync"
)
NOT_HEALING: Final = Check(
    "ARGO-002",
    Category.UNRECONCILED,
    Severity.MEDIUM,
    "An Application is out of sync and does not heal itself",
)
UNHEALTHY: Final = Check(
    "ARGO-003", Category.UNRECONCILED, Severity.HIGH, "What an Application owns is not healthy"
)
SYNC_FAILED: Final = Check(
    "ARGO-004", Category.UNRECONCILED, Severity.HIGH, "A sync of an Application failed or hangs"
)
APPLICATION_ERROR: Final = Check(
    "ARGO-005", Category.UNRECONCILED, Severity.HIGH, "Argo CD cannot work on an Application"
)
NOT_COMPARED: Final = Check(
    "ARGO-007",
    Category.UNRECONCILED,
    Severity.HIGH,
    "Argo CD has not looked at Git since it moved",
)
SWITCHED_OFF: Final = Check(
    "ARGO-009", Category.UNRECONCILED, Severity.MEDIUM, "An Application's reconciliation is off"
)
STATUS_OUTDATED: Final = Check(
    "ARGO-012",
    Category.UNRECONCILED,
    Severity.MEDIUM,
    "Argo CD has not looked at an Application as it is now",
)
NOT_READY: Final = Check(
    "FLUX-001", Category.UNRECONCILED, Severity.HIGH, "Flux fails to reconcile an object"
)
STALLED: Final = Check(
    "FLUX-002", Category.UNRECONCILED, Severity.CRITICAL, "Flux gave up on an object"
)
SUSPENDED: Final = Check(
    "FLUX-003", Category.UNRECONCILED, Severity.MEDIUM, "An object is suspended"
)
BEHIND_SOURCE: Final = Check(
    "FLUX-004",
    Category.UNRECONCILED,
    Severity.HIGH,
    "A Kustomization has not applied what its source has",
)
NEVER_APPLIED: Final = Check(
    "FLUX-005", Category.UNRECONCILED, Severity.HIGH, "A revision was attempted and never applied"
)
BEHIND_GIT: Final = Check(
    "FLUX-006", Category.UNRECONCILED, Severity.HIGH, "A source has not fetched what is in Git"
)
BLOCKED: Final = Check(
    "FLUX-010", Category.UNRECONCILED, Severity.HIGH, "An object waits for what it depends on"
)
INPUT_MISSING: Final = Check(
    "FLUX-011", Category.UNRECONCILED, Severity.HIGH, "What an object takes values from is missing"
)
NOT_ACTED_ON: Final = Check(
    "FLUX-012", Category.UNRECONCILED, Severity.MEDIUM, "A controller does not act on an object"
)
RELEASE_DRIFTED: Final = Check(
    "FLUX-013", Category.UNRECONCILED, Severity.HIGH, "Flux finds that a release drifted"
)
RELEASE_FAILED: Final = Check(
    "FLUX-015", Category.UNRECONCILED, Severity.HIGH, "A release failed or was rolled back"
)
OTHER_CHART: Final = Check(
    "FLUX-016",
    Category.UNRECONCILED,
    Severity.HIGH,
    "A release is of another chart version than is asked for",
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
    NOT_GENERATED,
    STALE_APPLICATION,
    UNLIKE_TEMPLATE,
    GENERATION_FAILED,
    TEMPLATE_GAP,
    OUT_OF_SYNC,
    NOT_HEALING,
    UNHEALTHY,
    SYNC_FAILED,
    APPLICATION_ERROR,
    NOT_COMPARED,
    SWITCHED_OFF,
    STATUS_OUTDATED,
    NOT_READY,
    STALLED,
    SUSPENDED,
    BEHIND_SOURCE,
    NEVER_APPLIED,
    BEHIND_GIT,
    BLOCKED,
    INPUT_MISSING,
    NOT_ACTED_ON,
    RELEASE_DRIFTED,
    RELEASE_FAILED,
    OTHER_CHART,
    EXPIRED_RULE,
)
BY_ID: Final = {check.id: check for check in ALL}

WOULD_CREATE: Final = Check(
    "REV-001", Category.MISSING, Severity.INFO, "A revision would create an object"
)
WOULD_CHANGE: Final = Check(
    "REV-002", Category.CHANGED, Severity.LOW, "A revision would change an object"
)
WOULD_DELETE: Final = Check(
    "REV-003", Category.UNMANAGED, Severity.MEDIUM, "A revision would no longer declare an object"
)
PROPOSED: Final = (WOULD_CREATE, WOULD_CHANGE, WOULD_DELETE, INVALID)
"""What comparing revisions finds. The first three are forecasts: the worker never finds them."""
