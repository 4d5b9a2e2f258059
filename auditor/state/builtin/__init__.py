"""The kinds that every cluster has, as they were found on a real API server.

``documents/`` holds its OpenAPI documents, slimmed; ``defaults.yaml`` what it filled into objects that
said little; ``pointers.json`` which fields tell zero from absence; ``overrides.yaml`` is written by hand
and says why. ``python -m tools.schemas`` makes all but the last anew. This package refuses to ask a
cluster.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

import msgspec
import yaml
import zstandard

from auditor.domain.identity import GroupVersionKind
from auditor.domain.schema import MISSING, Order, Schema, Shape
from auditor.state.openapi import Fact, Facts, compile_document

_DATA: Final = files("auditor.state.builtin")


@cache
def schemas(api_version: str) -> Mapping[GroupVersionKind, Schema]:
    """The kinds of one API version, such as ``apps/v1``; none where it is no built-in one."""
    file = _DATA / "documents" / document_name(api_version)
    if not file.is_file():
        return {}
    document = msgspec.json.decode(zstandard.decompress(file.read_bytes()))
    return compile_document(document, facts())


@cache
def facts() -> Facts:
    """What is known of the built-in kinds beside their OpenAPI."""
    learned = _read("defaults.yaml")["defaults"]
    written = _read("overrides.yaml")["fields"]
    told = json.loads((_DATA / "pointers.json").read_text(encoding="utf-8"))
    return Facts(
        fields={
            name: _facts(learned.get(name, {}), written.get(name, {}))
            for name in learned.keys() | written.keys()
        },
        told={name: frozenset(fields) for name, fields in told.items()},
    )


def document_name(api_version: str) -> str:
    """The file that holds an API version's document."""
    return api_version.replace("/", "_") + ".json.zst"


def _facts(learned: Mapping[str, Any], written: Mapping[str, Any]) -> dict[str, Fact]:
    return {
        field: _fact(learned.get(field, MISSING), written.get(field, {}))
        for field in learned.keys() | written.keys()
    }


def _fact(default: Any, written: Mapping[str, Any]) -> Fact:
    return Fact(
        default=default,
        derived=written.get("derived", ""),
        shape=Shape(written["shape"]) if "shape" in written else None,
        order=Order(written.get("order", Order.FREE)),
    )


def _read(name: str) -> Any:
    return yaml.safe_load((_DATA / name).read_text(encoding="utf-8"))
