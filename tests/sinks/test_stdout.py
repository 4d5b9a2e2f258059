"""NDJSON on standard output."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydantic import ValidationError

from auditor.config.problems import problems_of
from auditor.errors import SinkUnavailable
from auditor.ports.delivery import Resume, Sink
from sinks.stdout import StdoutOptions, StdoutSink
from tests.contracts.sink_contract import SinkContract, announcements, context


def sink() -> StdoutSink:
    return StdoutSink(StdoutOptions(), context())


class TestStdout(SinkContract):
    """The contract."""

    @pytest.fixture(autouse=True)
    def _capture(self, capfd: pytest.CaptureFixture[str]) -> None:
        self.capfd = capfd

    def make(self) -> Sink:
        return sink()

    async def arrived(self) -> int:
        return len(self.capfd.readouterr().out.splitlines())


@contextmanager
def stdout_to(descriptor: int) -> Iterator[None]:
    """Let file descriptor 1 be another one, as a shell's pipe does."""
    sys.stdout.flush()
    saved = os.dup(1)
    os.dup2(descriptor, 1)
    try:
        yield
    finally:
        os.dup2(saved, 1)
        os.close(saved)


async def test_a_line_is_a_cloud_event(capfd: pytest.CaptureFixture[str]) -> None:
    """The same that the log topic carries, so one format is learnt once."""
    batch = announcements(2)

    await sink().publish(batch)

    events = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [event["id"] for event in events] == [each.transition.id for each in batch]
    assert events[0]["data"]["object"]["name"] == "web-1"


async def test_a_file_takes_it_all(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """``auditor run > findings.ndjson``."""
    with capfd.disabled(), (tmp_path / "out").open("wb") as file, stdout_to(file.fileno()):
        await sink().publish(announcements(100))

    assert len((tmp_path / "out").read_text().splitlines()) == 100


async def test_a_slow_reader_holds_up_nothing_else(capfd: pytest.CaptureFixture[str]) -> None:
    """A full pipe is waited for in the event loop, and every byte arrives in the end."""
    read, write = os.pipe()
    with capfd.disabled(), stdout_to(write):
        async with asyncio.TaskGroup() as group:
            publishing = group.create_task(sink().publish(announcements(200)))
            await asyncio.sleep(0.05)
            assert not publishing.done()
            content = b""
            while content.count(b"\n") < 200:
                content += await asyncio.to_thread(os.read, read, 65536)
    os.close(read)
    os.close(write)

    assert all(json.loads(line) for line in content.splitlines())


async def test_a_reader_that_left_is_an_outage(capfd: pytest.CaptureFixture[str]) -> None:
    """``auditor run | head -1``."""
    read, write = os.pipe()
    os.close(read)
    gone = pytest.raises(SinkUnavailable, match="sink findings: standard output is gone")
    with capfd.disabled(), stdout_to(write), gone:
        await sink().publish(announcements(1))
    os.close(write)


async def test_there_is_nothing_to_choose() -> None:
    """A mistaken option is named."""
    with pytest.raises(ValidationError, match="colour") as caught:
        StdoutOptions.model_validate({"colour": "red"})
    assert problems_of(caught.value, StdoutOptions, {"colour": "red"}, under=("options",))
    assert await sink().open(Resume(position="x")) == frozenset()
