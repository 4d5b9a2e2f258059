"""Every field that is not literally the same is accounted for, with the reason."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.app.graph import load_comparison
from auditor.domain.difference import REDACTED
from auditor.domain.pair import Scaler
from auditor.domain.reasoning import Reason
from auditor.golden.pairing import pair_of
from auditor.golden.reading import GoldenCase, read_cases
from auditor.ports import Comparator, Explaining
from comparators.reasoning import reasons
from comparators.structural import structural
from tests.builders import config_map, deployment, obj, service
from tests.comparators.pairs import entry, paired, written
from tests.comparators.test_corpus import CORPUS

RECORD = "kubectl.kubernetes.io/last-applied-configuration"


def told(desired: dict[str, Any], actual: dict[str, Any], **facts: Any) -> dict[str, Reason]:
    """What is said of each field, by its path."""
    return {str(reason.path): reason for reason in reasons(paired(desired, actual, **facts))}


def annotated(name: str, *entries: dict[str, Any]) -> dict[str, Any]:
    """A living ConfigMap with an annotation, written by these."""
    body = config_map()
    body["metadata"]["annotations"] = {name: "x"}
    return written(body, *entries)


def test_the_comparator_explains_itself() -> None:
    """Found by the port, not by its name."""
    comparator: Comparator = structural

    assert isinstance(comparator, Explaining)
    assert isinstance(load_comparison(), Explaining) is False


def test_a_declared_field_counts_whoever_wrote_it() -> None:
    """With the writer, the schema and both values."""
    live = written(deployment(replicas=5), entry("kubectl", "f:spec f:replicas"))
    reason = told(deployment(replicas=2), live)["spec.replicas"]

    assert (reason.expected, reason.desired, reason.actual) == (False, 2, 5)
    assert reason.writer is not None
    assert reason.writer.manager == "kubectl"
    assert reason.because == "declared, so it counts whoever wrote it"
    assert reason.schema == "a value, default 1"


def test_a_removed_field_has_no_writer() -> None:
    """Which is said, so that nobody looks for one."""
    reason = told(config_map() | {"data": {"a": "1"}}, config_map() | {"data": {}})["data.a"]

    assert "leaves no trace" in reason.because


@pytest.mark.parametrize(
    ("entries", "expected", "because"),
    [
        ([("kubectl-annotate", "Update")], False, "program through which people act"),
        ([("robot", "Update")], False, "robot is not known to write it here"),
        ([("argocd-controller", "Apply")], False, "applied it, and it is declared no more"),
        ([("argo", "Apply"), ("argo", "Update")], True, "injected by a webhook while argo applied"),
        ([], False, "no writers are recorded"),
    ],
)
def test_an_undeclared_field_is_judged_by_its_writer(
    entries: list[tuple[str, str]], *, expected: bool, because: str
) -> None:
    """Each with what decided."""
    path = "f:metadata f:annotations f:example.com/x"
    by = [
        entry(manager, path if place == len(entries) - 1 else "f:data", operation=operation)
        for place, (manager, operation) in enumerate(entries)
    ]
    reason = told(config_map(), annotated("example.com/x", *by))[
        'metadata.annotations["example.com/x"]'
    ]

    assert reason.expected is expected
    assert because in reason.because


def test_a_known_controller_is_named_with_its_reason() -> None:
    """As the data file has it."""
    name = "deployment.kubernetes.io/revision"
    live = deployment()
    live["metadata"]["annotations"] = {name: "3"}
    live = written(live, entry("kube-controller-manager", f"f:metadata f:annotations f:{name}"))
    reason = told(deployment(), live)[f'metadata.annotations["{name}"]']

    assert reason.expected
    assert reason.writer is not None
    assert reason.because


def test_what_the_api_server_would_not_keep_is_told() -> None:
    """Whether the object lives or not."""
    declared = deployment(replica=3)

    for living in (deployment(), None):
        (reason,) = [r for r in reasons(paired(declared, living)) if str(r.path) == "spec.replica"]

        assert reason.because == "declared, and the API server does not keep such a field"


def test_an_autoscaler_in_its_range_is_told_with_the_range() -> None:
    """And out of it, it is drift like any other."""
    by = entry("kube-controller-manager", "f:spec f:replicas", subresource="scale")
    told_at = {
        replicas: told(
            deployment(replicas=2),
            written(deployment(replicas=replicas), by),
            scaler=Scaler(minimum=2, maximum=5),
        )["spec.replicas"]
        for replicas in (4, 9)
    }

    assert told_at[4].because == "an autoscaler wrote it, in its range of 2 to 5"
    assert (told_at[4].expected, told_at[9].expected) == (True, False)


def test_defaults_are_told_for_what_they_are() -> None:
    """Constant ones, and those that follow from other fields."""
    live = service()
    live["spec"] |= {"type": "ClusterIP", "sessionAffinity": "None"}
    live["spec"]["ports"][0]["protocol"] = "TCP"
    found = told(service(), written(live, entry("kubectl", "f:spec f:type")))

    assert found["spec.type"].because == "the default that the API server fills in"
    assert found["spec.type"].schema == 'a value, default "ClusterIP"'
    assert found["spec.ports[port=80,protocol=TCP].protocol"].expected


def test_a_derived_default_names_its_rule() -> None:
    """An image without a tag is always pulled."""
    live = deployment(image="web")
    live["spec"]["template"]["spec"]["containers"][0]["imagePullPolicy"] = "Always"
    path = "spec.template.spec.containers[name=web].imagePullPolicy"

    reason = told(deployment(image="web"), live)[path]

    assert reason.because == "the default that follows from imagePullPolicy"


def test_two_spellings_of_a_value_are_shown_as_they_are_compared() -> None:
    """Both sides read by the format that the schema has."""
    sides = [
        obj(
            "v1",
            "ResourceQuota",
            "quota",
            spec={"hard": {"cpu": cpu}},
        )
        for cpu in ("1000m", "1")
    ]
    reason = told(*sides)["spec.hard.cpu"]

    assert (reason.op, reason.expected) == (None, True)
    assert reason.compared_as == ("1", "1")
    assert reason.schema == "a value read as quantity"


def test_the_api_servers_own_fields_are_named_and_not_shown() -> None:
    """They are long, and of no use."""
    live = config_map()
    live["metadata"] |= {"uid": "u", "resourceVersion": "1"}

    assert told(config_map(), live)["metadata.uid"].actual is None


def test_secret_values_are_not_told() -> None:
    """Neither as they stand nor as they are compared."""
    one = obj("v1", "Secret", "login", stringData={"a": "hunter2", "b": "hunter3"})
    other = obj(
        "v1", "Secret", "login", type="Opaque", data={"a": "aHVudGVyMg==\n", "c": "aHVudGVyMg=="}
    )
    other["metadata"]["annotations"] = {RECORD: '{"stringData":{"a":"hunter2"}}'}
    found = told(one, other)

    assert {"data.a", "data.b", "data.c"} <= found.keys()
    assert found["data.c"].actual == REDACTED
    assert not any(value in repr(found) for value in ("hunter", "aHVud"))


@pytest.mark.parametrize(
    "golden",
    [pytest.param(one, id=f"{one.place.file.stem}: {one.name}") for one in read_cases([CORPUS])],
)
def test_the_reasons_are_those_of_the_comparison(golden: GoldenCase) -> None:
    """What is told as drift is exactly what is reported; what is silent is told once."""
    pair = pair_of(golden)
    found = list(reasons(pair))
    reported = [str(d.path) for deviation in structural(pair) for d in deviation.differences]

    assert sorted(str(one.path) for one in found if not one.expected) == sorted(reported)
    assert len({(one.path, one.op) for one in found}) == len(found)
    assert all(one.because and one.schema for one in found)


@given(st.dictionaries(st.sampled_from("abc"), st.text(max_size=3)))
def test_a_manifest_needs_no_reasons_against_itself(data: dict[str, str]) -> None:
    """Nothing differs, so there is nothing to tell."""
    body = config_map() | {"data": data}

    assert told(body, body) == {}
