"""What of a living object can change its verdict.

Most events in a cluster are news about status: a Deployment's replicas become ready, an autoscaler reports
what it saw. None of that is declared, so none of it can be drift, and looking at the object again would
find what was found before. An object whose kind counts its generation tells such events apart: the API
server raises the generation whenever anything but metadata and status changes. Of kinds whose status a
comparator looks at everything counts. This module refuses to know which those are.

https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/
"""

from __future__ import annotations

import msgspec

from auditor.domain.identity import GroupKind
from auditor.state.actual_kind import PartOf, PartOfKind, whole

_BOOKKEEPING = ("resourceVersion", "managedFields")
_STATUS = "status"


class _Object(msgspec.Struct, gc=False):
    """An object of which nothing but metadata is read; everything in it is left as it is."""

    metadata: dict[str, msgspec.Raw]


class _Entry(msgspec.Struct, rename="camel", gc=False):
    """One entry of managedFields, less the time of its last write."""

    manager: str = ""
    operation: str = ""
    subresource: str = ""
    fields_v1: msgspec.Raw = msgspec.Raw(b"")


_objects = msgspec.json.Decoder(_Object)
_entries = msgspec.json.Decoder(list[_Entry])


def compared_parts(reads_status_of: frozenset[GroupKind]) -> PartOfKind:
    """Sum up objects by what of them is compared: all of those kinds, of others all but status."""

    def part_of(kind: GroupKind) -> PartOf:
        return whole if kind in reads_status_of else compared_part

    return part_of


def compared_part(raw: bytes | memoryview) -> int | None:
    """Sum up all of an object's JSON that can change its verdict; None where only all of it says.

    Equal sums mean the same verdict. Who owns which field counts, when it was last written does not.
    """
    metadata = _objects.decode(raw).metadata
    if "generation" not in metadata:
        return None
    owned = metadata.get("managedFields")
    for name in _BOOKKEEPING:
        metadata.pop(name, None)
    said = tuple([(name, bytes(value)) for name, value in metadata.items()])
    return hash((said, () if owned is None else _writers(owned)))


def _writers(owned: msgspec.Raw) -> tuple[tuple[str, str, str, bytes], ...]:
    return tuple(
        [
            (entry.manager, entry.operation, entry.subresource, bytes(entry.fields_v1))
            for entry in _entries.decode(owned)
            if entry.subresource != _STATUS
        ]
    )
