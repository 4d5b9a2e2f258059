"""Durations, paths, names and patterns are read strictly."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from auditor.config.sections import Duration, Glob, LocalPath, Name, format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("10m", 600), ("1h30m", 5400), ("7d", 604800), ("250ms", 0.25), ("1.5h", 5400)],
)
def test_durations_carry_their_unit(text: str, seconds: float) -> None:
    """All units, alone and together."""
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("wrong", ["", "30", "30 s", "s", "-1s", "1w", 30, None, "1h-2m"])
def test_a_duration_without_unit_is_refused(wrong: object) -> None:
    """A bare number could be seconds or minutes; the message shows how to write it."""
    with pytest.raises(ValueError, match="10m"):
        parse_duration(wrong)


@given(st.integers(min_value=0, max_value=10**10))
def test_durations_are_written_as_they_are_read(milliseconds: int) -> None:
    """Formatting and parsing are inverse."""
    duration = timedelta(milliseconds=milliseconds)

    assert parse_duration(format_duration(duration)) == duration


def test_a_duration_is_printed_with_its_unit() -> None:
    """Documents made from a configuration read like one."""
    assert TypeAdapter(Duration).dump_python(timedelta(minutes=90)) == "1h30m"


@pytest.mark.parametrize(
    ("written", "read"),
    [("key", "/etc/auditor/key"), ("/run/key", "/run/key"), ("../x", "/etc/auditor/../x")],
)
def test_relative_paths_start_at_the_configuration(written: str, read: str) -> None:
    """Where the auditor is started from makes no difference."""
    adapter = TypeAdapter(LocalPath)

    assert adapter.validate_python(written, context={"folder": Path("/etc/auditor")}) == Path(read)


def test_a_tilde_is_the_home_folder() -> None:
    """As in a shell."""
    assert TypeAdapter(LocalPath).validate_python("~/x") == Path.home() / "x"


@pytest.mark.parametrize("wrong", ["", "Prod", "a b", "-a", "a-", "a/b", "x" * 64])
def test_names_are_fit_for_labels(wrong: str) -> None:
    """They become metric labels and parts of keys."""
    with pytest.raises(ValidationError):
        TypeAdapter(Name).validate_python(wrong)


def test_a_pattern_with_an_open_bracket_is_refused() -> None:
    """It would silently match the bracket itself."""
    with pytest.raises(ValidationError, match="bracket is not closed"):
        TypeAdapter(Glob).validate_python("web-[ab")
