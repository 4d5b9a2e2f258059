"""Fields that the API server would not keep."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from auditor.domain.manifest import Origin
from comparators.validity import validity
from tests.builders import config_map, deployment, secret
from tests.comparators.pairs import compared, paired

Body = dict[str, Any]


def misspelled() -> Body:
    """A Deployment with a mistake deep down."""
    body = deployment()
    body["spec"]["template"]["spec"]["containers"][0]["imagePullPolice"] = "Always"
    return body


def unknown(desired: Body, actual: Body | None) -> list[str]:
    """The paths that are called unknown."""
    return [str(d.path) for said in validity(paired(desired, actual)) for d in said.differences]


def test_an_unknown_field_is_said_once() -> None:
    """As invalid, and not as a difference that can never be mended."""
    said = compared(paired(misspelled(), deployment()))

    assert [deviation.check for deviation in said] == ["K8S-008"]
    assert [str(d.path) for d in said[0].differences] == [
        "spec.template.spec.containers[0].imagePullPolice"
    ]


def test_a_mistake_is_seen_before_anything_lives() -> None:
    """The object need not be there."""
    assert unknown(misspelled(), None) != []


def test_the_message_says_where_the_mistake_stands() -> None:
    """File and line of the declaration, as far as they are known."""
    pair = paired(misspelled(), deployment())
    assert pair.desired is not None
    origin = Origin(repository="platform", revision="1", path="apps/web.yaml", line=12)
    pair = replace(pair, desired=replace(pair.desired, origin=origin))

    (said,) = validity(pair)

    assert said.message.endswith("(apps/web.yaml:12)")


def test_a_living_field_is_known_to_the_server() -> None:
    """A built-in schema may be older than the cluster."""
    assert unknown(misspelled(), misspelled()) == []


def test_a_null_is_no_field() -> None:
    """It declares nothing."""
    assert unknown({**config_map(), "novel": None}, None) == []


def test_a_map_takes_any_key() -> None:
    """Data and labels have no names to be wrong."""
    assert unknown(config_map(data={"anything.goes": "1"}), None) == []


def test_a_schema_of_another_version_judges_nothing() -> None:
    """The declaration is converted before it is stored."""
    declared = {**misspelled(), "apiVersion": "apps/v1beta1"}

    assert unknown(declared, deployment()) == []


def test_a_kind_without_schema_is_never_invalid() -> None:
    """What is not known cannot be held against it."""
    assert [*validity(paired(misspelled(), None, schema=None))] == []


def test_a_misplaced_secret_stays_secret() -> None:
    """Even where it is no valid field, what lies in a Secret's data is not shown."""
    declared = {**secret(), "data": {"password": {"nested": "hunter2"}}}

    assert "hunter2" not in repr(compared(paired(declared, secret())))
