"""How the values of a kind are to be compared.

A schema here keeps only what comparison needs from the cluster's OpenAPI v3: how lists merge, which
strings are quantities, what is defaulted. It refuses to validate. Vendor extensions are those of
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
    ATOMIC = "atomic"
    """Compared and owned as a whole."""
    KEYED_LIST = "keyed_list"
    SET = "set"
    LIST = "list"
    """An atomic list: order matters."""
    ANY = "any"
    """Unknown: the types are deduced from the values, lists are atomic."""


class Format(StrEnum):
    """How a scalar is spelled."""

    PLAIN = "plain"
    QUANTITY = "quantity"
    INT_OR_STRING = "int_or_string"
    BYTES = "bytes"
    """Base64."""
    TIME = "time"
    DURATION = "duration"


MISSING: Final = object()
"""Stands for "no default", since ``None`` is a JSON value."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Schema:
    """One node. Recursive kinds share nodes, so nodes are compared by identity.

    ``fields`` belongs to OBJECT, ``items`` to lists, sets and maps, ``keys`` to keyed lists.
    ``open`` says that fields which the schema does not name are kept by the API server.
    """

    shape: Shape
    format: Format = Format.PLAIN
    fields: Mapping[str, Schema] = field(default_factory=dict)
    items: Schema | None = None
    keys: tuple[str, ...] = ()
    default: Any = MISSING
    nullable: bool = False
    open: bool = False


ANY: Final = Schema(shape=Shape.ANY, open=True)
"""The schema of what nothing is known about."""
