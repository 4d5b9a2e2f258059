"""What ignore rules hide, as the API tells it: each difference with the rule that hides it.

It refuses to be a finding: nobody has judged how bad it is.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field

from auditor.domain.finding import Suppression
from auditor.domain.identity import ObjectRef
from auditor.wire.difference import DifferenceDocument, show_difference
from auditor.wire.model import Document, Time, in_utc


class HiddenObjectDocument(Document):
    """The object in which something is hidden."""

    group: Annotated[str, Field(description="Empty for the core group.")]
    kind: str
    namespace: Annotated[str, Field(description="Empty for cluster-scoped objects.")]
    name: str


class SuppressionDocument(Document):
    """One hidden difference, or a whole hidden deviation, and the rule that hides it."""

    cluster: str
    object: HiddenObjectDocument
    check: Annotated[str, Field(examples=["K8S-002"])]
    rule: Annotated[str, Field(description="The rule's id, or argocd/… or flux/… for an owner's.")]
    reason: Annotated[str, Field(description="Why the rule exists.")]
    owner: Annotated[str, Field(description="Whose the rule is.")]
    expires: Annotated[Time | None, Field(description="When it hides nothing any more.")] = None
    difference: Annotated[
        DifferenceDocument | None, Field(description="What it hides; null: all of the check.")
    ] = None

    def value(self) -> tuple[ObjectRef, Suppression]:
        """The object and the suppression that were shown."""
        what = self.object
        ref = ObjectRef(self.cluster, what.group, what.kind, what.namespace, what.name)
        return ref, Suppression(
            rule=self.rule,
            check=self.check,
            difference=self.difference.value() if self.difference else None,
            reason=self.reason,
            owner=self.owner,
            expires=self.expires,
        )


class SuppressedDocument(Document):
    """Everything that ignore rules hide now."""

    SCHEMA: ClassVar[str] = "suppressed.v1"

    suppressed: tuple[SuppressionDocument, ...]
    total: Annotated[int, Field(description="How many there are, shown or not.")]


def show_suppression(ref: ObjectRef, hidden: Suppression) -> dict[str, Any]:
    """Lay a suppression out as `SuppressionDocument` describes it."""
    return {
        "cluster": ref.cluster,
        "object": {name: getattr(ref, name) for name in HiddenObjectDocument.model_fields},
        "check": hidden.check,
        "rule": hidden.rule,
        "reason": hidden.reason,
        "owner": hidden.owner,
        "expires": in_utc(hidden.expires) if hidden.expires else None,
        "difference": show_difference(hidden.difference) if hidden.difference else None,
    }
