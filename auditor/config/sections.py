"""The form of every part of the configuration, and the field types that several parts use.

A section is frozen, knows each of its fields and describes it, so that the JSON Schema printed by
``auditor schema config`` is the reference documentation. Field names are camelCase in the document.
Options of plugins are sections too. This module refuses to know any particular section.
"""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel


class Section(BaseModel):
    """A part of the configuration; parent of every plugin's ``Options`` as well."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
        validate_default=True,
    )


# --- durations -------------------------------------------------------------------------------------

_UNITS: Final = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION: Final = r"^([0-9]+(\.[0-9]+)?(ms|s|m|h|d))+$"
_PART: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)")


def parse_duration(text: object) -> timedelta:
    """Read ``30s``, ``10m``, ``1h30m``, ``7d`` or ``250ms``.

    Raises:
        ValueError: it has no unit, or is not a duration at all.

    """
    if isinstance(text, timedelta):
        return text
    if not isinstance(text, str) or not re.match(_DURATION, text):
        raise ValueError("not a duration; write a number and a unit, as in 30s, 10m or 1h30m")
    seconds = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    return timedelta(seconds=seconds)


def format_duration(duration: timedelta) -> str:
    """Write a duration as `parse_duration` reads it."""
    rest = round(duration.total_seconds() * 1000)
    text = ""
    for unit in ("d", "h", "m", "s", "ms"):
        count, rest = divmod(rest, round(_UNITS[unit] * 1000))
        text += f"{count}{unit}" if count else ""
    return text or "0s"


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"type": "string", "pattern": _DURATION, "examples": ["30s", "10m", "1h30m"]}),
]
"""A span of time, written with its unit."""


# --- paths -----------------------------------------------------------------------------------------


def anchor(path: Path, info: ValidationInfo) -> Path:
    """Take a relative path from the folder of the configuration file, and ``~`` from the home folder."""
    folder = (info.context or {}).get("folder", Path())
    return Path(folder, path.expanduser())


LocalPath = Annotated[Path, AfterValidator(anchor)]
"""A file or folder; relative ones start at the configuration file."""


# --- words -----------------------------------------------------------------------------------------

Name = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$", max_length=63)
]
"""What something is called in findings, metrics and logs: lower case, digits, dots, dashes."""


def _closed_brackets(pattern: str) -> str:
    if pattern.count("[") != pattern.count("]"):
        raise ValueError(
            "not a pattern: a bracket is not closed; write [[] for the character itself"
        )
    return pattern


Glob = Annotated[str, AfterValidator(_closed_brackets)]
"""A shell pattern (``*``, ``?``, ``[abc]``) over a whole name."""


def one_or_many(value: Any) -> Any:
    """Let a single value stand for a list of one."""
    return [value] if isinstance(value, str) else value
