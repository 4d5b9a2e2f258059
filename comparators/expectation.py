"""Which differences nobody needs to hear of, because of who made them.

A declared field that differs is always drift, save where a controller was asked to write it (an
autoscaler within its range). An undeclared field is drift unless the API server filled it in, a webhook
injected it while the object was applied, or a controller is known to own it. An object on which no
writers are recorded gives no such evidence, and is not excused. This module refuses to find differences.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property, lru_cache
from typing import Any, Final

from auditor.domain.difference import Op, Writer
from auditor.domain.fieldpath import FieldPath, Key, Segment
from auditor.domain.identity import GroupKind
from auditor.domain.pair import Pair
from comparators import knowledge
from comparators.candidate import Candidate
from comparators.knowledge import KnownWriter
from comparators.ownership import Ownership

_LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
_RECORD: Final = FieldPath(("metadata", "annotations", _LAST_APPLIED))
_REPLICAS: Final = FieldPath(("spec", "replicas"))


@dataclass(frozen=True, slots=True)
class Unexpected:
    """A candidate that is a difference, and who is to be named for it."""

    candidate: Candidate
    writer: Writer | None


class Expectations:
    """What is expected to be on one living object."""

    def __init__(self, pair: Pair, metadata: Mapping[str, Any]) -> None:
        self._pair = pair
        self._metadata = metadata
        self.ownership = Ownership(metadata)

    def unexpected(self, candidates: Iterable[Candidate]) -> list[Unexpected]:
        """Leave out what is expected, and name the writer of the rest."""
        found = []
        for candidate in candidates:
            path = candidate.living_path
            if self._by_anybody(path):
                continue
            found += (self._declared if candidate.sure else self._undeclared)(candidate, path)
        return found

    def _declared(self, candidate: Candidate, path: FieldPath) -> list[Unexpected]:
        if candidate.op is Op.REMOVED and not candidate.whole:
            return [Unexpected(candidate, None)]  # who removes a field leaves no trace
        writer = self.ownership.writer(path)
        is_scaled = self._is_scaled(path, candidate.actual, writer)
        return [] if is_scaled else [Unexpected(candidate, writer)]

    def _undeclared(self, candidate: Candidate, path: FieldPath) -> list[Unexpected]:
        if not self.ownership.is_recorded:
            return [] if candidate.allocated else [Unexpected(candidate, None)]
        owners = self.ownership.owners(path)
        if not owners and candidate.entry:  # the API server fills in fields, never items
            return [Unexpected(candidate, None)]
        for owner in owners:
            if not self._is_excused(owner, path, candidate.actual):
                return [Unexpected(candidate, owner)]
        return []

    def _is_excused(self, owner: Writer, path: FieldPath, value: Any) -> bool:
        return (
            self._is_scaled(path, value, owner)
            or any(self._knows(entry, owner) for entry in self._entries(path))
            or self.ownership.is_injected(owner)
            or self._is_admitted(owner, path)
        )

    def _is_scaled(self, path: FieldPath, replicas: Any, writer: Writer | None) -> bool:
        """Tell whether an autoscaler wrote the replicas, within what it was told."""
        scaler = self._pair.scaler
        if scaler is None or path != _REPLICAS or writer is None or not isinstance(replicas, int):
            return False
        by_scaler = writer.subresource == "scale" and _fits(
            writer.manager, knowledge.writers().scalers
        )
        return by_scaler and scaler.minimum <= replicas <= scaler.maximum

    def _by_anybody(self, path: FieldPath) -> bool:
        return any(entry.group == "anybody" for entry in self._entries(path))

    def _entries(self, path: FieldPath) -> tuple[KnownWriter, ...]:
        return _known(self._pair.ref.group_kind, path)

    def _knows(self, entry: KnownWriter, writer: Writer) -> bool:
        if entry.group == "controllers":
            return not _fits(writer.manager, knowledge.writers().hands)
        if entry.group == "applier":
            return writer.operation == "Apply" or self._keeps_record(writer)
        return _fits(writer.manager, entry.writers)

    def _is_admitted(self, writer: Writer, path: FieldPath) -> bool:
        """Tell whether a client-side applier holds a field that it never declared.

        Its own record says what it declared; the rest of what it holds was filled in or injected
        while its request was admitted.
        """
        return (
            writer.operation == "Update"
            and self._last_applied is not None
            and self._keeps_record(writer)
            and not _declares(self._last_applied, path.segments)
        )

    def _keeps_record(self, writer: Writer) -> bool:
        return writer in self.ownership.owners(_RECORD)

    @cached_property
    def _last_applied(self) -> Any:
        annotations = self._metadata.get("annotations")
        text = annotations.get(_LAST_APPLIED) if isinstance(annotations, dict) else None
        try:
            return json.loads(text) if isinstance(text, str) else None
        except ValueError:
            return None


@lru_cache(maxsize=8192)
def _known(kind: GroupKind, path: FieldPath) -> tuple[KnownWriter, ...]:
    """The entries about a field of a kind: the same few fields come back on every object."""
    return tuple(
        entry
        for entry in knowledge.writers().known
        if entry.kinds.match(kind) and any(pattern.matches(path) for pattern in entry.paths)
    )


@lru_cache(maxsize=1024)
def _fits(manager: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(manager, pattern) for pattern in patterns)


def _declares(body: Any, segments: tuple[Segment, ...]) -> bool:
    """Tell whether a declaration has a path, or has it within something that is owned as a whole."""
    for segment in segments:
        below = _step(body, segment)
        if below is None:
            return False
        body = below
    return True


def _step(body: Any, segment: Segment) -> Any:
    if isinstance(segment, str):
        return body.get(segment) if isinstance(body, dict) else None
    if not isinstance(body, list):
        return None
    if isinstance(segment, int):
        return body[segment] if segment < len(body) else None
    if isinstance(segment, Key):
        return next((item for item in body if segment.allows(item)), None)
    return segment.value if segment.value in body else None
