"""Which schema a kind is compared with."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.domain.identity import GroupVersionKind
from auditor.domain.schema import Format, Order, Schema, Shape
from auditor.state import builtin
from auditor.state.schemas import Schemas
from tests.auditor.state.test_openapi import WIDGET, document

DEPLOYMENT = GroupVersionKind("apps", "v1", "Deployment")


def test_a_cluster_tells_its_own_kinds() -> None:
    """A document is compiled when one of its kinds is asked for."""
    schemas = Schemas()

    assert schemas.schema_for(WIDGET) is None
    assert schemas.replace("example.com/v1", "1", document({"type": "string"}))

    assert schemas.schema_for(WIDGET) is schemas.schema_for(WIDGET) is not None


def test_a_document_with_the_same_hash_is_no_news() -> None:
    """Nothing is compiled anew."""
    schemas = Schemas()
    schemas.replace("example.com/v1", "1", document({"type": "string"}))
    before = schemas.schema_for(WIDGET)

    assert schemas.is_current("example.com/v1", "1")
    assert not schemas.replace("example.com/v1", "1", document({"type": "integer"}))
    assert schemas.schema_for(WIDGET) is before


def test_a_new_document_takes_the_place_of_the_old() -> None:
    """As when a CRD changes."""
    schemas = Schemas()
    schemas.replace("example.com/v1", "1", document({"type": "string"}))

    assert schemas.replace("example.com/v1", "2", document({"type": "array", "items": {}}))

    found = schemas.schema_for(WIDGET)
    assert found is not None
    assert found.fields["spec"].shape is Shape.LIST


def test_what_is_served_no_more_is_forgotten() -> None:
    """A CRD that is gone leaves no schema."""
    schemas = Schemas()
    schemas.replace("example.com/v1", "1", document({}))

    schemas.retain(frozenset({"apps/v1"}))

    assert schemas.schema_for(WIDGET) is None


def test_built_in_kinds_are_known_without_a_cluster() -> None:
    """A copy comes with the package."""
    assert Schemas().schema_for(DEPLOYMENT) is not None
    assert Schemas().schema_for(GroupVersionKind("apps", "v9", "Deployment")) is None


def at(kind: str, path: str) -> Schema:
    """The built-in schema at a path such as ``apps/v1/Deployment``, ``spec.template``; ``[]`` is an item."""
    version, _, name = kind.rpartition("/")
    node = builtin.schemas(version)[GroupVersionKind.parse(version, name)]
    for step in path.split("."):
        found = node.items if step == "[]" else node.fields[step]
        assert found is not None
        node = found
    return node


@pytest.mark.parametrize(
    ("kind", "path", "default"),
    [
        ("apps/v1/Deployment", "spec.progressDeadlineSeconds", 600),
        ("apps/v1/Deployment", "spec.strategy.rollingUpdate.maxSurge", "25%"),
        ("apps/v1/Deployment", "spec.template.spec.dnsPolicy", "ClusterFirst"),
        ("batch/v1/CronJob", "spec.jobTemplate.spec.template.spec.terminationGracePeriodSeconds", 30),
        ("v1/Service", "spec.sessionAffinity", "None"),
        ("v1/Secret", "type", "Opaque"),
        ("apps/v1/StatefulSet", "spec.volumeClaimTemplates.[].spec.volumeMode", "Filesystem"),
        ("admissionregistration.k8s.io/v1/MutatingWebhookConfiguration", "webhooks.[].timeoutSeconds", 10),
    ],
)  # fmt: skip
def test_what_the_api_server_fills_in_was_learned(kind: str, path: str, default: Any) -> None:
    """OpenAPI does not tell it."""
    assert at(kind, path).default == default


def test_built_in_fields_know_what_openapi_tells() -> None:
    """Quantities, bytes, keys."""
    container = "spec.template.spec.containers.[]"
    ports = at("apps/v1/Deployment", f"{container}.ports")

    assert at("apps/v1/Deployment", f"{container}.resources.limits.[]").format is Format.QUANTITY
    assert at("v1/Secret", "data.[]").format is Format.BYTES
    assert ports.merge is not None
    assert ports.merge.absent == (0, "TCP")


def test_built_in_fields_know_what_was_written_by_hand() -> None:
    """Orders that mean something, and lists whose order means nothing."""
    pod = "spec.template.spec"
    steps = at("apps/v1/Deployment", f"{pod}.initContainers").merge

    assert steps is not None
    assert steps.order is Order.KEPT
    assert at("apps/v1/Deployment", f"{pod}.tolerations").shape is Shape.BAG


def test_only_pointers_tell_zero_from_absence() -> None:
    """``hostNetwork: false`` is dropped, ``automountServiceAccountToken: false`` is kept."""
    assert at("v1/Pod", "spec.hostNetwork").omits_zero
    assert not at("v1/Pod", "spec.automountServiceAccountToken").omits_zero
    assert not at(
        "networking.k8s.io/v1/NetworkPolicy", "spec.ingress.[].from.[].namespaceSelector"
    ).omits_zero
