"""What is read from an OpenAPI document."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.domain.identity import GroupVersionKind
from auditor.domain.schema import ANY, IGNORED, METADATA, Format, Merge, Order, Schema, Shape
from auditor.state.openapi import Fact, Facts, compile_document, slimmed

WIDGET = GroupVersionKind("example.com", "v1", "Widget")


def document(spec: dict[str, Any], **components: dict[str, Any]) -> dict[str, Any]:
    """A document that describes one kind, as an API server publishes it for a CRD."""
    kind = {"group": WIDGET.group, "version": WIDGET.version, "kind": WIDGET.kind}
    widget = {
        "type": "object",
        "x-kubernetes-group-version-kind": [kind],
        "properties": {"metadata": {}, "status": {}, "spec": spec},
    }
    return {"components": {"schemas": {"com.example.v1.Widget": widget, **components}}}


def compiled(spec: dict[str, Any], **components: dict[str, Any]) -> Schema:
    """The schema of the kind's spec."""
    return compile_document(document(spec, **components))[WIDGET].fields["spec"]


def of(definition: dict[str, Any]) -> Schema:
    """The schema of one field."""
    return compiled({"type": "object", "properties": {"it": definition}}).fields["it"]


@pytest.mark.parametrize(
    ("definition", "spelling"),
    [
        ({"type": "string"}, Format.PLAIN),
        ({"type": "boolean"}, Format.PLAIN),
        ({"type": "string", "format": "byte"}, Format.BYTES),
        ({"type": "string", "format": "date-time"}, Format.TIME),
        ({"type": "string", "format": "duration"}, Format.DURATION),
        ({"x-kubernetes-int-or-string": True}, Format.INT_OR_STRING),
        ({"oneOf": [{"type": "integer"}, {"type": "string"}]}, Format.INT_OR_STRING),
        (
            {"anyOf": [{"type": "integer"}, {"type": "string"}], "pattern": "^.*[numkMGTPE]$",
             "x-kubernetes-int-or-string": True},
            Format.QUANTITY,
        ),
    ],
)  # fmt: skip
def test_a_scalar_knows_how_it_is_spelled(definition: dict[str, Any], spelling: Format) -> None:
    """Formats, and the pattern that is written for a quantity."""
    assert (of(definition).shape, of(definition).format) == (Shape.SCALAR, spelling)


def test_scalars_of_one_sort_are_one_node() -> None:
    """A large definition has thousands."""
    spec = compiled({"type": "object", "properties": {n: {"type": "string"} for n in "ab"}})

    assert spec.fields["a"] is spec.fields["b"]


@pytest.mark.parametrize(
    ("definition", "shape"),
    [
        ({"type": "array", "items": {"type": "string"}}, Shape.LIST),
        ({"type": "array", "x-kubernetes-list-type": "atomic", "items": {}}, Shape.LIST),
        ({"type": "array", "x-kubernetes-list-type": "set", "items": {}}, Shape.SET),
        ({"type": "object", "additionalProperties": {"type": "string"}}, Shape.MAP),
        ({"type": "object", "additionalProperties": True}, Shape.ANY),
        ({"type": "object", "properties": {"a": {}}}, Shape.OBJECT),
        ({"x-kubernetes-preserve-unknown-fields": True}, Shape.ANY),
        ({"type": "object", "x-kubernetes-preserve-unknown-fields": True}, Shape.ANY),
        ({}, Shape.ANY),
    ],
)
def test_a_collection_knows_its_shape(definition: dict[str, Any], shape: Shape) -> None:
    """As the vendor extensions say."""
    assert of(definition).shape is shape


def test_a_keyed_list_knows_what_an_item_without_a_key_means() -> None:
    """A key field may have a default."""
    protocol = {"type": "string", "default": "TCP"}
    items = {"type": "object", "properties": {"port": {"type": "integer"}, "protocol": protocol}}
    node = of(
        {
            "type": "array",
            "items": items,
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["protocol", "port"],
        }
    )

    assert node.shape is Shape.KEYED_LIST
    assert node.merge == Merge(keys=("port", "protocol"), absent=(None, "TCP"))


def test_an_object_without_properties_keeps_nothing() -> None:
    """A custom resource's empty object is pruned empty."""
    node = of({"type": "object"})

    assert (node.shape, node.open, dict(node.fields)) == (Shape.OBJECT, False, {})


def test_an_open_object_keeps_what_it_does_not_name() -> None:
    """Known fields beside any others."""
    preserving = {
        "type": "object",
        "properties": {"a": {}},
        "x-kubernetes-preserve-unknown-fields": True,
    }

    assert of(preserving).open
    assert not of({"type": "object", "properties": {"a": {}}}).open


def test_an_embedded_resource_has_a_type_and_metadata() -> None:
    """Though its properties do not name them."""
    node = of(
        {"type": "object", "properties": {"spec": {}}, "x-kubernetes-embedded-resource": True}
    )

    assert node.fields["metadata"] is ANY
    assert node.fields["kind"].shape is Shape.SCALAR


def test_an_atomic_map_is_owned_as_a_whole() -> None:
    """As selectors are."""
    assert of({"type": "object", "properties": {"a": {}}, "x-kubernetes-map-type": "atomic"}).atomic


def test_defaults_are_kept_beside_references() -> None:
    """A reference is wrapped where it has a default."""
    spec = {
        "type": "object",
        "properties": {
            "a": {"allOf": [{"$ref": "#/components/schemas/Inner"}], "default": {"x": 1}},
            "b": {"$ref": "#/components/schemas/Inner"},
        },
    }
    node = compiled(spec, Inner={"type": "object", "properties": {"x": {"type": "integer"}}})

    assert node.fields["a"].default == {"x": 1}
    assert node.fields["a"].fields["x"] is node.fields["b"].fields["x"]


def test_a_kind_may_contain_itself() -> None:
    """As a schema does in a CustomResourceDefinition."""
    tree = {
        "type": "object",
        "properties": {
            "children": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}
        },
    }
    node = compiled({"$ref": "#/components/schemas/Tree"}, Tree=tree)

    assert node.fields["children"].items is node


def test_what_all_objects_share_is_not_read() -> None:
    """Metadata and status are alike for all kinds."""
    node = compile_document(document({}))[WIDGET]

    assert node.fields["metadata"] is METADATA
    assert node.fields["status"] is IGNORED


def test_facts_complete_what_built_in_kinds_leave_out() -> None:
    """Defaults, orders, and which zeros are told from absence."""
    name = "io.k8s.api.example.v1.Spec"
    items = {"type": "object", "properties": {"name": {"type": "string"}}}
    keyed = {
        "type": "array",
        "items": items,
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["name"],
    }
    fields = {"plain": {"type": "boolean"}, "pointer": {"type": "boolean"}, "steps": keyed}
    spec = {"type": "object", "properties": fields}
    facts = Facts(
        fields={name: {"plain": Fact(default=True), "steps": Fact(order=Order.KEPT)}},
        told={name: frozenset({"pointer"})},
    )
    described = document({"$ref": f"#/components/schemas/{name}"}, **{name: spec})

    node = compile_document(described, facts)[WIDGET].fields["spec"]

    assert node.fields["plain"].default is True
    assert [node.fields[f].omits_zero for f in ("plain", "pointer")] == [True, False]
    assert node.fields["steps"].merge == Merge(keys=("name",), absent=(None,), order=Order.KEPT)


def test_slimming_leaves_the_schema_as_it_is() -> None:
    """Prose goes; a field that is called like prose stays."""
    spec = {
        "type": "object",
        "description": "long",
        "properties": {"description": {"type": "string", "description": "long"}},
    }

    slim = slimmed(document(spec))

    assert "long" not in str(slim)
    assert "description" in compile_document(slim)[WIDGET].fields["spec"].fields


def test_lists_and_options_are_no_kinds() -> None:
    """Only what lives as an object is compared."""
    listed = {
        "properties": {"items": {}, "metadata": {}},
        "x-kubernetes-group-version-kind": [{"group": "", "version": "v1", "kind": "PodList"}],
    }

    assert compile_document({"components": {"schemas": {"PodList": listed}}}) == {}
