"""How log lines look: for people on a terminal, JSON in a pipe.

Events are logged by the classes beside this module; lines of the libraries in use pass through the same
processors. Secrets never reach a log call; should one do so by mistake, what looks like one is blanked
here: a second line of defence, not the first. Tracebacks show no local variables, which may hold objects.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, TextIO

import structlog
from structlog.processors import JSONRenderer
from structlog.types import EventDict, Processor

_BLANK: Final = "<redacted>"
_SECRET_KEY: Final = re.compile(
    r"passw|passphrase|token|secret|credential|authori[sz]ation|cookie|private_?key|api_?key",
    re.IGNORECASE,
)
_SECRET_TEXT: Final = re.compile(
    r"(?P<kept>://[^/\s:@]*:)[^/\s@]+(?=@)"  # https://user:PASSWORD@host
    r"|(?P<scheme>\b(?:bearer|basic|token)\s+)[\w.~+/=-]{8,}",  # Authorization: Bearer …
    re.IGNORECASE,
)
_QUIET: Final = ("aiohttp.access", "asyncio", "aiokafka", "kubernetes_asyncio")
"""Libraries of which only warnings are of interest."""


class LogForm(StrEnum):
    """What a log line looks like."""

    CONSOLE = "console"
    JSON = "json"


def configure_logging(stream: TextIO, *, level: str = "info", form: LogForm | None = None) -> None:
    """Send every log line of the process to a stream; without a form, the stream's kind decides."""
    chosen = form or (LogForm.CONSOLE if stream.isatty() else LogForm.JSON)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_described(),
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_ending(chosen, stream),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_described(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def _described() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _ending(form: LogForm, stream: TextIO) -> list[Processor]:
    if form is LogForm.JSON:
        return [structlog.processors.format_exc_info, redact, JSONRenderer(default=str)]
    console = structlog.dev.ConsoleRenderer(colors=stream.isatty(), pad_event_to=24)
    return [structlog.processors.format_exc_info, redact, console]


def redact(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Blank what looks like a secret, by the name it goes under or by its form."""
    return {key: _redacted(str(key), value) for key, value in event.items()}


def _redacted(key: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return {inner: _redacted(str(inner), held) for inner, held in value.items()}
    if _names_a_secret(key) and value not in (None, True, False):
        return _BLANK
    if isinstance(value, str):
        return _SECRET_TEXT.sub(_blanked, value) if _may_hold_a_secret(value) else value
    if isinstance(value, list | tuple):
        return [_redacted(key, item) for item in value]
    return value


@lru_cache(maxsize=1024)
def _names_a_secret(key: str) -> bool:
    return _SECRET_KEY.search(key) is not None


def _may_hold_a_secret(text: str) -> bool:
    """Both forms of one have an address or a blank in them, and most texts have neither."""
    return "://" in text or len(text.split(None, 1)) > 1


def _blanked(match: re.Match[str]) -> str:
    return f"{match['kept'] or match['scheme']}{_BLANK}"
