"""A finding as it is published: on the stream, by the API, on the command line, in the ledger.

Encoding and decoding are each other's inverse, which is why the ledger can keep this very form. It
refuses to shorten or to redact: differences arrive redacted.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Self

from pydantic import ConfigDict, Field

from auditor.domain.evidence import DryRun, Evidence
from auditor.domain.finding import (
    Category,
    Finding,
    Remedy,
    Resolution,
    Severity,
    State,
    TrackedFinding,
    Verdict,
)
from auditor.domain.identity import ObjectRef
from auditor.domain.manifest import Origin, Owner
from auditor.wire.difference import DifferenceDocument, show_difference
from auditor.wire.model import Document, Time, in_utc, to_json


class ObjectDocument(Document):
    """The object a finding is about."""

    group: Annotated[str, Field(description="Empty for the core group.")]
    version: Annotated[str, Field(description="The API version that was compared.")]
    kind: str
    namespace: Annotated[str, Field(description="Empty for cluster-scoped objects.")]
    name: str


class SourceDocument(Document):
    """The place in Git that declares the object, or what of it the finding is about."""

    repository: str
    revision: Annotated[
        str,
        Field(
            description="The commit, or digest of an artifact, that last changed what is declared, if known."
        ),
    ]
    path: str
    line: Annotated[
        int | None,
        Field(
            description="Counted from 1: where the object begins, or the field that an overlay or values say."
        ),
    ] = None
    authored: Annotated[
        Time | None, Field(description="When the commit was written, as far as it is known.")
    ] = None


class OwnerDocument(Document):
    """Whose the object is."""

    tool: Annotated[str, Field(examples=["argocd"])]
    name: Annotated[str, Field(description="In the tool's own words.", examples=["shop-prod"])]
    entity: Annotated[str | None, Field(examples=["component:default/web"])] = None
    chain: Annotated[
        tuple[str, ...],
        Field(
            description="The tool's objects that lead to the object, the outermost first.",
            examples=[["argoproj.io/ApplicationSet/argocd/shop"]],
        ),
    ] = ()
    environment: Annotated[str | None, Field(examples=["production"])] = None


class RemedyDocument(Document):
    """One thing that can be done; fields other than ``kind`` are for programs."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, str]

    kind: Annotated[str, Field(description="revert, codify or wait.")]

    def value(self) -> Remedy:
        """The remedy that was shown."""
        return Remedy(kind=self.kind, details=self.__pydantic_extra__)


class EvidenceDocument(Document):
    """What the API server said to a dry run of the declaration; it never changes a finding."""

    dry_run: Annotated[
        DryRun,
        Field(
            description="confirmed (applying would change what was found), refuted (it would not) or "
            "failed (no answer). Says nothing of what was added."
        ),
    ]
    at: Time

    def value(self) -> Evidence:
        """The evidence that was shown."""
        return Evidence(dry_run=self.dry_run, at=self.at)


class FindingDocument(Document):
    """What is wrong with one object, for one check."""

    SCHEMA: ClassVar[str] = "finding.v1"

    id: Annotated[str, Field(description="The fingerprint: of cluster, object and check only.")]
    check: Annotated[str, Field(examples=["K8S-002"])]
    category: Category
    severity: Severity
    state: State
    verdict: Verdict
    cluster: str
    object: ObjectDocument
    differences: tuple[DifferenceDocument, ...] = ()
    source: SourceDocument | None = None
    owner: OwnerDocument | None = None
    began: Annotated[Time | None, Field(description="When it was written, as far as known.")] = None
    first_seen: Annotated[Time, Field(description="Kept when a finding comes back.")]
    last_seen: Time
    resolved_at: Time | None = None
    message: str
    remedies: tuple[RemedyDocument, ...] = ()
    resolution: Annotated[Resolution | None, Field(description="How it ended.")] = None
    generation: Annotated[int, Field(description="Grows by one with every transition.")] = 1
    openings: Annotated[
        tuple[Time, ...], Field(description="When it opened lately, oldest first.")
    ] = ()
    actual_version: Annotated[
        str,
        Field(
            description="Generation or resourceVersion that was judged, opaque; empty if not alive."
        ),
    ] = ""
    evidence: Annotated[
        EvidenceDocument | None, Field(description="Where the cluster is asked (`confirm`).")
    ] = None

    @classmethod
    def of(cls, tracked: TrackedFinding) -> Self:
        """Show a finding with its history."""
        return cls.model_validate(show(tracked))

    def value(self) -> TrackedFinding:
        """The finding that was shown."""
        return TrackedFinding(
            finding=self._finding(),
            state=self.state,
            first_seen=self.first_seen,
            last_seen=self.last_seen,
            resolved_at=self.resolved_at,
            resolution=self.resolution,
            generation=self.generation,
            openings=self.openings,
        )

    def _finding(self) -> Finding:
        what = self.object
        return Finding(
            ref=ObjectRef(self.cluster, what.group, what.kind, what.namespace, what.name),
            version=what.version,
            check=self.check,
            category=self.category,
            severity=self.severity,
            verdict=self.verdict,
            message=self.message,
            differences=tuple(difference.value() for difference in self.differences),
            origin=Origin(**dict(self.source)) if self.source else None,
            owner=Owner(**dict(self.owner)) if self.owner else None,
            began=self.began,
            actual_version=self.actual_version,
            remedies=tuple(remedy.value() for remedy in self.remedies),
            evidence=self.evidence.value() if self.evidence else None,
        )


def encode(tracked: TrackedFinding) -> bytes:
    """Write a finding as one JSON object."""
    return to_json(show(tracked))


def decode(raw: bytes | str) -> TrackedFinding:
    """Read what `encode` wrote.

    Raises:
        ValueError: it is not a finding.

    """
    return FindingDocument.model_validate_json(raw).value()


def show(tracked: TrackedFinding) -> dict[str, Any]:
    """Lay a finding out as `FindingDocument` describes it, without the price of validating it."""
    finding = tracked.finding
    return {
        "id": tracked.fingerprint,
        "check": finding.check,
        "category": finding.category,
        "severity": finding.severity,
        "state": tracked.state,
        "verdict": finding.verdict,
        "cluster": finding.ref.cluster,
        "object": _show_object(finding),
        "differences": [show_difference(difference) for difference in finding.differences],
        "source": _show_origin(finding.origin),
        "owner": _show_owner(finding.owner),
        "began": in_utc(finding.began) if finding.began else None,
        "firstSeen": in_utc(tracked.first_seen),
        "lastSeen": in_utc(tracked.last_seen),
        "resolvedAt": in_utc(tracked.resolved_at) if tracked.resolved_at else None,
        "message": finding.message,
        "remedies": [{**remedy.details, "kind": remedy.kind} for remedy in finding.remedies],
        "resolution": tracked.resolution,
        "generation": tracked.generation,
        "openings": [in_utc(opened) for opened in tracked.openings],
        "actualVersion": finding.actual_version,
        "evidence": _show_evidence(finding.evidence),
    }


def _show_object(finding: Finding) -> dict[str, str]:
    ref = finding.ref
    return {
        "group": ref.group,
        "version": finding.version,
        "kind": ref.kind,
        "namespace": ref.namespace,
        "name": ref.name,
    }


def _show_evidence(evidence: Evidence | None) -> dict[str, Any] | None:
    return {"dryRun": evidence.dry_run, "at": in_utc(evidence.at)} if evidence else None


def _show_origin(origin: Origin | None) -> dict[str, Any] | None:
    if origin is None:
        return None
    authored = in_utc(origin.authored) if origin.authored else None
    return {name: getattr(origin, name) for name in origin.__slots__} | {"authored": authored}


def _show_owner(owner: Owner | None) -> dict[str, Any] | None:
    return {name: getattr(owner, name) for name in owner.__slots__} if owner else None
