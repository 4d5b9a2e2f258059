"""Time runs only while Argo CD may sync by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from auditor.domain.gitops.sync_windows import is_open, time_is_over, windows_of
from tests.builders import manifest, obj

ARGO = "argoproj.io/v1alpha1"
HOUR = timedelta(hours=1)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment in January; the second is a Friday."""
    return datetime(2026, 1, day, hour, minute, tzinfo=UTC)


def window(kind: str = "allow", schedule: str = "0 22 * * *", **rest: Any) -> dict[str, Any]:
    """A window of one hour about every Application."""
    return {"kind": kind, "schedule": schedule, "duration": "1h", "applications": ["*"]} | rest


def windows(*entries: Any) -> Any:
    """The windows of a project that are about the Application ``shop``."""
    project = obj(ARGO, "AppProject", "team", "argocd", spec={"syncWindows": list(entries)})
    destination = {"name": "prod", "namespace": "shop-prod"}
    app = obj(ARGO, "Application", "shop", "argocd", spec={"destination": destination})
    return windows_of(manifest(project), manifest(app))


class TestOpen:
    @pytest.mark.parametrize(
        ("entries", "hours"),
        [
            ([], set(range(24))),
            ([window()], {22}),
            ([window("deny")], set(range(24)) - {22}),
            ([window(), window(schedule="0 4 * * *", duration="90m")], {4, 5, 22}),
            ([window(duration="3h"), window("deny", "0 23 * * *")], {22, 0}),
            ([window(schedule="0 22 * * 1")], set()),
            ([window(timeZone="Europe/Berlin")], {21}),
        ],
    )
    def test_within_a_day(self, entries: list[Any], hours: set[int]) -> None:
        """What denies counts more than what allows; where anything allows, all else is closed."""
        found = windows(*entries)

        assert {hour for hour in range(24) if is_open(found, at(2, hour))} == hours

    def test_a_window_ends_when_it_is_over(self) -> None:
        """And begins with its first moment."""
        found = windows(window())

        assert [is_open(found, at(2, 22, minute)) for minute in (0, 59)] == [True, True]
        assert not is_open(found, at(2, 23))


class TestWhom:
    @pytest.mark.parametrize(
        ("names", "is_about"),
        [
            ({"applications": ["sh*"]}, True),
            ({"applications": ["web"]}, False),
            ({"applications": [], "namespaces": ["*-prod"]}, True),
            ({"applications": [], "clusters": ["prod"]}, True),
            ({"applications": ["web"], "clusters": ["prod"]}, True),
            ({"applications": ["web"], "clusters": ["prod"], "andOperator": True}, False),
            ({"applications": ["shop"], "clusters": ["prod"], "andOperator": True}, True),
            ({"applications": []}, False),
        ],
    )
    def test_is_told_by_names(self, names: dict[str, Any], *, is_about: bool) -> None:
        """Of the Application, of where it goes; one is enough unless all must fit."""
        assert bool(windows(window(**names))) is is_about

    @pytest.mark.parametrize(
        "entry",
        [
            window("maybe"),
            window(schedule="often"),
            window(duration="long"),
            window(timeZone="Middle/Earth"),
            window(timeZone="../etc/passwd"),
            "always",
            {},
        ],
    )
    def test_what_argo_cd_would_refuse_is_left_out(self, entry: Any) -> None:
        """It applies nothing of it either."""
        assert windows(entry) == ()


class TestTime:
    def test_runs_always_where_nothing_is_said(self) -> None:
        """Most projects have no windows."""
        assert time_is_over((), at(2, 10), HOUR) == at(2, 11)

    @pytest.mark.parametrize(
        ("entries", "minutes", "over"),
        [
            ([window()], 30, at(2, 22, 30)),
            ([window()], 60, at(2, 23)),
            ([window()], 90, at(3, 22, 30)),
            ([window("deny", "0 10 * * *")], 30, at(2, 11, 30)),
            ([window("deny", "0 11 * * *")], 90, at(2, 12, 30)),
        ],
    )
    def test_runs_while_it_is_open(self, entries: list[Any], minutes: int, over: datetime) -> None:
        """Since ten o'clock."""
        patience = timedelta(minutes=minutes)

        assert time_is_over(windows(*entries), at(2, 10), patience) == over

    def test_never_runs_where_it_never_opens(self) -> None:
        """A year from now is late enough."""
        closed = windows(window("deny", "* * * * *", duration="2h"))

        assert time_is_over(windows(window(schedule="0 0 30 2 *")), at(2, 10), HOUR) > at(
            2, 10
        ) + timedelta(days=300)
        assert time_is_over(closed, at(2, 10), HOUR) > at(2, 20)
