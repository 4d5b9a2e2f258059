"""A log line for every transition."""

from __future__ import annotations

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from auditor.domain.finding import Announcement, Severity, State, Transition, TransitionKind
from auditor.ports.delivery import Sink
from sinks.log import LogOptions, LogSink
from tests.contracts.sink_contract import SinkContract, context
from tests.doubles import START
from tests.findings import tracked
from tests.outcomes import finding, image


class TestLog(SinkContract):
    """The contract."""

    @pytest.fixture(autouse=True)
    def _capture(self) -> object:
        with capture_logs() as self.lines:
            yield

    def make(self) -> Sink:
        return LogSink(LogOptions(), context())

    async def arrived(self) -> int:
        return len(self.lines)


async def logged(
    kind: TransitionKind, severity: Severity = Severity.HIGH, *, paths: int = 5
) -> dict[str, object]:
    """The line about one transition."""
    one = replace(tracked(), finding=finding(severity=severity), state=State.OPEN)
    step = Announcement(sequence=1, transition=Transition(kind=kind, tracked=one, at=START))
    with capture_logs() as lines:
        await LogSink(LogOptions(paths=paths), context()).publish([step])
    return dict(lines[0])


async def test_a_line_says_what_where_and_who() -> None:
    """Enough to act on, in fields."""
    assert await logged(TransitionKind.OPENED) == {
        "event": "finding_opened",
        "log_level": "warning",
        "sink": "findings",
        "id": finding().fingerprint,
        "cluster": "prod",
        "ref": "apps/Deployment/shop/web",
        "check": "K8S-002",
        "category": "changed",
        "severity": "high",
        "paths": ["spec.template.spec.containers[name=web].image"],
        "writers": ["kubectl-set"],
    }


async def test_values_stay_out_of_the_log() -> None:
    """Where a value is logged, it is kept by whoever keeps logs."""
    line = repr(await logged(TransitionKind.OPENED))

    assert str(image().actual) not in line
    assert str(image().desired) not in line


@pytest.mark.parametrize(
    ("kind", "severity", "level"),
    [
        (TransitionKind.OPENED, Severity.CRITICAL, "error"),
        (TransitionKind.REOPENED, Severity.MEDIUM, "warning"),
        (TransitionKind.UPDATED, Severity.LOW, "info"),
        (TransitionKind.RESOLVED, Severity.CRITICAL, "info"),
        (TransitionKind.SUPPRESSED, Severity.CRITICAL, "info"),
    ],
)
async def test_bad_news_is_louder(kind: TransitionKind, severity: Severity, level: str) -> None:
    """Severity decides; good news is never an error."""
    assert (await logged(kind, severity))["log_level"] == level


async def test_long_lists_are_cut() -> None:
    """The option says where."""
    assert (await logged(TransitionKind.OPENED, paths=0))["paths"] == []
