"""Which differences nobody needs to hear of, because of who made them.

A declared field that differs is always drift, save where a controller was asked to write it (an
autoscaler within its range). An undeclared field is drift unless the API server filled it in, a webhook
injected it while the object was applied, or a controller is known to own it. An object on which no
writers are recorded gives no such evidence, and is not excused. This module refuses to find differences.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cached_property, lru_cache
from typing import Any, Final, NamedTuple

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


_BY_WHOEVER: Final = "declared, so it counts whoever wrote it"
_TRACELESS: Final = "declared, and gone: who removes a field leaves no trace"
_REORDERED: Final = "declared in another order: who reorders named items leaves no trace"
_UNRECORDED: Final = "not declared, no default, and no writers are recorded on the object"
_ALLOCATED: Final = "picked by the control plane"
_ENTRY: Final = (
    "not declared, and nobody is recorded: the API server fills in fields, never entries"
)
_FILLED_IN: Final = "nobody is recorded to have written it: the API server filled it in"


class Weighed(NamedTuple):
    """What became of a candidate: excused or a difference, why, and who is to be named for it.

    A tuple, because one is made for every candidate of every look.
    """

    candidate: Candidate
    writer: Writer | None
    because: str
    excused: bool = False


class Expectations:
    """What is expected to be on one living object."""

    def __init__(self, pair: Pair, metadata: Mapping[str, Any]) -> None:
        self._pair = pair
        self._metadata = metadata
        self.ownership = Ownership(metadata)

    def unexpected(self, candidates: Iterable[Candidate]) -> list[Weighed]:
        """Leave out what is expected, and name the writer of the rest."""
        return [weighed for weighed in self.weighed(candidates) if not weighed.excused]

    def weighed(self, candidates: Iterable[Candidate]) -> Iterator[Weighed]:
        """Tell of each candidate whether it is expected, and why."""
        for candidate in candidates:
            path = candidate.living_path
            harmless = next((e for e in self._entries(path) if e.group == "anybody"), None)
            if harmless is not None:
                yield Weighed(candidate, None, harmless.reason, excused=True)
            else:
                yield (self._declared if candidate.sure else self._undeclared)(candidate, path)

    def _declared(self, candidate: Candidate, path: FieldPath) -> Weighed:
        if candidate.op is Op.REMOVED and not candidate.whole:
            return Weighed(candidate, None, _TRACELESS)
        if candidate.traceless and not candidate.whole:
            return Weighed(candidate, None, _REORDERED)
        writer = self.ownership.writer(path)
        scaled = writer and self._scaled(path, candidate.actual, writer)
        return Weighed(candidate, writer, scaled or _BY_WHOEVER, excused=bool(scaled))

    def _undeclared(self, candidate: Candidate, path: FieldPath) -> Weighed:
        if not self.ownership.is_recorded:
            picked = candidate.allocated
            return Weighed(candidate, None, _ALLOCATED if picked else _UNRECORDED, excused=picked)
        owners = self.ownership.owners(path)
        if not owners:
            entry = candidate.entry
            return Weighed(candidate, None, _ENTRY if entry else _FILLED_IN, excused=not entry)
        excuse = ""
        for owner in owners:
            excuse = self._excuse(owner, path, candidate.actual)
            if not excuse:
                return Weighed(candidate, owner, self._blame(owner))
        return Weighed(candidate, owners[0], excuse, excused=True)

    def _excuse(self, owner: Writer, path: FieldPath, value: Any) -> str:
        """Tell why somebody may hold a field that nobody declared; empty where nothing is known."""
        if scaled := self._scaled(path, value, owner):
            return scaled
        known = next((e for e in self._entries(path) if self._knows(e, owner)), None)
        if known is not None:
            return known.reason
        if self.ownership.is_injected(owner):
            return f"injected by a webhook while {owner.manager} applied"
        if self._is_admitted(owner, path):
            return f"{owner.manager} did not declare it: it was filled in while its request was admitted"
        return ""

    def _blame(self, owner: Writer) -> str:
        if owner.operation == "Apply" or self._keeps_record(owner):
            return f"{owner.manager} applied it, and it is declared no more"
        if _fits(owner.manager, knowledge.writers().hands):
            return f"not declared, and {owner.manager} is a program through which people act"
        return f"not declared, and {owner.manager} is not known to write it here"

    def _scaled(self, path: FieldPath, replicas: Any, writer: Writer) -> str:
        """Tell whether an autoscaler wrote the replicas, within what it was told; empty if not."""
        scaler = self._pair.scaler
        if scaler is None or path != _REPLICAS or not isinstance(replicas, int):
            return ""
        by_scaler = writer.subresource == "scale" and _fits(
            writer.manager, knowledge.writers().scalers
        )
        if not by_scaler or not scaler.minimum <= replicas <= scaler.maximum:
            return ""
        return f"an autoscaler wrote it, in its range of {scaler.minimum} to {scaler.maximum}"

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
