"""When Argo CD may sync an Application by itself: the sync windows of its project.

While they are closed nobody can blame the cluster for being behind, so its time runs only while they are
open. A window that Argo CD would refuse is left out. This module refuses to find the project.

https://argo-cd.readthedocs.io/en/stable/user-guide/sync_windows/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from auditor.domain.gitops.cron import Schedule, parse_cron
from auditor.domain.gitops.flux_fields import entries, flag, part, span, text, words
from auditor.domain.manifest import Manifest

_STEPS: Final = 1_000
"""So many openings and closings are gone through; with daily windows that is more than a year."""
_NEVER: Final = timedelta(days=365)
_ALLOW, _DENY = "allow", "deny"


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncWindow:
    """A time that comes again and again, and in which syncing is allowed or denied."""

    denies: bool
    schedule: Schedule
    duration: timedelta
    zone: ZoneInfo

    def is_active(self, at: datetime) -> bool:
        """Tell whether a moment lies in it."""
        begun = self._next(at - self.duration)
        return begun is not None and begun <= at

    def turns(self, at: datetime) -> Iterator[datetime]:
        """The next moments at which it may begin or end, UTC."""
        begun = self._next(at - self.duration)
        if begun is not None:
            yield begun if begun > at else begun + self.duration
        following = self._next(at)
        if following is not None:
            yield following

    def _next(self, after: datetime) -> datetime | None:
        local = after.astimezone(self.zone).replace(tzinfo=None)
        found = self.schedule.after(local)
        return found.replace(tzinfo=self.zone).astimezone(UTC) if found else None


Windows = tuple[SyncWindow, ...]


def windows_of(project: Manifest, application: Manifest) -> Windows:
    """The windows of an AppProject that are about an Application."""
    found = entries(project.body, "spec", "syncWindows")
    return tuple(
        window for entry in found if _is_about(entry, application) for window in _read(entry)
    )


def is_open(windows: Windows, at: datetime) -> bool:
    """Tell whether Argo CD may sync by itself: nothing denies it, and if anything allows it, it is time."""
    if any(window.denies and window.is_active(at) for window in windows):
        return False
    allowing = [window for window in windows if not window.denies]
    return not allowing or any(window.is_active(at) for window in allowing)


def time_is_over(windows: Windows, since: datetime, patience: timedelta) -> datetime:
    """When windows were open for so long since a moment; a year later than anything stands for never."""
    at, left = since, patience
    for _ in range(_STEPS):
        following = _following(windows, at)
        if is_open(windows, at):
            if following is None or following - at >= left:
                return at + left
            left -= following - at
        if following is None:
            return at + _NEVER
        at = following
    return at + left


def _following(windows: Windows, at: datetime) -> datetime | None:
    return min((turn for window in windows for turn in window.turns(at) if turn > at), default=None)


def _read(entry: Mapping[str, Any]) -> Iterator[SyncWindow]:
    duration, kind = span(entry, "duration"), text(entry, "kind")
    try:
        schedule = parse_cron(text(entry, "schedule"))
        zone = ZoneInfo(text(entry, "timeZone") or "UTC")
    except (ValueError, ZoneInfoNotFoundError):
        return
    if duration and kind in {_ALLOW, _DENY}:
        yield SyncWindow(denies=kind == _DENY, schedule=schedule, duration=duration, zone=zone)


def _is_about(entry: Mapping[str, Any], application: Manifest) -> bool:
    """Any of the three lists may name the Application; with ``andOperator`` all that are given must."""
    destination = part(application.body, "spec", "destination")
    places = (
        (words(entry, "applications"), (application.ref.name,)),
        (words(entry, "namespaces"), (text(destination, "namespace"),)),
        (words(entry, "clusters"), (text(destination, "server"), text(destination, "name"))),
    )
    given = [_fits(globs, names) for globs, names in places if globs]
    return bool(given) and (all(given) if flag(entry, "andOperator") else any(given))


def _fits(globs: Iterable[str], names: Iterable[str]) -> bool:
    known = [name for name in names if name]
    return any(fnmatchcase(name, glob) for glob in globs for name in known)
