"""Pairs of what was declared and what a cluster made of it.

This module refuses to compare.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from auditor.domain.finding import Deviation
from auditor.domain.identity import GroupVersionKind, ObjectRef
from auditor.domain.manifest import Manifest, Origin, manifest_from
from auditor.domain.pair import Pair
from auditor.state.schemas import Schemas
from comparators.presence import presence
from comparators.structural import structural
from tests.accuracy.api import Api, RefusedError

_ORIGIN = Origin(repository="corpora", revision="", path="")


@dataclass(frozen=True, slots=True)
class Planted:
    """One object that was taken: its pair, and where the API server keeps it."""

    pair: Pair
    path: str
    has_status: bool

    @property
    def desired(self) -> Mapping[str, Any]:
        """The declaration."""
        return self.pair.desired.body if self.pair.desired else {}

    @property
    def actual(self) -> Mapping[str, Any]:
        """The object as it lived when it was read."""
        return self.pair.actual.body if self.pair.actual else {}

    def with_actual(self, body: Mapping[str, Any]) -> Pair:
        """The pair as if the object lived like this."""
        return replace(self.pair, actual=_manifest(body, self.pair.ref))


def schemas_of(api: Api) -> Schemas:
    """Everything that the API server tells of its kinds."""
    schemas = Schemas()
    for version, digest, document in api.documents():
        schemas.replace(version, digest, document)
    return schemas


def planted(api: Api, schemas: Schemas, bodies: Iterable[Mapping[str, Any]]) -> Iterator[Planted]:
    """Those of the bodies that the cluster has."""
    for body in bodies:
        gvk = GroupVersionKind.parse(body["apiVersion"], body["kind"])
        if gvk not in api.resources:
            continue
        try:
            live = api.get(api.place(body))
        except RefusedError:
            continue
        resource = api.resource(gvk)
        namespace = live["metadata"].get("namespace", "")
        ref = ObjectRef("accuracy", gvk.group, gvk.kind, namespace, live["metadata"]["name"])
        pair = Pair(
            ref=ref,
            desired=replace(_manifest(body, ref), origin=_ORIGIN),
            actual=_manifest(live, ref),
            schema=schemas.schema_for(gvk),
        )
        yield Planted(pair, api.place(live), resource.has_status)


def compare(pair: Pair) -> list[Deviation]:
    """Everything that the comparators say."""
    return [*presence(pair), *structural(pair)]


def _manifest(body: Mapping[str, Any], ref: ObjectRef) -> Manifest:
    return replace(manifest_from(body, cluster=ref.cluster), ref=ref)
