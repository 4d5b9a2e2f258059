"""Compiles Kubernetes OpenAPI v3 documents into comparison schemas.

One document describes the kinds of one group and version. What a document does not say about the
built-in kinds (what the API server fills in, which lists have no order, which zero values it drops)
comes as `Facts`, by component and field. This module refuses to fetch and to keep documents.

The vendor extensions: https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy
and https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from auditor.domain.identity import GroupVersionKind
from auditor.domain.schema import ANY, ENVELOPE, MISSING, Format, Merge, Order, Schema, Shape

Definition = Mapping[str, Any]

_REFERENCE: Final = "#/components/schemas/"
_BUILT_IN: Final = "io.k8s."
_LISTS: Final = {"map": Shape.KEYED_LIST, "set": Shape.SET}
_FORMATS: Final = {
    "byte": Format.BYTES,
    "date-time": Format.TIME,
    "duration": Format.DURATION,
    "int-or-string": Format.INT_OR_STRING,
}
_QUANTITY: Final = "io.k8s.apimachinery.pkg.api.resource.Quantity"
_QUANTITY_SUFFIXES: Final = "numkMGTPE"
"""What the pattern that controller-gen writes for a quantity contains."""
_DISPENSABLE: Final = frozenset(
    {
        "description",
        "enum",
        "example",
        "externalDocs",
        "not",
        "required",
        "title",
        "x-kubernetes-patch-merge-key",
        "x-kubernetes-patch-strategy",
        "x-kubernetes-unions",
        "x-kubernetes-validations",
    }
)
"""What definitions say that comparing has no use for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What is known of one field beside its definition."""

    default: Any = MISSING
    derived: str = ""
    shape: Shape | None = None
    order: Order = Order.FREE


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What OpenAPI leaves out, by component name and field.

    ``told`` are the fields whose zero value is told from absence (pointers in the API's Go types).
    """

    fields: Mapping[str, Mapping[str, Fact]] = field(default_factory=dict)
    told: Mapping[str, frozenset[str]] = field(default_factory=dict)


NO_FACTS: Final = Facts()
_NOTHING: Final = Fact()


def compile_document(
    document: Definition, facts: Facts = NO_FACTS
) -> dict[GroupVersionKind, Schema]:
    """Compile every kind that a document describes. Nodes are shared among the kinds."""
    components = document.get("components", {}).get("schemas", {})
    compiler = _Compiler(components, facts)
    found: dict[GroupVersionKind, Schema] = {}
    for name, definition in components.items():
        for gvk in _kinds(definition):
            found[gvk] = _as_object(compiler.component(name))
    return found


def slimmed(document: Definition) -> dict[str, Any]:
    """The part of a document that compiling needs: a fifth of it, since most of it is prose."""
    components = document.get("components", {}).get("schemas", {})
    return {"components": {"schemas": {name: _slim(inner) for name, inner in components.items()}}}


def _slim(definition: Any) -> Any:
    if not isinstance(definition, dict):
        return definition
    slim: dict[str, Any] = {}
    for name, inner in definition.items():
        if name == "properties":
            slim[name] = {key: _slim(value) for key, value in inner.items()}
        elif name not in _DISPENSABLE:
            is_default = name in {"default", "x-kubernetes-group-version-kind"}
            slim[name] = inner if is_default else _slim_any(inner)
    return slim


def _slim_any(inner: Any) -> Any:
    return [_slim(item) for item in inner] if isinstance(inner, list) else _slim(inner)


def _kinds(definition: Definition) -> Iterator[GroupVersionKind]:
    properties = definition.get("properties", {})
    if "metadata" not in properties or "items" in properties:
        return  # options, events of a watch, and lists
    for entry in definition.get("x-kubernetes-group-version-kind", ()):
        yield GroupVersionKind(entry.get("group", ""), entry["version"], entry["kind"])


def _as_object(schema: Schema) -> Schema:
    return replace(schema, fields={**schema.fields, **ENVELOPE})


class _Compiler:
    """Compiles the components of one document, each once."""

    def __init__(self, components: Mapping[str, Definition], facts: Facts) -> None:
        self._components = components
        self._facts = facts
        self._compiled: dict[str, Schema] = {}
        self._scalars: dict[tuple[Any, ...], Schema] = {}

    def component(self, name: str) -> Schema:
        """The schema of a component; a component that contains itself shares its own node."""
        known = self._compiled.get(name)
        if known is not None:
            return known
        definition = self._components.get(name, {})
        if name == _QUANTITY:
            self._compiled[name] = self._scalar(Format.QUANTITY)
        elif "properties" in definition:
            self._fields_of(name, definition)
        else:
            built_in = name.startswith(_BUILT_IN)
            self._compiled[name] = (
                ANY if built_in and _is_free(definition) else self._node(definition)
            )
        return self._compiled[name]

    def _fields_of(self, name: str, definition: Definition) -> None:
        """Publish the node before its fields are compiled: they may lead back to it."""
        fields: dict[str, Schema] = {}
        built_in = name.startswith(_BUILT_IN)
        self._compiled[name] = replace(self._object(definition, fields), exact=built_in)
        facts = self._facts.fields.get(name, {})
        told = self._facts.told.get(name, frozenset())
        for field_name, inner in definition["properties"].items():
            node = self._with_default(self._node(inner), inner)
            node = _with_fact(node, facts.get(field_name, _NOTHING))
            if built_in:
                node = self._told_apart(node, told=field_name in told)
            fields[field_name] = node

    def _told_apart(self, node: Schema, *, told: bool) -> Schema:
        """Mark what the API server does not tell from absence: zeros, and structs that are no pointers."""
        plain = node.shape is Shape.SCALAR and not told
        if plain or (node.shape is Shape.OBJECT and node.default == {}):
            return self._interned(replace(node, omits_zero=True))
        return node

    def _with_default(self, node: Schema, definition: Definition) -> Schema:
        default = definition.get("default", MISSING)
        if default is MISSING or node.default == default:
            return node
        return self._interned(replace(node, default=default))

    def _node(self, definition: Definition) -> Schema:
        reference = _reference(definition)
        if reference is not None:
            return self.component(reference)
        spelling = _format(definition)
        kind = definition.get("type")
        if spelling is not None or kind in {"string", "integer", "number", "boolean"}:
            return self._scalar(spelling or Format.PLAIN)
        if kind == "array":
            return self._list(definition)
        if "properties" in definition:
            return self._inline(definition)
        return self._free(definition)

    def _inline(self, definition: Definition) -> Schema:
        fields = {
            name: self._with_default(self._node(inner), inner)
            for name, inner in definition["properties"].items()
        }
        return self._object(definition, fields)

    def _object(self, definition: Definition, fields: dict[str, Schema]) -> Schema:
        if definition.get("x-kubernetes-embedded-resource"):
            text = self._scalar(Format.PLAIN)
            fields |= {"apiVersion": text, "kind": text, "metadata": ANY}
        return Schema(
            shape=Shape.OBJECT,
            fields=fields,
            atomic=definition.get("x-kubernetes-map-type") == "atomic",
            open=_is_open(definition),
        )

    def _free(self, definition: Definition) -> Schema:
        """An object without named fields: a map, anything at all, or nothing."""
        values = definition.get("additionalProperties")
        if isinstance(values, dict) and values:
            return Schema(
                shape=Shape.MAP,
                items=self._node(values),
                atomic=definition.get("x-kubernetes-map-type") == "atomic",
            )
        closed = definition.get("type") == "object" and not _is_open(definition)
        return self._object(definition, {}) if closed else ANY

    def _list(self, definition: Definition) -> Schema:
        items = self._node(definition.get("items", {}))
        shape = _LISTS.get(definition.get("x-kubernetes-list-type", ""), Shape.LIST)
        keys = tuple(sorted(definition.get("x-kubernetes-list-map-keys", ())))
        absent = tuple(_default_of(items.fields.get(key)) for key in keys)
        merge = Merge(keys=keys, absent=absent) if keys else None
        return Schema(shape=shape, items=items, merge=merge)

    def _scalar(self, spelling: Format) -> Schema:
        return self._interned(Schema(shape=Shape.SCALAR, format=spelling))

    def _interned(self, node: Schema) -> Schema:
        """Large definitions have thousands of scalars, of a few sorts."""
        if node.shape is not Shape.SCALAR or isinstance(node.default, dict | list):
            return node
        key = (node.format, type(node.default), node.default, node.derived, node.omits_zero)
        return self._scalars.setdefault(key, node)


def _with_fact(node: Schema, fact: Fact) -> Schema:
    if fact is _NOTHING:
        return node
    merge = replace(node.merge, order=fact.order) if node.merge else None
    return replace(
        node,
        default=node.default if fact.default is MISSING else fact.default,
        derived=fact.derived,
        shape=fact.shape or node.shape,
        merge=merge,
    )


def _reference(definition: Definition) -> str | None:
    wrapped = definition.get("allOf", ())
    found = definition.get("$ref") or (wrapped[0].get("$ref") if len(wrapped) == 1 else None)
    return found.removeprefix(_REFERENCE) if isinstance(found, str) else None


def _format(definition: Definition) -> Format | None:
    if definition.get("x-kubernetes-int-or-string") or _is_number_or_text(definition):
        is_quantity = _QUANTITY_SUFFIXES in str(definition.get("pattern", ""))
        return Format.QUANTITY if is_quantity else Format.INT_OR_STRING
    return _FORMATS.get(definition.get("format", ""))


def _is_number_or_text(definition: Definition) -> bool:
    choices = definition.get("anyOf") or definition.get("oneOf") or ()
    types = {choice.get("type") for choice in choices if isinstance(choice, dict)}
    return "string" in types and bool(types & {"integer", "number"})


def _is_open(definition: Definition) -> bool:
    extra = definition.get("additionalProperties")
    return bool(definition.get("x-kubernetes-preserve-unknown-fields") or extra)


def _is_free(definition: Definition) -> bool:
    """Tell whether a built-in component is raw JSON (``RawExtension``, ``JSON``, ``FieldsV1``)."""
    return definition.get("type") in {None, "object"} and not (
        definition.keys() & {"additionalProperties", "oneOf", "anyOf", "format"}
    )


def _default_of(node: Schema | None) -> Any:
    return None if node is None or node.default is MISSING else node.default
