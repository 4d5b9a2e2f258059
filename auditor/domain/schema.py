"""How the values of a kind are to be compared.

A schema here keeps only what comparison needs from the cluster's OpenAPI v3 and from what was learned
of a real API server: how lists merge, which strings are quantities, what is filled in when nothing is
declared. It refuses to validate. Vendor extensions are those of
https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final


class Shape(StrEnum):
    """What a value is, as far as comparison cares."""

    SCALAR = "scalar"
    OBJECT = "object"
    """Known fields, compared one by one."""
    MAP = "map"
    """Any keys, every value of one schema (labels, data)."""
    KEYED_LIST = "keyed_list"
    SET = "set"
    LIST = "list"
    """An atomic list: order matters."""
    BAG = "bag"
    """An atomic list whose order means nothing (RBAC rules, tolerations)."""
    ANY = "any"
    """Unknown: the types are deduced from the values, lists are atomic."""
    IGNORED = "ignored"
    """Never declared on purpose: status, uid, resourceVersion."""


class Format(StrEnum):
    """How a scalar is spelled."""

    PLAIN = "plain"
    QUANTITY = "quantity"
    INT_OR_STRING = "int_or_string"
    BYTES = "bytes"
    """Base64."""
    TIME = "time"
    DURATION = "duration"


class Order(StrEnum):
    """What the order of a keyed list means."""

    FREE = "free"
    KEPT = "kept"
    """The items run in this order (init containers)."""
    REFERENCES = "references"
    """An item may use those before it, as ``$(NAME)`` (environment variables)."""


MISSING: Final = object()
"""Stands for "no default", since ``None`` is a JSON value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """How the items of a keyed list are told apart.

    ``keys`` are sorted; ``absent`` holds for each key the value that an item without it has.
    """

    keys: tuple[str, ...]
    absent: tuple[Any, ...]
    order: Order = Order.FREE


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Schema:
    """One node. Recursive kinds share nodes, so nodes are compared by identity.

    ``fields`` belongs to OBJECT, ``items`` to lists, sets and maps, ``merge`` to keyed lists.
    ``default`` is what the API server fills in; ``derived`` names the rule for a default that depends
    on other fields. ``omits_zero``: absence and the empty value are one and the same to the API.
    ``atomic``: owned as a whole. ``open``: fields that the schema does not name are kept. ``exact``:
    every type below is known, so what Python calls equal is equal (and not ``1`` and ``True``).
    """

    shape: Shape
    format: Format = Format.PLAIN
    fields: Mapping[str, Schema] = field(default_factory=dict)
    items: Schema | None = None
    merge: Merge | None = None
    default: Any = MISSING
    derived: str = ""
    omits_zero: bool = False
    atomic: bool = False
    open: bool = False
    exact: bool = False


ANY: Final = Schema(shape=Shape.ANY, open=True)
"""The schema of what nothing is known about."""

IGNORED: Final = Schema(shape=Shape.IGNORED)
"""The schema of what is not compared."""

_TEXT: Final = Schema(shape=Shape.SCALAR)
_TEXTS: Final = Schema(shape=Shape.MAP, items=_TEXT, open=True, exact=True)

_OWNER_REFERENCE: Final = Schema(shape=Shape.ANY, open=True)

METADATA: Final = Schema(
    shape=Shape.OBJECT,
    fields={
        "labels": _TEXTS,
        "annotations": _TEXTS,
        "finalizers": Schema(shape=Shape.SET, items=_TEXT),
        "ownerReferences": Schema(
            shape=Shape.KEYED_LIST,
            items=_OWNER_REFERENCE,
            merge=Merge(keys=("uid",), absent=(None,)),
        ),
        **dict.fromkeys(
            (
                "creationTimestamp",
                "deletionGracePeriodSeconds",
                "deletionTimestamp",
                "generateName",
                "generation",
                "managedFields",
                "name",
                "namespace",
                "resourceVersion",
                "selfLink",
                "uid",
            ),
            IGNORED,
        ),
    },
)
"""The schema of an object's own metadata: what a person declares, and not what the API server sets.

https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/
"""

ENVELOPE: Final[Mapping[str, Schema]] = {
    "apiVersion": IGNORED,
    "kind": IGNORED,
    "metadata": METADATA,
    "status": IGNORED,
}
"""The fields of every object that are alike for all kinds."""

UNKNOWN_KIND: Final = Schema(shape=Shape.OBJECT, fields=ENVELOPE, open=True)
"""The schema of an object of a kind about which nothing is known."""
