"""When a schedule in cron's five fields comes next.

As Argo CD reads them (https://pkg.go.dev/github.com/robfig/cron/v3#hdr-CRON_Expression_Format): names of
months and days, ranges, steps, lists, and the descriptors that stand for five fields. A day of the month and
a day of the week that are both given mean either. This module refuses intervals (``@every``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

_DESCRIPTORS: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_BOUNDS: Final = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
_MONTHS: Final = [
    "jan",
    "feb",
    "mar",
    "apr",
    "may",
    "jun",
    "jul",
    "aug",
    "sep",
    "oct",
    "nov",
    "dec",
]
_DAYS: Final = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_NAMES: Final[tuple[dict[str, int], ...]] = (
    {},
    {},
    {},
    {name: number for number, name in enumerate(_MONTHS, 1)},
    {name: number for number, name in enumerate(_DAYS)},
)
_YEARS: Final = timedelta(days=5 * 366)
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The minutes at which something happens. ``either``: one of the two kinds of days is enough."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either: bool

    def after(self, moment: datetime) -> datetime | None:
        """The next minute after a moment of the same wall clock; ``None``: not within five years."""
        at = moment.replace(second=0, microsecond=0) + _MINUTE
        end = at + _YEARS
        while at < end:
            if at.month not in self.months:
                at = (at.replace(day=1, hour=0, minute=0) + timedelta(days=32)).replace(day=1)
            elif not self._is_day(at):
                at = at.replace(hour=0, minute=0) + timedelta(days=1)
            elif at.hour not in self.hours:
                at = at.replace(minute=0) + timedelta(hours=1)
            elif at.minute not in self.minutes:
                at += _MINUTE
            else:
                return at
        return None

    def _is_day(self, at: datetime) -> bool:
        fits = at.day in self.days, at.isoweekday() % 7 in self.weekdays
        return any(fits) if self.either else all(fits)


def parse_cron(text: str) -> Schedule:
    """Read a schedule.

    Raises:
        ValueError: it is none.

    """
    fields = _DESCRIPTORS.get(text.strip(), text).split()
    if len(fields) != len(_BOUNDS):
        raise ValueError(f"{text!r} has not the five fields of a schedule")
    minutes, hours, days, months, weekdays = (_field(number, f) for number, f in enumerate(fields))
    return Schedule(
        minutes=minutes,
        hours=hours,
        days=days,
        months=months,
        weekdays=weekdays,
        either=not (_is_any(fields[2]) or _is_any(fields[4])),
    )


def _is_any(field: str) -> bool:
    return any(part in {"*", "?", "*/1", "?/1"} for part in field.split(","))


def _field(number: int, text: str) -> frozenset[int]:
    found = frozenset(value for part in text.split(",") for value in _range(number, part))
    first, last = _BOUNDS[number]
    if not found or min(found) < first or max(found) > last:
        raise ValueError(f"{text!r} is not between {first} and {last}")
    return found


def _range(number: int, text: str) -> range:
    span, slash, step = text.partition("/")
    first, dash, last = span.partition("-")
    lowest, highest = _BOUNDS[number]
    if first in {"*", "?"}:
        begin, end = lowest, highest
    else:
        begin = _number(number, first)
        end = _number(number, last) if dash else highest if slash else begin
    width = int(step) if slash else 1
    if width < 1 or end < begin:
        raise ValueError(f"{text!r} is no range")
    return range(begin, min(end, highest + 1) + 1, width)


def _number(number: int, text: str) -> int:
    named = _NAMES[number].get(text.lower())
    return int(text) if named is None else named
