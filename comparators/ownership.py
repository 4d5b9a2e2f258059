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
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from auditor.domain.difference import Writer
from auditor.domain.fieldpath import FieldPath, Key, Segment

_LATEST: Final = datetime.max.replace(tzinfo=UTC)

FieldSet: TypeAlias = Mapping[str, "FieldSet"]


@dataclass(frozen=True, slots=True)
class Claim:
    """One entry of managedFields that holds a field."""

    writer: Writer
    api_version: str
    fields: FieldSet


class Ownership:
    """The writers of one object's fields, looked up as needed."""

    __slots__ = ("_claims", "_entries")

    def __init__(self, metadata: Mapping[str, Any]) -> None:
        entries = metadata.get("managedFields")
        self._entries: Sequence[Any] = entries if isinstance(entries, list) else ()
        self._claims: tuple[Claim, ...] | None = None

    @property
    def is_recorded(self) -> bool:
        """Whether the API server records writers of this object at all."""
        return any(isinstance(entry, dict) and entry.get("fieldsV1") for entry in self._entries)

    @property
    def claims(self) -> tuple[Claim, ...]:
        """Every entry, the latest writer first; entries without a time come first among all.

        A subresource entry carries no time of its own accord, and it is the newer one wherever it
        shares a field: writing takes a field away from those who wrote another value.
        """
        if self._claims is None:
            found = [_claim(entry) for entry in self._entries if isinstance(entry, dict)]
            found.sort(key=lambda claim: claim.writer.time or _LATEST)
            self._claims = tuple(reversed(found))
        return self._claims

    def owners(self, path: FieldPath) -> tuple[Writer, ...]:
        """Everybody who holds the field or something in it, the latest writer first.

        Only where nobody does, those count who hold an atomic value around it: an empty set also
        says "this map, and nothing in it".
        """
        around: list[Writer] = []
        exact: list[Writer] = []
        for claim in self.claims:
            depth = _depth(claim.fields, path.segments)
            if depth == len(path.segments):
                exact.append(claim.writer)
            elif depth:
                around.append(claim.writer)
        return tuple(exact or around)

    def writer(self, path: FieldPath) -> Writer | None:
        """The last writer of a field, as far as it is recorded."""
        return next(iter(self.owners(path)), None)

    def is_injected(self, writer: Writer) -> bool:
        """Tell whether a mutating webhook wrote what this entry holds.

        What admission changes while an applier applies is recorded for the applier's name, as an
        Update beside its Apply.
        """
        if writer.operation != "Update" or writer.subresource:
            return False
        return any(
            claim.writer.manager == writer.manager and claim.writer.operation == "Apply"
            for claim in self.claims
        )


def _claim(entry: Mapping[str, Any]) -> Claim:
    writer = Writer(
        manager=str(entry.get("manager", "")),
        operation=str(entry.get("operation", "")),
        subresource=entry.get("subresource") or None,
        time=_time(entry.get("time")),
    )
    fields = entry.get("fieldsV1")
    return Claim(
        writer, str(entry.get("apiVersion", "")), fields if isinstance(fields, dict) else {}
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
