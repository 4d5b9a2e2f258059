"""From a case to the pair that is judged."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from auditor.domain.identity import ObjectRef
from auditor.domain.manifest import Manifest, manifest_from
from auditor.domain.pair import Neighbour, Pair, Scaler, Superseded
from auditor.errors import ConfigError
from auditor.golden.cases import Case, FieldsOf
from auditor.golden.reading import GoldenCase
from auditor.state.schemas import Schemas

CLUSTER: Final = "golden"
"""What the cluster of every case is called."""
_BUILT_IN: Final = Schemas()


def pair_of(golden: GoldenCase) -> Pair:
    """Build the pair that a case describes, with the built-in schema of its kind.

    Raises:
        ConfigError: a side is no object, or the two are not the same one.

    """
    try:
        return _pair(golden)
    except ValueError as error:
        raise ConfigError(f"{golden.place}: {error}") from error


def _pair(golden: GoldenCase) -> Pair:
    case = golden.case
    desired, actual = (_manifest(body) for body in _sides(golden.base, case))
    known = actual or desired
    if known is None:
        raise ValueError(f"{case.name!r} has neither a declared nor a living object")
    _require_same(desired, actual)
    ref = _placed(known.ref, desired)
    return Pair(
        ref=ref,
        desired=replace(desired, ref=ref) if desired else None,
        actual=replace(actual, ref=ref) if actual else None,
        schema=_BUILT_IN.schema_for(known.gvk),
        scaler=Scaler(**case.scaler.model_dump()) if case.scaler else None,
        earlier=tuple(_earlier(golden.base, case)),
        governed=case.governed,
        neighbours=tuple(_neighbours(case)),
    )


def _sides(base: Any, case: Case) -> tuple[Any, Any]:
    if base is None:
        desired, actual = case.desired, case.actual
    else:
        desired = merged(base, case.desired)
        actual = merged(base if desired is None else desired, case.actual)
    if actual is not None and case.writers is not None:
        metadata = {**actual.get("metadata", {}), "managedFields": list(_entries(case.writers))}
        actual = {**actual, "metadata": metadata}
    return desired, actual


def _earlier(base: Any, case: Case) -> Iterator[Superseded]:
    for before in case.earlier:
        body = before.desired if base is None else merged(base, before.desired)
        yield Superseded(manifest=_manifest(body), until=before.until)


def _neighbours(case: Case) -> Iterator[Neighbour]:
    for manifest in filter(None, map(_manifest, case.neighbours)):
        yield Neighbour(ref=manifest.ref, actual=manifest)


def _manifest(body: Any) -> Manifest | None:
    try:
        return None if body is None else manifest_from(body, cluster=CLUSTER)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("an object needs apiVersion, kind and metadata.name") from error


def _require_same(desired: Manifest | None, actual: Manifest | None) -> None:
    if desired is None or actual is None:
        return
    one, other = (side.ref._replace(namespace="") for side in (desired, actual))
    namespaces = {desired.ref.namespace, actual.ref.namespace} - {""}
    if one != other or len(namespaces) > 1:
        raise ValueError(f"{desired.ref} is declared and {actual.ref} lives: not one object")


def _placed(ref: ObjectRef, desired: Manifest | None) -> ObjectRef:
    """Where only the declaration names the namespace, it is meant all the same."""
    return ref if ref.namespace or desired is None else desired.ref


def _entries(writers: Iterable[FieldsOf]) -> Iterator[Mapping[str, Any]]:
    """Write managedFields out.

    https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
    """
    for writer in writers:
        fields: dict[str, Any] = {}
        for path in writer.fields:
            place = fields
            for step in path.split():
                place = place.setdefault(step, {})
        entry = {"manager": writer.manager, "operation": writer.operation, "fieldsV1": fields}
        time = {"time": writer.time.isoformat()} if writer.time else {}
        through = {"subresource": writer.subresource} if writer.subresource else {}
        yield entry | {"fieldsType": "FieldsV1"} | time | through


def merged(body: Any, patch: Any) -> Any:
    """Apply a JSON merge patch; neither side is changed."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    result = copy.deepcopy(body) if isinstance(body, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result
