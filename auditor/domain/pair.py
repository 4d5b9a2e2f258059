"""What is compared: one object as declared and as it lives, with all that comparing needs.

A pair is complete: a comparator asks nobody for anything more. Which is why the schema of the kind,
the autoscaler of the object, the earlier declarations and its few neighbours travel in it. It refuses to
hold anything without which this one object can be judged.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from auditor.domain.gitops.sync_windows import SyncWindow
from auditor.domain.identity import ObjectRef
from auditor.domain.manifest import Manifest, Origin, Owner
from auditor.domain.schema import Schema


class Doubt(StrEnum):
    """Why an object cannot be judged now. A closed set: it is a metric label."""

    NOT_SYNCED = "not_synced"
    """The kind has not been listed yet."""
    STALE = "stale"
    """The cluster has not been heard of for too long."""
    FORBIDDEN = "forbidden"
    """The account may not list or watch the kind."""
    KIND_ABSENT = "kind_absent"
    """The cluster does not serve the kind (its CRD may be missing)."""
    VERSION_NOT_SERVED = "version_not_served"
    """The cluster serves the kind, but not in the declared version."""
    NOT_WATCHED = "not_watched"
    """The configuration leaves the kind out (Secrets, unless allowed)."""
    TOO_LARGE = "too_large"
    """The live object is larger than what is read."""
    RENDER_FAILED = "render_failed"
    """What declares the object has never been rendered."""
    OWNER_UNKNOWN = "owner_unknown"
    """What the owner that the object is marked with declares cannot be known."""
    COMPARISON_FAILED = "comparison_failed"
    """The comparison itself broke; the log says how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaler:
    """A HorizontalPodAutoscaler that targets the object. ``declared``: it stands in Git itself."""

    minimum: int
    maximum: int
    declared: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Superseded:
    """An earlier declaration of the object, and until when it was the current one.

    ``manifest`` is ``None`` where the object was not declared then.
    """

    manifest: Manifest | None
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A commit that a followed ref was at, and since when it was seen there."""

    commit: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """Another object without which this one cannot be judged, as it is known now.

    ``doubt`` says why nothing certain is known of the living one; then its absence proves nothing.
    ``heads`` are the last commits of what it fetches, the newest last, where that is followed here too.
    ``environment`` is the one of what it leads to, where it is an owner that is followed.
    """

    ref: ObjectRef
    desired: Manifest | None = None
    actual: Manifest | None = None
    doubt: Doubt | None = None
    heads: tuple[Head, ...] = ()
    environment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOver:
    """What is on record of an object that its owner declares no more: whose it was, and declared where."""

    owner: Owner | None
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Desired and actual of one object; either may be absent, and then that is the fact.

    ``doubt`` set means that absence proves nothing. ``earlier`` is newest first. ``governed`` says
    that the object's namespace is one in which everything must be declared. ``followed`` says that the
    object is an owner of which it is audited what it calls for. ``generator`` is the living object's
    generator, where all that it generates is known and this object is not among it. ``environment`` is the
    one of what a followed owner leads to; of what is generated no more, its generator's. ``left_over`` is
    set where it was found before that the object is, and nothing else remembers how it was declared.
    ``patience`` is how often the tool that applies the object looks, ``windows`` when it may apply by itself.
    ``neighbours`` are its owners where it is not declared, and what it refers to where it is an owner itself.
    ``appliers`` are the owners that may not have applied its declaration yet, the nearest first; ``heads``
    the last commits of what the object itself fetches, and ``looks`` how often its tool looks for more.
    """

    ref: ObjectRef
    desired: Manifest | None
    actual: Manifest | None
    doubt: Doubt | None = None
    schema: Schema | None = None
    scaler: Scaler | None = None
    earlier: tuple[Superseded, ...] = ()
    governed: bool = False
    followed: bool = False
    generator: Manifest | None = None
    left_over: LeftOver | None = None
    environment: str | None = None
    patience: timedelta | None = None
    windows: tuple[SyncWindow, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    appliers: tuple[ObjectRef, ...] = ()
    heads: tuple[Head, ...] = ()
    looks: timedelta | None = None

    def neighbour(self, ref: ObjectRef) -> Neighbour | None:
        """One of the neighbours."""
        return next((one for one in self.neighbours if one.ref == ref), None)

    def declaring(self, desired: Manifest | None) -> Pair:
        """The same pair as if ``desired`` were declared."""
        return replace(self, desired=desired, earlier=())
