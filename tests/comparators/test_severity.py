"""What opens a door ranks above what changes a sign on it."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.domain.difference import REDACTED, Difference, Op
from auditor.domain.finding import Severity
from auditor.domain.identity import ObjectRef
from auditor.domain.pathtext import parse_path
from comparators.severity import worst
from tests.builders import CLUSTER, ref

RBAC, WEBHOOKS = "rbac.authorization.k8s.io", "admissionregistration.k8s.io"
POD = "spec.template.spec"
CONTAINER = f"{POD}.containers[name=web]"


def of(kind: str, group: str = "", namespace: str = "shop") -> ObjectRef:
    return ObjectRef(CLUSTER, group, kind, namespace, "one")


def rank(where: ObjectRef, path: str, op: Op = Op.CHANGED, actual: Any = None) -> Severity:
    """The severity of one difference."""
    given = Difference(path=parse_path(path), pointer="", op=op, actual=actual)
    return worst(where, [given])


WILD = {"apiGroups": [""], "resources": ["*"], "verbs": ["get"]}
READ = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}
SUBJECT = {"kind": "User", "name": "eve"}


@pytest.mark.parametrize(
    ("kind", "path", "op", "actual"),
    [
        ("ClusterRole", "rules[3]", Op.ADDED, WILD),
        ("Role", "rules[0].verbs", Op.CHANGED, ["*"]),
        ("Role", "rules[0].verbs[=*]", Op.ADDED, "*"),
        ("ClusterRole", "rules[0].verbs[1]", Op.ADDED, "escalate"),
        ("ClusterRole", "rules[0].verbs", Op.CHANGED, ["get", "impersonate"]),
        ("ClusterRole", "rules", Op.CHANGED, [READ, {"nonResourceURLs": ["*"], "verbs": ["get"]}]),
        ("ClusterRoleBinding", "subjects[1]", Op.ADDED, SUBJECT),
        ("ClusterRoleBinding", "roleRef.name", Op.CHANGED, "cluster-admin"),
        ("RoleBinding", "roleRef.name", Op.CHANGED, "cluster-admin"),
        ("ClusterRoleBinding", "subjects[0].name", Op.CHANGED, "system:anonymous"),
        ("RoleBinding", "subjects[1]", Op.ADDED, {"kind": "Group", "name": "system:anonymous"}),
        ("RoleBinding", "subjects[0].name", Op.CHANGED, "system:unauthenticated"),
        ("RoleBinding", "subjects[0].name", Op.CHANGED, "system:authenticated"),
    ],
)
def test_allowing_everything_or_somebody_else_is_critical(
    kind: str, path: str, op: Op, actual: Any
) -> None:
    """Wildcards, escalation, cluster-wide bindings, everybody."""
    assert rank(of(kind, RBAC), path, op, actual) is Severity.CRITICAL


@pytest.mark.parametrize(
    ("kind", "path", "op", "actual"),
    [
        ("Role", "rules[1]", Op.ADDED, READ),
        ("Role", "rules[0].verbs[1]", Op.ADDED, "delete"),
        ("Role", "rules[0]", Op.REMOVED, None),
        ("RoleBinding", "subjects[1]", Op.ADDED, SUBJECT),
        ("ClusterRole", "aggregationRule", Op.ADDED, {}),
    ],
)
def test_other_permissions_are_high(kind: str, path: str, op: Op, actual: Any) -> None:
    """Who may do what always matters."""
    assert rank(of(kind, RBAC), path, op, actual) is Severity.HIGH


@pytest.mark.parametrize(
    ("path", "op", "actual"),
    [
        (f"{CONTAINER}.securityContext.privileged", Op.CHANGED, True),
        (f"{CONTAINER}.securityContext.privileged", Op.ADDED, True),
        (f"{CONTAINER}.securityContext", Op.ADDED, {"privileged": True}),
        (f"{CONTAINER}.securityContext.allowPrivilegeEscalation", Op.ADDED, True),
        (f"{CONTAINER}.securityContext.capabilities.add", Op.ADDED, ["SYS_ADMIN"]),
        (f"{CONTAINER}.securityContext.capabilities.add[0]", Op.ADDED, "NET_ADMIN"),
        (f"{CONTAINER}.securityContext", Op.ADDED, {"capabilities": {"add": ["SYS_PTRACE"]}}),
        (f"{CONTAINER}.securityContext.procMount", Op.ADDED, "Unmasked"),
        (f"{POD}.containers[name=x]", Op.ADDED, {"securityContext": {"privileged": True}}),
        (f"{POD}.initContainers[name=x]", Op.ADDED, {"securityContext": {"privileged": True}}),
        (f"{CONTAINER}.securityContext.windowsOptions.hostProcess", Op.ADDED, True),
        (f"{POD}.hostNetwork", Op.ADDED, True),
        (f"{POD}.hostPID", Op.ADDED, True),
        (f"{POD}.hostIPC", Op.CHANGED, True),
        (f"{POD}.volumes[name=host]", Op.ADDED, {"hostPath": {"path": "/"}}),
        (f"{POD}.volumes[name=host].hostPath.path", Op.CHANGED, "/"),
    ],
)
def test_reaching_the_host_is_critical(path: str, op: Op, actual: Any) -> None:
    """However deep in the object it is said."""
    assert rank(ref(), path, op, actual) is Severity.CRITICAL


@pytest.mark.parametrize(
    ("path", "op", "actual"),
    [
        (f"{CONTAINER}.image", Op.CHANGED, "evil:1"),
        (f"{CONTAINER}.command", Op.CHANGED, ["sh"]),
        (f"{CONTAINER}.args[0]", Op.ADDED, "--insecure"),
        (f"{POD}.containers[name=x]", Op.ADDED, {"name": "x", "image": "x"}),
        (f"{POD}.containers[name=x]", Op.ADDED, {"securityContext": {"privileged": False}}),
        (f"{POD}.containers[name=x]", Op.ADDED, {"args": ["add", "privileged", "hostPath"]}),
        (
            f"{POD}.containers[name=x]",
            Op.ADDED,
            {"securityContext": {"capabilities": {"drop": []}}},
        ),
        (f"{POD}.containers[name=web]", Op.REMOVED, None),
        (f"{POD}.serviceAccountName", Op.CHANGED, "admin"),
        (f"{POD}.automountServiceAccountToken", Op.CHANGED, True),
        (f"{CONTAINER}.securityContext.privileged", Op.CHANGED, False),
        (f"{CONTAINER}.securityContext.runAsUser", Op.CHANGED, 0),
        (f"{POD}.securityContext.runAsNonRoot", Op.REMOVED, None),
    ],
)
def test_what_runs_and_as_whom_is_high(path: str, op: Op, actual: Any) -> None:
    """A change of the image is a change of the program."""
    assert rank(ref(), path, op, actual) is Severity.HIGH


@pytest.mark.parametrize(
    ("where", "path", "severity"),
    [
        (of("ValidatingWebhookConfiguration", WEBHOOKS, ""), "webhooks[name=a].failurePolicy",
         Severity.CRITICAL),
        (of("MutatingWebhookConfiguration", WEBHOOKS, ""), "webhooks[name=a].clientConfig.url",
         Severity.CRITICAL),
        (of("ValidatingWebhookConfiguration", WEBHOOKS, ""), "webhooks[name=a]",
         Severity.CRITICAL),
        (of("NetworkPolicy", "networking.k8s.io"), "spec.ingress[0]", Severity.HIGH),
        (of("NetworkPolicy", "networking.k8s.io"), "spec.podSelector.matchLabels.app",
         Severity.HIGH),
        (of("CiliumNetworkPolicy", "cilium.io"), "spec.egress[0]", Severity.HIGH),
        (of("AuthorizationPolicy", "security.istio.io"), "spec.action", Severity.HIGH),
        (of("Service"), "spec.type", Severity.HIGH),
        (of("Secret"), "data.password", Severity.HIGH),
        (ref(), "spec.replicas", Severity.MEDIUM),
        (ref(), "metadata.labels.tier", Severity.LOW),
        (ref(), 'metadata.annotations["example.com/note"]', Severity.LOW),
        (ref(), f'{POD.removesuffix(".spec")}.metadata.labels.tier', Severity.LOW),
        (of("Role", RBAC), "metadata.labels.tier", Severity.LOW),
        (of("NetworkPolicy", "networking.k8s.io"), "metadata.labels.tier", Severity.LOW),
    ],
)  # fmt: skip
def test_doors_rank_above_signs(where: ObjectRef, path: str, severity: Severity) -> None:
    """Admission first, then traffic and secrets, then numbers, then labels."""
    assert rank(where, path, Op.CHANGED, "x") is severity


def test_the_worst_of_several_counts() -> None:
    """A label beside it makes a privileged container no better."""
    label = Difference(path=parse_path("metadata.labels.a"), pointer="", op=Op.CHANGED, actual="b")
    door = Difference(path=parse_path(f"{POD}.hostPID"), pointer="", op=Op.ADDED, actual=True)

    assert worst(ref(), [label, door]) is Severity.CRITICAL


def test_a_hidden_value_is_not_guessed_at() -> None:
    """A Secret's value is not looked into, wherever it says."""
    assert rank(of("Secret"), "data.rules", Op.CHANGED, REDACTED) is Severity.HIGH
