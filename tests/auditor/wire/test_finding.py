"""The published form of a finding."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta, timezone

import pytest
from hypothesis import given

from auditor.domain.difference import REDACTED
from auditor.domain.evidence import DryRun, Evidence
from auditor.domain.finding import Remedy, State, TrackedFinding
from auditor.wire.finding import FindingDocument, decode, encode
from tests.doubles import START
from tests.outcomes import TRACKED, finding, image


def tracked(**rest: object) -> TrackedFinding:
    """An open finding; ``rest`` replaces its history."""
    history = {"state": State.OPEN, "first_seen": START, "last_seen": START} | rest
    return TrackedFinding(finding=finding(), **history)  # type: ignore[arg-type]  # fields by name


@given(TRACKED)
def test_decoding_is_the_inverse_of_encoding(one: TrackedFinding) -> None:
    """Nothing of a finding or of its history is lost on the way out."""
    assert decode(encode(one)) == one


@given(TRACKED)
def test_what_is_written_is_what_is_described(one: TrackedFinding) -> None:
    """The fast layout and the model agree, field by field."""
    described = FindingDocument.of(one).model_dump(mode="json", by_alias=True)

    assert json.loads(encode(one)) == described


def test_it_looks_as_promised() -> None:
    """The contract that consumers are written against."""
    assert json.loads(encode(tracked())) == {
        "id": "2e55c64a17ed97bab4183501a6692964",
        "check": "K8S-002",
        "category": "changed",
        "severity": "high",
        "state": "open",
        "verdict": "drifted",
        "cluster": "prod",
        "object": {
            "group": "apps",
            "version": "v1",
            "kind": "Deployment",
            "namespace": "shop",
            "name": "web",
        },
        "differences": [
            {
                "path": "spec.template.spec.containers[name=web].image",
                "pointer": "/spec/template/spec/containers/0/image",
                "op": "changed",
                "desired": "web:1.4",
                "actual": "web:1.5",
                "writer": {
                    "manager": "kubectl-set",
                    "operation": "Update",
                    "subresource": None,
                    "time": "2026-01-02T03:04:05Z",
                },
            }
        ],
        "source": {
            "repository": "platform",
            "revision": "1" * 40,
            "path": "web.yaml",
            "line": 3,
            "authored": None,
        },
        "owner": {
            "tool": "argocd",
            "name": "shop",
            "entity": None,
            "chain": [],
            "environment": None,
        },
        "began": "2026-01-02T03:04:05Z",
        "firstSeen": "2026-01-02T03:04:05Z",
        "lastSeen": "2026-01-02T03:04:05Z",
        "resolvedAt": None,
        "message": "web runs another image than declared",
        "remedies": [{"kind": "revert", "how": "kubectl apply -f web.yaml"}],
        "resolution": None,
        "generation": 1,
        "openings": [],
        "actualVersion": "41",
        "evidence": None,
    }


def test_evidence_is_told() -> None:
    """How the dry run ended, and when."""
    known = Evidence(dry_run=DryRun.REFUTED, at=START)
    one = replace(tracked(), finding=finding(evidence=known))

    shown = json.loads(encode(one))["evidence"]

    assert shown == {"dryRun": "refuted", "at": "2026-01-02T03:04:05Z"}


def test_times_are_told_in_utc() -> None:
    """Wherever the worker runs."""
    berlin = START.astimezone(timezone(timedelta(hours=1)))

    assert json.loads(encode(tracked(first_seen=berlin)))["firstSeen"] == "2026-01-02T03:04:05Z"


def test_numbers_beyond_64_bits_survive() -> None:
    """Git may declare what Kubernetes would refuse."""
    huge = TrackedFinding(
        finding=finding(differences=(image(actual=10**30),)),  # type: ignore[arg-type]  # any JSON
        state=State.OPEN,
        first_seen=START,
        last_seen=START,
    )

    assert decode(encode(huge)) == huge


def test_what_a_newer_auditor_added_is_ignored() -> None:
    """Version 1 only ever gains fields."""
    newer = json.loads(encode(tracked())) | {"mood": "calm"}

    assert decode(json.dumps(newer)) == tracked()


def test_a_remedy_cannot_hide_its_kind() -> None:
    """Details are for programs; the kind is ours."""
    remedy = Remedy(kind="revert", details={"kind": "explode"})
    one = TrackedFinding(
        finding=finding(remedies=(remedy,)), state=State.OPEN, first_seen=START, last_seen=START
    )

    assert json.loads(encode(one))["remedies"] == [{"kind": "revert"}]


def test_secrets_stay_as_they_arrive() -> None:
    """Redaction happens before; nothing here looks behind it."""
    one = TrackedFinding(
        finding=finding(differences=(image(REDACTED),)),
        state=State.OPEN,
        first_seen=START,
        last_seen=START,
    )

    assert json.loads(encode(one))["differences"][0]["actual"] == "<redacted>"


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b'{"id": 1}'])
def test_what_is_no_finding_is_refused(raw: bytes) -> None:
    """A broken row or message is an error, not half a finding."""
    with pytest.raises(ValueError, match="FindingDocument"):
        decode(raw)
