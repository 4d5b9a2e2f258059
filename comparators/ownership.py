"""Who wrote a field, from ``metadata.managedFields``.

Only the few fields that differ are ever looked up, each by walking down the recorded sets: parsing all
of them would cost more than the whole comparison. An atomic value is recorded as one, so what lies
inside belongs to its owner. This module refuses to decide who may write what.

The format: https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management and
https://pkg.go.dev/sigs.k8s.io/structured-merge-diff/v6/fieldpath.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

from auditor.domain.difference import Writer
from auditor.domain.fieldpath import FieldPath, Key, Segment

FieldSet: TypeAlias = Mapping[str, "FieldSet"]


Entry = Mapping[str, Any]


class Ownership:
    """The writers of one object's fields, looked up as needed."""

    __slots__ = ("_entries",)

    def __init__(self, metadata: Mapping[str, Any]) -> None:
        entries = metadata.get("managedFields")
        listed = entries if isinstance(entries, list) else ()
        found = [entry for entry in listed if isinstance(entry, dict) and entry.get("fieldsV1")]
        self._entries: Sequence[Entry] = sorted(found, key=_written, reverse=True)

    @property
    def is_recorded(self) -> bool:
        """Whether the API server records writers of this object at all."""
        return bool(self._entries)

    def writer(self, path: FieldPath) -> Writer | None:
        """The last writer of a field, as far as it is recorded."""
        return next(iter(self.owners(path)), None)

    def owners(self, path: FieldPath) -> tuple[Writer, ...]:
        """Everybody who holds the field or something in it, the latest writer first.

        Only where nobody does, those count who hold an atomic value around it: an empty set also
        says "this map, and nothing in it".
        """
        segments = path.segments
        depths = [_depth(entry["fieldsV1"], segments) for entry in self._entries]
        deepest = max(depths, default=0)
        if deepest == 0:
            return ()
        return tuple(
            _writer(entry)
            for entry, depth in zip(self._entries, depths, strict=True)
            if depth == deepest
        )

    def is_injected(self, writer: Writer) -> bool:
        """Tell whether a mutating webhook wrote what this entry holds.

        What admission changes while an applier applies is recorded for the applier's name, as an
        Update beside its Apply.
        """
        if writer.operation != "Update" or writer.subresource:
            return False
        return any(
            entry.get("manager") == writer.manager and entry.get("operation") == "Apply"
            for entry in self._entries
        )


def creator_of(metadata: Mapping[str, Any]) -> Writer | None:
    """Who wrote an object first, as far as is still recorded; None where nobody is.

    Whoever changed it later may have taken the creator's fields over, and then stands for them.
    """
    writers = (_writer(entry) for entry in metadata.get("managedFields") or ())
    written = [writer for writer in writers if writer.time and not writer.subresource]
    return min(written, key=lambda writer: str(writer.time), default=None)


def _written(entry: Entry) -> str:
    """When an entry was last written, in a form that sorts (RFC 3339, always UTC).

    A subresource entry may carry no time, and it is the newer one wherever it shares a field: writing
    takes a field away from those who wrote another value.
    """
    return str(entry.get("time") or "~")


def _writer(entry: Entry) -> Writer:
    return Writer(
        manager=str(entry.get("manager", "")),
        operation=str(entry.get("operation", "")),
        subresource=entry.get("subresource") or None,
        time=_time(entry.get("time")),
    )


def _time(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(value)).astimezone(UTC) if value else None
    except ValueError:
        return None


def _depth(fields: FieldSet, segments: Sequence[Segment]) -> int:
    """How far down a path a set reaches: the whole path, an atomic value around it, or nothing (0)."""
    for depth, segment in enumerate(segments):
        if depth and not fields:
            return depth
        below = _below(fields, segment)
        if below is None:
            return 0
        fields = below
    return len(segments)


def _below(fields: FieldSet, segment: Segment) -> FieldSet | None:
    if isinstance(segment, str):
        return fields.get(f"f:{segment}")
    if isinstance(segment, int):
        return fields.get(f"i:{segment}")
    if isinstance(segment, Key):
        return _found(fields, "k:", dict(segment.pairs))
    return _found(fields, "v:", segment.value)


def _found(fields: FieldSet, prefix: str, value: Any) -> FieldSet | None:
    """Look an item up by its JSON: first as Go writes it, then by value."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    found = fields.get(prefix + text)
    if found is not None:
        return found
    for name, below in fields.items():
        if name.startswith(prefix) and _decoded(name[len(prefix) :]) == value:
            return below
    return None


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
