"""What a living object says of itself, read as deviations are made of it.

Status is written by controllers of many versions, so nothing of it is taken for granted: what has another
shape than expected is as good as not there. This module refuses to judge.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from auditor.domain.checks import Check
from auditor.domain.difference import Difference, Op
from auditor.domain.fieldpath import FieldPath, Key, Segment, resolve_pointer
from auditor.domain.finding import Deviation, Severity
from auditor.domain.identity import ObjectRef
from auditor.domain.manifest import Body, Manifest
from comparators import scalars
from comparators.ownership import Ownership

_LONGEST: Final = 300
_LONGEST_INTERVAL: Final = Decimal(10_000_000)
"""Seconds; nobody means a longer one."""
_LOOKS: Final = 3
"""So many times a controller may look before what is wrong counts as lasting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition of an object; some kinds give neither status nor reason nor generation."""

    type: str
    status: str = ""
    reason: str = ""
    message: str = ""
    since: datetime | None = None
    generation: int = 0

    @property
    def told(self) -> str:
        """Reason and message, as far as there are any."""
        return clipped(": ".join(part for part in (self.reason, self.message) if part))


class Living:
    """A living object, with what is asked of it again and again."""

    def __init__(self, manifest: Manifest) -> None:
        self.ref: ObjectRef = manifest.ref
        self.metadata = mapping(manifest.metadata)
        self.spec = mapping(manifest.body.get("spec"))
        self.status = mapping(manifest.body.get("status"))
        self._body: Body = manifest.body
        self._ownership = Ownership(manifest.metadata)

    def conditions(self) -> Iterator[Condition]:
        """Its conditions, in their order."""
        for one in mappings(self.status.get("conditions")):
            if kind := text(one.get("type")):
                yield Condition(
                    type=kind,
                    status=text(one.get("status")),
                    reason=text(one.get("reason")),
                    message=text(one.get("message")),
                    since=scalars.moment(one.get("lastTransitionTime")),
                    generation=number(one.get("observedGeneration")),
                )

    def annotation(self, name: str) -> str:
        """One of its annotations; empty where there is none."""
        return text(mapping(self.metadata.get("annotations")).get(name))

    @property
    def created(self) -> datetime | None:
        """When it was made."""
        return scalars.moment(self.metadata.get("creationTimestamp"))

    @property
    def patience(self) -> timedelta | None:
        """How long something may be wrong, by the interval at which its controller looks."""
        try:
            seconds = scalars.duration(self.spec.get("interval"))
        except ValueError:
            return None
        shown = min(max(seconds, Decimal(0)), _LONGEST_INTERVAL)
        return timedelta(seconds=_LOOKS * float(shown))

    def written(self, *segments: Segment) -> datetime | None:
        """When a field was last written, by anybody who does not write status too."""
        busy = {writer.manager for writer in self._ownership.owners(FieldPath(("status",)))}
        writers = self._ownership.owners(FieldPath(segments))
        return next((one.time for one in writers if one.manager not in busy), None)

    def field(self, *segments: Segment) -> Difference:
        """A field that says that something is wrong. Nobody declared it."""
        path = FieldPath(segments)
        value: Any = self._body
        for segment in segments:
            items = dict(enumerate(value)) if isinstance(value, list) else mapping(value)
            value = items.get(segment)
        return Difference(
            path=path,
            pointer=resolve_pointer(path, self._body),
            op=Op.ADDED,
            actual=value,
            writer=self._ownership.writer(path) if segments[0] != "status" else None,
        )

    def condition(self, one: Condition) -> Difference:
        """A condition that says that something is wrong, without its message, which changes often."""
        path = FieldPath(("status", "conditions", Key((("type", one.type),))))
        said = {"status": one.status, "reason": one.reason}
        told = {name: value for name, value in said.items() if value}
        return Difference(
            path=path,
            pointer=resolve_pointer(path, self._body),
            op=Op.ADDED,
            actual=told or {"type": one.type},
        )

    def wrong(
        self,
        check: Check,
        told: str,
        *differences: Difference,
        since: datetime | None = None,
        severity: Severity | None = None,
    ) -> Deviation:
        """Say what is wrong; with ``since`` only if it lasts."""
        return Deviation(
            check=check.id,
            category=check.category,
            message=f"{self.ref}: {told}",
            differences=differences,
            severity=severity,
            since=since,
            patience=self.patience if since else None,
        )


def clipped(told: str) -> str:
    """A text of a controller on one line, and not longer than people read."""
    line = " ".join(told.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def mapping(value: Any) -> Mapping[Any, Any]:
    """The value, if it is an object."""
    return value if isinstance(value, Mapping) else {}


def mappings(value: Any) -> list[Mapping[str, Any]]:
    """The objects in a list."""
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def text(value: Any) -> str:
    """The value, if it is a text."""
    return value if isinstance(value, str) else ""


def number(value: Any) -> int:
    """The value, if it is a whole number."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
