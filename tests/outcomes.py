"""Outcomes for tests, each in one line: ``drifted("web")``, ``clean("web")``, ``unknown("web")``."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from hypothesis import strategies as st

from auditor.domain.difference import Difference, Op, Writer
from auditor.domain.evidence import DryRun, Evidence
from auditor.domain.fieldpath import FieldPath, Key, Member
from auditor.domain.finding import (
    Category,
    Finding,
    Outcome,
    Remedy,
    Resolution,
    Severity,
    State,
    Suppression,
    TrackedFinding,
    Verdict,
)
from auditor.domain.identity import ObjectRef
from auditor.domain.manifest import Origin, Owner
from auditor.domain.pair import Doubt
from tests.builders import REVISION, ref
from tests.doubles import START

IMAGE = FieldPath(("spec", "template", "spec", "containers", Key((("name", "web"),)), "image"))
CHECK = "K8S-002"


def image(actual: str = "web:1.5", *, manager: str = "kubectl-set", **rest: Any) -> Difference:
    """The image of the container ``web`` differs; ``rest`` are fields of the writer."""
    return Difference(
        path=IMAGE,
        pointer="/spec/template/spec/containers/0/image",
        op=Op.CHANGED,
        desired="web:1.4",
        actual=actual,
        writer=Writer(manager=manager, operation="Update", **({"time": START} | rest)),
    )


def finding(name: str = "web", *, actual: str = "web:1.5", **rest: Any) -> Finding:
    """What `image` makes of a Deployment; ``rest`` replaces fields of the finding."""
    fields: dict[str, Any] = {
        "ref": ref(name=name),
        "version": "v1",
        "check": CHECK,
        "category": Category.CHANGED,
        "severity": Severity.HIGH,
        "verdict": Verdict.DRIFTED,
        "message": f"{name} runs another image than declared",
        "differences": (image(actual),),
        "origin": Origin(repository="platform", revision=REVISION, path="web.yaml", line=3),
        "owner": Owner(tool="argocd", name="shop"),
        "began": START,
        "actual_version": "41",
        "remedies": (Remedy(kind="revert", details={"how": "kubectl apply -f web.yaml"}),),
    }
    return Finding(**(fields | rest))


def drifted(name: str = "web", **rest: Any) -> Outcome:
    """An outcome with one `finding`; ``rest`` replaces fields of the finding."""
    one = finding(name, **rest)
    version = one.actual_version
    return Outcome(ref=one.ref, verdict=Verdict.DRIFTED, findings=(one,), actual_version=version)


def clean(name: str = "web", *, actual_version: str = "42", **rest: Any) -> Outcome:
    """An outcome without findings; by default the live object has moved on."""
    given = {"verdict": Verdict.IN_SYNC} | rest
    return Outcome(ref=ref(name=name), actual_version=actual_version, **given)


def unknown(name: str = "web", doubt: Doubt = Doubt.STALE) -> Outcome:
    """An outcome that says nothing."""
    return Outcome(ref=ref(name=name), verdict=Verdict.UNKNOWN, doubt=doubt)


def hidden(name: str = "web", difference: Difference | None = None, rule: str = "night") -> Outcome:
    """An outcome whose one difference an ignore rule hides."""
    suppressed = (Suppression(rule=rule, check=CHECK, difference=difference),)
    return clean(name, suppressed=suppressed)


# --- any finding at all -----------------------------------------------------------------------------

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_TIMES = st.datetimes(min_value=START.replace(tzinfo=None), timezones=st.just(UTC))
_SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), _TEXT)
JSON_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=6,
)
_SEGMENTS = st.one_of(
    _TEXT,
    st.integers(0, 10**6),
    st.builds(Key, st.lists(st.tuples(_TEXT, _SCALARS), max_size=2).map(tuple)),
    st.builds(Member, _SCALARS),
)
_WRITERS = st.builds(
    Writer,
    manager=_TEXT,
    operation=st.sampled_from(["Apply", "Update"]),
    subresource=st.none() | _TEXT,
    time=st.none() | _TIMES,
)
_DIFFERENCES = st.builds(
    Difference,
    path=st.lists(_SEGMENTS, max_size=4).map(lambda segments: FieldPath(tuple(segments))),
    pointer=_TEXT,
    op=st.sampled_from(Op),
    desired=JSON_VALUES,
    actual=JSON_VALUES,
    writer=st.none() | _WRITERS,
)
_REMEDIES = st.builds(
    Remedy,
    kind=st.sampled_from(["revert", "codify", "wait"]),
    details=st.dictionaries(_TEXT.filter(lambda name: name != "kind"), _TEXT, max_size=2),
)
FINDINGS = st.builds(
    Finding,
    ref=st.builds(ObjectRef, _TEXT, _TEXT, _TEXT, _TEXT, _TEXT),
    version=_TEXT,
    check=_TEXT,
    category=st.sampled_from(Category),
    severity=st.sampled_from(Severity),
    verdict=st.sampled_from(Verdict),
    message=_TEXT,
    differences=st.lists(_DIFFERENCES, max_size=2).map(tuple),
    origin=st.none()
    | st.builds(
        Origin,
        repository=_TEXT,
        revision=_TEXT,
        path=_TEXT,
        line=st.none() | st.just(3),
        authored=st.none() | _TIMES,
    ),
    owner=st.none()
    | st.builds(
        Owner,
        tool=_TEXT,
        name=_TEXT,
        entity=st.none() | _TEXT,
        chain=st.lists(_TEXT, max_size=2).map(tuple),
        environment=st.none() | _TEXT,
    ),
    began=st.none() | _TIMES,
    actual_version=_TEXT,
    remedies=st.lists(_REMEDIES, max_size=2).map(tuple),
    evidence=st.none() | st.builds(Evidence, dry_run=st.sampled_from(DryRun), at=_TIMES),
)
TRACKED = st.builds(
    TrackedFinding,
    finding=FINDINGS,
    state=st.sampled_from(State),
    first_seen=_TIMES,
    last_seen=_TIMES,
    resolved_at=st.none() | _TIMES,
    resolution=st.none() | st.sampled_from(Resolution),
    generation=st.integers(1, 10**6),
    openings=st.lists(_TIMES, max_size=3).map(tuple),
)
"""Any finding with any history."""
