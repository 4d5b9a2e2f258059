"""Pairs for tests of comparators: bodies in, a pair with the built-in schema out."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from auditor.domain.difference import Difference
from auditor.domain.finding import Deviation
from auditor.domain.identity import GroupVersionKind
from auditor.domain.manifest import Manifest, manifest_from
from auditor.domain.pair import Pair
from auditor.state.schemas import Schemas
from comparators.presence import presence
from comparators.structural import structural

CLUSTER = "prod"
BUILT_IN = Schemas()


def entry(
    manager: str,
    *paths: str | tuple[str, ...],
    operation: str = "Update",
    time: str | None = "2026-01-02T03:04:05Z",
    **rest: str,
) -> dict[str, Any]:
    """An entry of managedFields; a path is written ``f:spec f:replicas`` or as a tuple of such."""
    fields: dict[str, Any] = {}
    for path in paths:
        place = fields
        for step in path.split() if isinstance(path, str) else path:
            place = place.setdefault(step, {})
    found = {"manager": manager, "operation": operation, "fieldsType": "FieldsV1", **rest}
    return {**found, "fieldsV1": fields, **({"time": time} if time else {})}


def written(body: Mapping[str, Any], *entries: dict[str, Any]) -> dict[str, Any]:
    """A body with these managedFields."""
    metadata = {**body["metadata"], "managedFields": list(entries)}
    return {**copy.deepcopy(dict(body)), "metadata": metadata}


def paired(
    desired: Mapping[str, Any] | None, actual: Mapping[str, Any] | None, **facts: Any
) -> Pair:
    """A pair of two bodies of one object."""
    sides = [
        None if body is None else manifest_from(body, cluster=CLUSTER) for body in (desired, actual)
    ]
    known = next(side for side in reversed(sides) if side is not None)
    schema = facts.pop("schema", BUILT_IN.schema_for(_gvk(known)))
    named = [None if side is None else replace(side, ref=known.ref) for side in sides]
    return Pair(ref=known.ref, desired=named[0], actual=named[1], schema=schema, **facts)


def compared(pair: Pair) -> list[Deviation]:
    """Everything that all comparators say."""
    return [*presence(pair), *structural(pair)]


def differences(
    desired: Mapping[str, Any], actual: Mapping[str, Any], **facts: Any
) -> list[Difference]:
    """The differences that the structural comparison finds."""
    return [d for said in structural(paired(desired, actual, **facts)) for d in said.differences]


def told(desired: Mapping[str, Any], actual: Mapping[str, Any], **facts: Any) -> list[str]:
    """The same in words: ``spec.replicas changed by kubectl``."""
    return [_words(difference) for difference in differences(desired, actual, **facts)]


def _words(difference: Difference) -> str:
    by = f" by {difference.writer.manager}" if difference.writer else ""
    return f"{difference.path} {difference.op}{by}"


def _gvk(manifest: Manifest) -> GroupVersionKind:
    return manifest.gvk
