"""Schedules are read as Argo CD reads them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.domain.gitops.cron import Schedule, parse_cron

FRIDAY = datetime(2026, 1, 2, 10, 30)  # noqa: DTZ001 - a wall clock has no zone


@pytest.mark.parametrize(
    ("text", "comes"),
    [
        ("* * * * *", "2026-01-02 10:31"),
        ("30 10 * * *", "2026-01-03 10:30"),
        ("*/20 * * * *", "2026-01-02 10:40"),
        ("5/20 * * * *", "2026-01-02 10:45"),
        ("0 22-23,2 * * *", "2026-01-02 22:00"),
        ("0 0 * * MON-WED", "2026-01-05 00:00"),
        ("0 0 * feb ?", "2026-02-01 00:00"),
        ("0 0 31 * *", "2026-01-31 00:00"),
        ("0 0 29 2 *", "2028-02-29 00:00"),
        ("0 0 13 * 5", "2026-01-09 00:00"),
        ("0 0 */2 * 0", "2026-01-03 00:00"),
        ("@daily", "2026-01-03 00:00"),
        ("@monthly", "2026-02-01 00:00"),
    ],
)
def test_the_next_time(text: str, comes: str) -> None:
    """Days of the month and of the week, both given, mean either."""
    assert f"{parse_cron(text).after(FRIDAY):%Y-%m-%d %H:%M}" == comes


def test_some_days_never_come() -> None:
    """Nobody waits for them."""
    assert parse_cron("0 0 30 2 *").after(FRIDAY) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "* * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * * 13 *",
        "* * * * 7",
        "x * * * *",
        "5-1 * * * *",
        "*/0 * * * *",
        "-1 * * * *",
        "@every 1h",
        "@now",
        "* * * * mon-tea",
    ],
)
def test_what_is_no_schedule_is_refused(text: str) -> None:
    """As Argo CD refuses it, but for intervals."""
    with pytest.raises(ValueError, match=r".+"):
        parse_cron(text)


FIELDS = st.tuples(
    st.sampled_from(["*", "0", "*/7", "10-20", "59"]),
    st.sampled_from(["*", "0", "8-18", "23", "*/5"]),
    st.sampled_from(["*", "1", "15-20", "31"]),
    st.sampled_from(["*", "1", "feb", "6-8"]),
    st.sampled_from(["*", "0", "mon-fri", "6"]),
)


def fits(schedule: Schedule, at: datetime) -> bool:
    """Whether a minute is one of a schedule's, by the five fields."""
    days = at.day in schedule.days, at.isoweekday() % 7 in schedule.weekdays
    is_day = any(days) if schedule.either else all(days)
    return (
        is_day
        and at.month in schedule.months
        and at.hour in schedule.hours
        and at.minute in schedule.minutes
    )


@given(FIELDS, st.datetimes(min_value=FRIDAY, max_value=FRIDAY + timedelta(days=400)))
def test_nothing_is_passed_over(fields: tuple[str, ...], moment: datetime) -> None:
    """What comes next fits, and no minute of the two days after the moment fits sooner."""
    schedule = parse_cron(" ".join(fields))
    found = schedule.after(moment)
    begin = moment.replace(second=0, microsecond=0)
    minutes = (begin + timedelta(minutes=number) for number in range(1, 2 * 24 * 60))

    assert found is None or fits(schedule, found)
    assert next((at for at in minutes if fits(schedule, at)), found) == found


def test_the_wall_clock_is_the_callers() -> None:
    """What has no zone is given none."""
    found = parse_cron("@hourly").after(datetime(2026, 1, 2, tzinfo=UTC).replace(tzinfo=None))

    assert found is not None
    assert found.tzinfo is None
