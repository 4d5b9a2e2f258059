"""What the ledger has on record of objects that were left over.

The desired state forgets what an owner declared when both are gone over a restart, or when the owner's own
object is. That an object was found to be left over is on record, with whose it was and where it was declared;
as long as it lives undeclared, it still is. It refuses to take the word of a finding that was made without a
declaration.
"""

from __future__ import annotations

from auditor.domain import checks
from auditor.domain.finding import Finding
from auditor.domain.identity import GroupVersionKind, ObjectRef
from auditor.domain.pair import LeftOver
from auditor.ports.delivery import Ledger


class Leavings:
    """Looks up in the ledger, which answers from memory."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def of(self, ref: ObjectRef) -> LeftOver | None:
        """What is on record of an object; ``None`` where it was not found to be left over."""
        for tracked in self._ledger.live(ref):
            finding = tracked.finding
            if _is_left_over(finding) and finding.origin is not None:
                return LeftOver(owner=finding.owner, origin=finding.origin)
        return None

    def kinds(self, cluster: str) -> frozenset[GroupVersionKind]:
        """The kinds of what was left over on a cluster: nothing declared may bring them in any more."""
        found = (tracked.finding for tracked in self._ledger.open_findings())
        return frozenset(
            GroupVersionKind(finding.ref.group, finding.version, finding.ref.kind)
            for finding in found
            if finding.ref.cluster == cluster and _is_left_over(finding)
        )


def _is_left_over(finding: Finding) -> bool:
    return finding.check == checks.ORPHANED.id and finding.origin is not None
