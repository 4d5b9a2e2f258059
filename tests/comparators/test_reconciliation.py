"""Owners that do not do their work say so in their status."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.domain import checks
from auditor.domain.checks import BY_ID
from auditor.domain.finding import Category, Deviation, Severity
from auditor.domain.identity import GroupKind
from auditor.domain.pair import Pair
from comparators.reconciliation import reconciliation
from tests.builders import deployment, live, manifest, obj
from tests.comparators.pairs import entry
from tests.outcomes import JSON_VALUES

THEN = "2026-01-02T03:04:05Z"
SINCE = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LATER = "2026-01-02T05:00:00Z"
KUSTOMIZE = "kustomize.toolkit.fluxcd.io/v1"
HELM = "helm.toolkit.fluxcd.io/v2"
SOURCE = "source.toolkit.fluxcd.io/v1"
ARGO = "argoproj.io/v1alpha1"
READY = {"type": "Ready", "status": "True", "reason": "ReconciliationSucceeded"}


def condition(kind: str, status: str, reason: str = "Why", **rest: Any) -> dict[str, Any]:
    """A condition since `THEN`."""
    known = {"type": kind, "status": status, "reason": reason, "message": "so it is"}
    return known | {"lastTransitionTime": THEN} | rest


def owner(
    kind: str = "Kustomization",
    api: str = KUSTOMIZE,
    *conditions: dict[str, Any],
    spec: dict[str, Any] | None = None,
    **status: Any,
) -> dict[str, Any]:
    """An owner of a kind with a status."""
    said = status | ({"conditions": list(conditions)} if conditions else {})
    return obj(api, kind, "shop", "flux-system", spec=spec or {"interval": "10m"}, status=said)


def kustomization(*conditions: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return owner("Kustomization", KUSTOMIZE, *conditions, **rest)


def release(*conditions: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return owner("HelmRelease", HELM, *conditions, **rest)


def application(*conditions: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return owner("Application", ARGO, *conditions, **{"spec": {}} | rest)


def found(body: dict[str, Any], **metadata: Any) -> list[Deviation]:
    """What is said of an owner that lives as declared."""
    spec = {name: value for name, value in body.items() if name != "status"}
    declared, living = manifest(spec), live(body, **metadata)
    return list(reconciliation(Pair(ref=declared.ref, desired=declared, actual=living)))


def told(body: dict[str, Any], **metadata: Any) -> list[str]:
    """The ids of the checks."""
    return [one.check for one in found(body, **metadata)]


def only(body: dict[str, Any], **metadata: Any) -> Deviation:
    """The one thing that is said."""
    (one,) = found(body, **metadata)
    return one


class TestWhom:
    @pytest.mark.parametrize(
        "body",
        [kustomization(READY), release(READY), application(), owner("ApplicationSet", ARGO)],
        ids=["kustomization", "release", "application", "set"],
    )
    def test_a_healthy_owner_is_healthy(self, body: dict[str, Any]) -> None:
        """Nothing is said of it."""
        assert found(body) == []

    def test_other_objects_say_nothing_here(self) -> None:
        """Nor do objects of another group that have the same kind."""
        sick = condition("Ready", "False")

        assert told(deployment() | {"status": {"conditions": [sick]}}) == []
        assert told(owner("Kustomization", "kustomize.config.k8s.io/v1", sick)) == []

    def test_what_is_neither_declared_nor_followed_is_somebody_elses(self) -> None:
        """An owner alive may be followed without being declared."""
        living = live(kustomization(condition("Ready", "False")))
        alone = Pair(ref=living.ref, desired=None, actual=living)
        followed = Pair(ref=living.ref, desired=None, actual=living, followed=True)

        assert list(reconciliation(alone)) == []
        assert [one.check for one in reconciliation(followed)] == ["FLUX-001"]

    def test_what_is_missing_or_goes_says_nothing(self) -> None:
        """Both are told elsewhere."""
        declared = manifest(kustomization())

        assert list(reconciliation(Pair(ref=declared.ref, desired=declared, actual=None))) == []
        assert told(kustomization(condition("Ready", "False")), deletionTimestamp=THEN) == []

    def test_only_its_kinds_have_a_status_that_counts(self) -> None:
        """News about the status of any other kind need not be looked at."""
        kinds: frozenset[GroupKind] = reconciliation.reads_status_of  # type: ignore[attr-defined] # set by the decorator

        assert GroupKind("argoproj.io", "Application") in kinds
        assert GroupKind("apps", "Deployment") not in kinds

    @given(
        st.sampled_from([kustomization, release, application]),
        st.fixed_dictionaries(
            {},
            optional=dict.fromkeys(
                (
                    "conditions",
                    "health",
                    "history",
                    "observedGeneration",
                    "operationState",
                    "resources",
                    "sync",
                ),
                JSON_VALUES,
            ),
        ),
    )
    def test_any_status_is_taken(self, build: Any, status: dict[str, Any]) -> None:
        """Whatever a controller writes, nothing breaks, and what is said is in the catalogue."""
        body = build() | {"status": status}

        assert all(BY_ID[one.check].category is one.category for one in found(body, generation=2))


class TestFlux:
    @pytest.mark.parametrize(
        ("body", "check"),
        [
            (kustomization(condition("Ready", "False", "BuildFailed")), "FLUX-001"),
            (owner("GitRepository", SOURCE, condition("Ready", "False")), "FLUX-001"),
            (kustomization(condition("Ready", "False", "DependencyNotReady")), "FLUX-010"),
            (
                kustomization(
                    condition("Ready", "Unknown", "Progressing"),
                    condition("Reconciling", "True", "ProgressingWithRetry"),
                ),
                "FLUX-001",
            ),
            (kustomization(READY, lastAppliedRevision="a", lastAttemptedRevision="b"), "FLUX-005"),
            (kustomization(READY, lastAttemptedRevision="b"), "FLUX-005"),
            (release(condition("Ready", "False")), "FLUX-001"),
        ],
    )
    def test_what_may_pass_has_to_last(self, body: dict[str, Any], check: str) -> None:
        """For three intervals at least."""
        one = only(body)

        assert (one.check, one.category) == (check, Category.UNRECONCILED)
        assert one.since is not None
        assert one.patience == timedelta(minutes=30)

    @pytest.mark.parametrize(
        ("body", "check", "severity"),
        [
            (
                kustomization(condition("Stalled", "True"), condition("Ready", "False")),
                checks.STALLED,
                Severity.CRITICAL,
            ),
            (release(READY, condition("Drifted", "True")), checks.RELEASE_DRIFTED, Severity.HIGH),
            (
                release(condition("Ready", "False"), condition("Released", "False"), failures=3),
                checks.RELEASE_FAILED,
                Severity.HIGH,
            ),
            (
                release(condition("Ready", "False"), condition("Remediated", "True"), failures=1),
                checks.RELEASE_FAILED,
                Severity.HIGH,
            ),
        ],
    )
    def test_what_does_not_pass_is_said_at_once(
        self, body: dict[str, Any], check: checks.Check, severity: Severity
    ) -> None:
        """And nothing that only follows from it."""
        one = only(body)

        assert (one.check, one.since, check.severity) == (check.id, None, severity)

    def test_the_condition_is_named(self) -> None:
        """With its reason; its message is for people, and changes often."""
        one = only(
            kustomization(condition("Ready", "False", "BuildFailed", message="no\n such file"))
        )
        (field,) = one.differences

        assert one.message.endswith("flux-system/shop: BuildFailed: no such file")
        assert str(field.path) == "status.conditions[type=Ready]"
        assert field.pointer == "/status/conditions/0"
        assert field.actual == {"status": "False", "reason": "BuildFailed"}

    def test_it_fails_since_the_last_success(self) -> None:
        """Conditions begin anew with every attempt; the history does not."""
        history = [
            {"lastReconciledStatus": "HealthCheckFailed", "firstReconciled": THEN},
            {"lastReconciledStatus": "ReconciliationSucceeded", "lastReconciled": THEN},
        ]
        failing = condition("Ready", "False", lastTransitionTime=LATER)

        assert only(kustomization(failing, history=history)).since == SINCE
        assert only(kustomization(failing, history=history[:1])).since == SINCE

    def test_a_new_attempt_is_no_recovery(self) -> None:
        """It may take its time; what is open stays open meanwhile."""
        history = [{"lastReconciledStatus": "HealthCheckFailed", "firstReconciled": THEN}]
        trying = condition("Ready", "Unknown", "Progressing", lastTransitionTime=LATER)
        one = only(kustomization(trying, history=history))

        assert one.check == "FLUX-001"
        assert one.since == datetime(2026, 1, 2, 5, 0, tzinfo=UTC)

    def test_a_first_attempt_is_no_failure(self) -> None:
        """It is still being applied."""
        assert told(kustomization(condition("Ready", "Unknown", "Progressing"))) == []


class TestSuspended:
    suspended = kustomization(
        condition("Ready", "False"),
        condition("Stalled", "True"),
        spec={"suspend": True, "interval": "1m"},
    )

    def test_says_who_and_since_when(self) -> None:
        """And nothing else: whatever its status says is old."""
        declared = manifest(kustomization())
        living = live(self.suspended, managedFields=[entry("flux", "f:spec f:suspend")])
        (one,) = reconciliation(Pair(ref=declared.ref, desired=declared, actual=living))

        assert (one.check, one.since, one.severity) == ("FLUX-003", SINCE, None)
        assert one.message.endswith("is suspended by flux")
        assert [str(field.path) for field in one.differences] == ["spec.suspend"]

    def test_may_be_meant(self) -> None:
        """Then it is worth knowing, and no more."""
        one = only(self.suspended)

        assert (one.check, one.severity) == ("FLUX-003", Severity.INFO)
        assert "as it is declared" in one.message
        assert one.differences == ()


class TestNotActedOn:
    def test_a_new_generation_has_to_be_seen(self) -> None:
        """Since it was written."""
        body = kustomization(READY, observedGeneration=1)
        one = only(body, generation=2, managedFields=[entry("flux", "f:spec f:path")])

        assert (one.check, one.since) == ("FLUX-012", SINCE)

    @pytest.mark.parametrize(
        "body",
        [
            kustomization(READY, observedGeneration=2),
            owner("ExternalArtifact", SOURCE, READY),
            owner("HelmRepository", SOURCE, spec={"type": "oci"}),
        ],
    )
    def test_a_seen_one_was_seen(self, body: dict[str, Any]) -> None:
        """Of some kinds nobody has to say so."""
        assert told(body, generation=2) == []

    def test_what_failed_was_seen(self) -> None:
        """Which only the condition tells."""
        failing = condition("Ready", "False", observedGeneration=2)

        assert told(kustomization(failing, observedGeneration=1), generation=2) == ["FLUX-001"]

    @pytest.mark.parametrize(("handled", "expected"), [(LATER, []), (None, ["FLUX-012"])])
    def test_a_request_has_to_be_heard(self, handled: str | None, expected: list[str]) -> None:
        """Since it was made."""
        body = kustomization(READY, lastHandledReconcileAt=handled)
        body["metadata"]["annotations"] = {"reconcile.fluxcd.io/requestedAt": LATER}

        assert told(body) == expected


class TestArgoCd:
    def out_of_sync(self, *, heals: bool = True, **status: Any) -> dict[str, Any]:
        """An Application that was synced `THEN` and is not any more."""
        history = [{"revision": "a", "deployedAt": THEN}]
        body = application(
            spec={"syncPolicy": {"automated": {"selfHeal": heals}}},
            sync={"status": "OutOfSync", "revision": "a"},
            history=history,
            resources=[{"status": "OutOfSync"}, {"status": "Synced"}],
        )
        body["status"] |= status
        return body

    @pytest.mark.parametrize(("heals", "check"), [(True, "ARGO-001"), (False, "ARGO-002")])
    def test_drift_is_out_of_sync(self, *, heals: bool, check: str) -> None:
        """Since it was in sync last, as far as anybody knows."""
        one = only(self.out_of_sync(heals=heals))

        assert (one.check, one.since) == (check, SINCE)
        assert "in 1 object" in one.message

    def test_healing_that_does_not_help_is_not_forgotten(self) -> None:
        """It is tried again and again, and each time something ends."""
        healing = {"phase": "Succeeded", "finishedAt": LATER}
        by_itself = {"operation": {"initiatedBy": {"automated": True}}}

        assert only(self.out_of_sync(operationState=healing | by_itself)).since == SINCE
        assert only(self.out_of_sync(operationState=healing)).since != SINCE

    @pytest.mark.parametrize(
        "status",
        [
            {"sync": {"status": "OutOfSync", "revision": "b"}},
            {"sync": {"status": "OutOfSync", "revisions": ["a"]}},
            {"sync": {"status": "Synced", "revision": "a"}},
        ],
    )
    def test_that_git_moved_is_told_by_what_is_behind(self, status: dict[str, Any]) -> None:
        """With the time that it has."""
        assert told(self.out_of_sync(**status)) == []

    @pytest.mark.parametrize("phase", ["Failed", "Error"])
    def test_a_failed_sync_is_said_once(self, phase: str) -> None:
        """Not also as an error, nor as being out of sync."""
        failed = {"phase": phase, "message": "denied", "retryCount": 5}
        failed["syncResult"] = {"revision": "0123456789abcdef"}
        body = self.out_of_sync(operationState=failed, conditions=[{"type": "SyncError"}])
        one = only(body)

        assert (one.check, one.since) == ("ARGO-004", None)
        assert one.message.endswith("the sync of 0123456789 failed after 5 retries: denied")

    def test_a_sync_may_run_for_a_while(self) -> None:
        """Since it was started."""
        one = only(application(operationState={"phase": "Running", "startedAt": THEN}))

        assert (one.check, one.since) == ("ARGO-004", SINCE)

    @pytest.mark.parametrize(("health", "since"), [("Degraded", None), ("Missing", SINCE)])
    def test_bad_health_is_told(self, health: str, since: datetime | None) -> None:
        """What is missing may be about to come."""
        body = application(health={"status": health, "lastTransitionTime": THEN, "message": "m"})
        one = only(body)

        assert (one.check, one.since) == ("ARGO-003", since)
        assert one.message.endswith(f"{health}: m")

    @pytest.mark.parametrize("health", ["Healthy", "Progressing", "Suspended", "Unknown"])
    def test_other_health_is_none_of_it(self, health: str) -> None:
        """Progress is no illness."""
        assert told(application(health={"status": health})) == []

    def test_errors_are_told_together(self) -> None:
        """Warnings are not errors."""
        kinds = ("ComparisonError", "InvalidSpecError", "SharedResourceWarning")
        one = only(application(*({"type": kind, "message": "m"} for kind in kinds)))

        assert one.check == "ARGO-005"
        assert one.message.endswith("ComparisonError: m; InvalidSpecError: m")
        assert [field.actual for field in one.differences] == [
            {"type": kinds[0]},
            {"type": kinds[1]},
        ]

    def test_one_that_is_switched_off_says_nothing_else(self) -> None:
        """Its status is old."""
        body = self.out_of_sync(health={"status": "Degraded"})
        body["metadata"]["annotations"] = {"argocd.argoproj.io/skip-reconcile": "true"}

        assert told(body) == ["ARGO-009"]

    @pytest.mark.parametrize(
        ("condition_", "expected"),
        [
            (condition("ErrorOccurred", "True"), ["APPSET-004"]),
            (condition("ResourcesUpToDate", "False"), ["APPSET-004"]),
            (condition("ErrorOccurred", "False"), []),
            (condition("ResourcesUpToDate", "True"), []),
        ],
    )
    def test_a_set_says_whether_it_generates(
        self, condition_: dict[str, Any], expected: list[str]
    ) -> None:
        """One reason of several is enough."""
        body = owner("ApplicationSet", ARGO, condition_, condition("Unheard", "True"))

        assert told(body) == expected
