"""What the API server fills in beside what is declared, where that depends on other fields."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.builders import deployment, obj
from tests.comparators.pairs import entry, told, written


def told_of(declared: dict[str, Any], live: dict[str, Any], kind: tuple[str, str]) -> list[str]:
    """What is said of an object whose spec lives with these fields more, all of them the applier's."""
    desired = obj(*kind, "it", spec=declared)
    actual = obj(*kind, "it", spec={**copy.deepcopy(declared), **live})
    owner = entry("helm", *(f"f:spec f:{name}" for name in live))
    return told(desired, written(actual, owner))


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("web:1", "IfNotPresent"),
        ("web", "Always"),
        ("web:latest", "Always"),
        ("registry:5000/web", "Always"),
        ("registry:5000/web:1", "IfNotPresent"),
        ("web@sha256:abc", "IfNotPresent"),
    ],
)
def test_whether_an_image_is_pulled_depends_on_its_tag(image: str, policy: str) -> None:
    """Only the other policy is somebody's doing."""
    desired, actual = deployment(image=image), deployment(image=image)
    container = actual["spec"]["template"]["spec"]["containers"][0]

    container["imagePullPolicy"] = policy
    assert told(desired, actual) == []

    container["imagePullPolicy"] = "Never"
    assert len(told(desired, actual)) == 1


@pytest.mark.parametrize(
    ("declared", "kinds", "right"),
    [
        ({}, ["Ingress"], True),
        ({"egress": [{}]}, ["Ingress", "Egress"], True),
        ({}, ["Ingress", "Egress"], False),
        ({"egress": [{}]}, ["Ingress"], False),
    ],
)
def test_a_network_policy_covers_what_it_has_rules_for(
    declared: dict[str, Any], kinds: list[str], *, right: bool
) -> None:
    """Covering egress without rules for it would cut everything off."""
    policy = ("networking.k8s.io/v1", "NetworkPolicy")

    said = told_of({"podSelector": {}, **declared}, {"policyTypes": kinds}, policy)

    assert (said == []) is right


def test_a_host_port_is_filled_in_on_the_hosts_network_only() -> None:
    """Anywhere else it opens the node."""
    for on_host in (True, False):
        desired = deployment()
        desired["spec"]["template"]["spec"]["hostNetwork"] = on_host
        actual = copy.deepcopy(desired)
        actual["spec"]["template"]["spec"]["containers"][0]["ports"][0]["hostPort"] = 8080

        assert (told(desired, actual) == []) is on_host


def test_a_job_with_a_failure_policy_replaces_failed_pods_only() -> None:
    """https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-replacement-policy."""
    job = ("batch/v1", "Job")
    policy: dict[str, Any] = {"podFailurePolicy": {"rules": []}}

    assert told_of({}, {"podReplacementPolicy": "TerminatingOrFailed"}, job) == []
    assert told_of(policy, {"podReplacementPolicy": "Failed"}, job) == []
    assert told_of({}, {"podReplacementPolicy": "Failed"}, job) != []


def test_an_autoscaler_that_behaves_in_part_gets_the_usual_rest() -> None:
    """Down at once, up by four or by doubling."""
    kind = ("autoscaling/v2", "HorizontalPodAutoscaler")
    percent = {"type": "Percent", "value": 100, "periodSeconds": 15}
    declared = {"behavior": {"scaleDown": {"stabilizationWindowSeconds": 10}}, "maxReplicas": 3}
    filled = {"stabilizationWindowSeconds": 10, "selectPolicy": "Max", "policies": [percent]}

    assert told_of(declared, {"behavior": {"scaleDown": filled}}, kind) == []


def test_a_definition_is_named_after_its_kind() -> None:
    """The list and the singular follow."""
    kind = ("apiextensions.k8s.io/v1", "CustomResourceDefinition")
    names = {"kind": "Widget", "plural": "widgets"}

    live = {"names": {**names, "singular": "widget", "listKind": "WidgetList"}}
    assert told_of({"names": names}, live, kind) == []

    live = {"names": {**names, "singular": "gadget", "listKind": "WidgetList"}}
    assert told_of({"names": names}, live, kind) != []


def test_a_subject_is_of_the_group_of_its_kind() -> None:
    """Users are of RBAC's own group."""
    binding = ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "b", "")
    user = {"kind": "User", "name": "ann"}

    said = told(
        obj(*binding, subjects=[user]),
        obj(*binding, subjects=[{**user, "apiGroup": "rbac.authorization.k8s.io"}]),
    )

    assert said == []


def test_an_address_family_set_by_hand_is_somebodys_doing() -> None:
    """What is allocated is the control plane's only where nobody holds it."""
    desired = obj("v1", "Service", "web", spec={"ports": [{"port": 80}]})
    actual = obj(
        "v1", "Service", "web", spec={"ports": [{"port": 80}], "ipFamilyPolicy": "PreferDualStack"}
    )

    by_hand = written(actual, entry("kubectl-edit", "f:spec f:ipFamilyPolicy"))
    assert told(desired, by_hand) == ["spec.ipFamilyPolicy added by kubectl-edit"]
    assert told(desired, written(actual, entry("helm", "f:spec f:ports"))) == []
    assert told(desired, actual) == []


@pytest.mark.parametrize("kind", [("v1", "ReplicationController"), ("batch/v1", "Job")])
def test_what_says_no_labels_takes_its_templates(kind: tuple[str, str]) -> None:
    """And a ReplicationController selects by them."""
    labels = {"app": "web"}
    desired = obj(*kind, "web", spec={"template": {"metadata": {"labels": labels}}})
    actual = copy.deepcopy(desired)
    actual["metadata"]["labels"] = labels
    if kind[1] == "ReplicationController":
        actual["spec"]["selector"] = labels

    assert told(desired, actual) == []


def test_a_pod_requests_what_it_is_limited_to_and_tolerates_its_node() -> None:
    """Admission completes a Pod that is declared bare."""
    tolerated = {"operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
    container = {
        "name": "a",
        "image": "a:1",
        "resources": {"limits": {"cpu": 1}, "requests": {"memory": 1}},
    }
    spec = {"containers": [container], "tolerations": [{"key": "own", "operator": "Exists"}]}
    desired = obj("v1", "Pod", "p", spec=spec)
    actual = copy.deepcopy(desired)
    actual["spec"]["containers"][0]["resources"]["requests"]["cpu"] = "1000m"
    for condition in ("not-ready", "unreachable"):
        actual["spec"]["tolerations"].append(
            {"key": f"node.kubernetes.io/{condition}", **tolerated}
        )

    assert told(desired, actual) == []


def test_a_placeholder_for_a_trust_bundle_is_none() -> None:
    """In an APIService and in a definition's conversion too."""
    service = ("apiregistration.k8s.io/v1", "APIService", "v1.example.com", "")
    injected = entry("cainjector", "f:spec f:caBundle")

    said = told(
        obj(*service, spec={"caBundle": "Cg=="}),
        written(obj(*service, spec={"caBundle": "QUJD"}), injected),
    )

    assert said == []
