"""Reports for tests: one with everything that a report can hold, and what it looks like in every form.

``python -m tests.auditor.reports.cases`` writes the golden files anew; read the difference before it is
committed.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from auditor.domain.difference import REDACTED, Difference, Op, Writer
from auditor.domain.fieldpath import FieldPath, Key
from auditor.domain.finding import Category, Remedy, Severity, State, TrackedFinding
from auditor.domain.identity import ObjectRef
from auditor.domain.manifest import Origin, Owner
from auditor.domain.report import Report, Summary
from auditor.reports.forms import WRITERS, Form
from tests.builders import REVISION, ref
from tests.findings import tracked

GOLDEN = Path(__file__).parent / "golden"
ENDINGS = {
    Form.TABLE: "txt",
    Form.JSON: "json",
    Form.YAML: "yaml",
    Form.SARIF: "sarif",
    Form.MARKDOWN: "md",
}
_THEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def full_report() -> Report:
    """Changed, added, removed, secret, unmanaged, suppressed, resolved, and a problem."""
    return Report(
        findings=(
            _changed(),
            _secret(),
            _unmanaged(),
            _ended(State.SUPPRESSED),
            _ended(State.RESOLVED),
        ),
        summary=Summary(objects=120, in_sync=116, drifted=3, pending=1),
        problems=("cluster stage: cannot be reached; its objects are not audited",),
    )


def _changed() -> TrackedFinding:
    container = FieldPath(("spec", "template", "spec", "containers", Key((("name", "web"),))))
    edit = Writer(manager="kubectl-edit", operation="Update", time=_THEN)
    scale = Writer(manager="kubectl", operation="Update", subresource="scale")
    pointer = "/spec/template/spec/containers/0"
    differences = (
        Difference(
            path=container.child("image"),
            pointer=f"{pointer}/image",
            op=Op.CHANGED,
            desired="web:1.4",
            actual="web:1.5",
            writer=edit,
        ),
        Difference(
            path=FieldPath(("spec", "replicas")),
            pointer="/spec/replicas",
            op=Op.CHANGED,
            desired=2,
            actual=5,
            writer=scale,
        ),
        Difference(
            path=FieldPath(("metadata", "labels", "example.com/team")),
            pointer="/metadata/labels/example.com~1team",
            op=Op.REMOVED,
            desired="shop",
        ),
        Difference(
            path=container.child("env"),
            pointer=f"{pointer}/env",
            op=Op.ADDED,
            actual=[{"name": "DEBUG", "value": "true " * 40}],
            writer=edit,
        ),
    )
    return tracked(
        "web",
        differences=differences,
        message="4 fields differ from the declaration",
        origin=Origin(repository="platform", revision=REVISION, path="apps/web.yaml", line=12),
        owner=Owner(
            tool="argocd",
            name="shop-prod",
            chain=(
                "argoproj.io/ApplicationSet/argocd/shop",
                "argoproj.io/Application/argocd/shop-prod",
            ),
            environment="production",
        ),
        began=_THEN,
        remedies=(Remedy(kind="revert", details={"command": "kubectl apply -f apps/web.yaml"}),),
    )


def _secret() -> TrackedFinding:
    difference = Difference(
        path=FieldPath(("data", "password")),
        pointer="/data/password",
        op=Op.CHANGED,
        desired=REDACTED,
        actual=REDACTED,
        writer=Writer(manager="kubectl-edit", operation="Update", time=_THEN),
    )
    return tracked(
        "login",
        ref=ref("Secret", "login", group=""),
        severity=Severity.CRITICAL,
        differences=(difference,),
        message="1 field differs from the declaration",
        origin=Origin(repository="platform", revision="", path="secrets/log in.yaml"),
    )


def _unmanaged() -> TrackedFinding:
    return tracked(
        "debug",
        ref=ObjectRef("prod", "", "Pod", "shop", "debug"),
        check="K8S-007",
        category=Category.UNMANAGED,
        severity=Severity.MEDIUM,
        message="nobody declared it",
    )


def _ended(state: State) -> TrackedFinding:
    return tracked(f"{state}-one", state=state, severity=Severity.LOW)


def main() -> None:
    """Write the golden files."""
    for form, write in WRITERS.items():
        (GOLDEN / f"report.{ENDINGS[form]}").write_text(write(full_report()))


if __name__ == "__main__":
    main()
