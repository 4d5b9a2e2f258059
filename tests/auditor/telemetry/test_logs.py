"""Log lines suit whoever reads them, and carry no secret."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from auditor.telemetry.logs import LogForm, configure_logging, redact

_PLANTED = "hunter2-planted"


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    """Logging is of the process: leave it as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def _lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_pipe_gets_json() -> None:
    """One object a line, with time, level, logger and event."""
    stream = io.StringIO()
    configure_logging(stream)

    structlog.get_logger("auditor.pipeline").info("finding_opened", check="K8S-002")

    (line,) = _lines(stream)
    assert line["event"] == "finding_opened"
    assert line["logger"] == "auditor.pipeline"
    assert line["level"] == "info"
    assert line["check"] == "K8S-002"
    assert str(line["timestamp"]).endswith("Z")


def test_a_terminal_gets_lines_for_people() -> None:
    """Unless JSON is asked for."""
    people, program = _Terminal(), _Terminal()
    configure_logging(people)
    structlog.get_logger().info("finding_opened")
    configure_logging(program, form=LogForm.JSON)
    structlog.get_logger().info("finding_opened")

    assert not people.getvalue().startswith("{")
    assert _lines(program)[0]["event"] == "finding_opened"


def test_what_is_below_the_level_is_left_out() -> None:
    """As asked for."""
    stream = io.StringIO()
    configure_logging(stream, level="warning")

    structlog.get_logger("auditor").info("kind_listed")
    structlog.get_logger("auditor").warning("watch_lost")

    assert [line["event"] for line in _lines(stream)] == ["watch_lost"]


def test_lines_of_libraries_have_the_same_form() -> None:
    """Their warnings; what else they tell is left out."""
    stream = io.StringIO()
    configure_logging(stream)

    logging.getLogger("aiokafka").info("noise")
    logging.getLogger("aiokafka.producer").warning("broker %s is away", "b1")

    (line,) = _lines(stream)
    assert line["event"] == "broker b1 is away"
    assert line["logger"] == "aiokafka.producer"


@pytest.mark.parametrize("form", list(LogForm))
def test_a_traceback_shows_no_local_variable(form: LogForm) -> None:
    """Locals hold objects, and objects hold secrets."""
    stream = io.StringIO()
    configure_logging(stream, form=form)

    def fail() -> None:
        body = _PLANTED[::1]
        raise ValueError(len(body))

    try:
        fail()
    except ValueError as error:
        structlog.get_logger().error("task_restarted", exc_info=error)

    assert "ValueError" in stream.getvalue()
    assert _PLANTED not in stream.getvalue()


@pytest.mark.parametrize(
    "event",
    [
        {"token": _PLANTED},
        {"ssh_passphrase": _PLANTED},
        {"headers": {"Authorization": _PLANTED}},
        {"api_key": [_PLANTED]},
        {"url": f"https://me:{_PLANTED}@git.example.com/x"},
        {"error": f"401 for Authorization: Bearer {_PLANTED}"},
        {"exception": f"fetch of ssh://git:{_PLANTED}@host failed"},
    ],
)
def test_what_looks_like_a_secret_is_blanked(event: dict[str, object]) -> None:
    """By its name or by its form, wherever it stands."""
    blanked = redact(None, "info", dict(event))

    assert _PLANTED not in str(blanked)
    assert "<redacted>" in str(blanked)


def test_what_is_no_secret_stays() -> None:
    """URLs, facts about secrets, and the event itself."""
    event = {
        "event": "hook_received",
        "url": "https://git.example.com/x",
        "secrets": True,
        "at": "me@example.com",
    }

    assert redact(None, "info", dict(event)) == event
