"""Whose additions nobody needs to hear of."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.domain.finding import Confidence, Severity
from comparators.structural import structural
from tests.builders import config_map, deployment, obj
from tests.comparators.pairs import entry, paired, told, written

RECORD = "kubectl.kubernetes.io/last-applied-configuration"
APPLIER = "kubectl-client-side-apply"


def annotated(name: str, value: str = "x") -> dict[str, Any]:
    """A ConfigMap with one annotation."""
    body = config_map()
    body["metadata"]["annotations"] = {name: value}
    return body


@pytest.mark.parametrize(
    ("name", "manager"),
    [
        ("meta.helm.sh/release-name", "helm"),
        ("argocd.argoproj.io/tracking-id", "argocd-controller"),
        ("crossplane.io/external-name", "crossplane"),
        (RECORD, "anybody"),
    ],
)
def test_the_marks_of_tools_are_expected(name: str, manager: str) -> None:
    """By the tool that leaves them."""
    live = written(annotated(name), entry(manager, f"f:metadata f:annotations f:{name}"))

    assert told(config_map(), live) == []


def test_a_mark_in_another_hand_is_drift() -> None:
    """Whoever forges one wants something."""
    name = "argocd.argoproj.io/tracking-id"
    live = written(annotated(name), entry("kubectl-annotate", f"f:metadata f:annotations f:{name}"))

    assert told(config_map(), live) == [f'metadata.annotations["{name}"] added by kubectl-annotate']


@pytest.mark.parametrize(
    ("manager", "is_drift"), [("cert-manager-controller", False), ("kubectl-patch", True)]
)
def test_a_finalizer_is_a_controllers_or_a_persons(manager: str, *, is_drift: bool) -> None:
    """Any controller may guard an object; a person who does so blocks its deletion."""
    live = config_map()
    live["metadata"]["finalizers"] = ["example.com/guard"]
    live = written(live, entry(manager, ("f:metadata", "f:finalizers", 'v:"example.com/guard"')))

    assert bool(told(config_map(), live)) is is_drift


def test_what_a_client_side_applier_holds_and_declared_is_residue() -> None:
    """Down to the item of a list, by key."""
    declared = deployment()
    container = declared["spec"]["template"]["spec"]["containers"][0]
    container["env"] = [{"name": "OLD", "value": "1"}]
    pod = '{"containers":[{"name":"web","env":[{"name":"OLD","value":"1"}]}]}'
    record = f'{{"spec":{{"template":{{"spec":{pod}}}}}}}'
    declared["metadata"]["annotations"] = {RECORD: record}
    place = 'f:spec f:template f:spec f:containers k:{"name":"web"} f:env k:{"name":"OLD"} f:name'
    live = written(declared, entry(APPLIER, place, f"f:metadata f:annotations f:{RECORD}"))

    assert told(deployment(), live) == [
        f"spec.template.spec.containers[name=web].env[name=OLD] added by {APPLIER}"
    ]


@pytest.mark.parametrize("record", ["{broken", "[]", '{"data": null}'])
def test_a_record_that_cannot_be_read_excuses_nothing_by_breaking(record: str) -> None:
    """The comparison goes on, whatever stands there."""
    live = annotated(RECORD, record)
    live["data"]["b"] = "2"
    live = written(live, entry(APPLIER, "f:data f:b", f"f:metadata f:annotations f:{RECORD}"))

    assert told(config_map(), live) in ([], [f"data.b added by {APPLIER}"])


def test_items_that_nobody_is_recorded_for_are_reported() -> None:
    """The API server fills in fields, never entries of data."""
    live = config_map(data={"mode": "calm", "b": "2"})

    assert told(config_map(), written(live, entry("helm", "f:data f:mode"))) == ["data.b added"]


def test_a_removal_names_nobody() -> None:
    """Who removes a field leaves no trace in managedFields."""
    live = written(config_map(data={"x": "y"}), entry("helm", "f:data f:x"), entry("k9s", "f:data"))
    declared = config_map(data={"x": "y", "mode": "calm"})

    assert told(declared, live) == ["data.mode removed"]


def test_without_writers_the_confidence_is_low() -> None:
    """And with them it is high."""
    live = config_map(data={"mode": "wild"})

    (low,) = structural(paired(config_map(), live))
    (high,) = structural(paired(config_map(), written(live, entry("k9s", "f:data f:mode"))))

    assert (low.confidence, high.confidence) == (Confidence.LOW, Confidence.HIGH)


def test_a_message_names_fields_and_writers_and_no_values() -> None:
    """It goes to places where values must not."""
    live = written(config_map(data={"mode": "wild"}), entry("k9s", "f:data f:mode"))

    (said,) = structural(paired(config_map(), live))

    assert said.message == "ConfigMap/shop/settings: data.mode changed by k9s"


@pytest.mark.parametrize(
    ("kind", "change", "severity"),
    [
        (("v1", "ConfigMap"), {"metadata": {"labels": {"a": "b"}}}, Severity.LOW),
        (("v1", "ConfigMap"), {"data": {"a": "b"}}, Severity.MEDIUM),
        (("v1", "Secret"), {"data": {"a": "YQ=="}}, Severity.HIGH),
        (("v1", "Pod"), {"spec": {"hostNetwork": True}}, Severity.CRITICAL),
        (("v1", "Service"), {"spec": {"type": "LoadBalancer"}}, Severity.HIGH),
        (("networking.k8s.io/v1", "NetworkPolicy"), {"spec": {"ingress": [{}]}}, Severity.HIGH),
    ],
)
def test_some_differences_are_worse_than_others(
    kind: tuple[str, str], change: dict[str, Any], severity: Severity
) -> None:
    """Access above what runs, what runs above labels."""
    declared = obj(*kind, "it")
    live = {
        **declared,
        **change,
        "metadata": {**declared["metadata"], **change.get("metadata", {})},
    }

    (said,) = structural(paired(declared, live))

    assert said.severity is severity
