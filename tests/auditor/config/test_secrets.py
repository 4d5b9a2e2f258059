"""Secrets are named by reference, looked up late, and never shown."""

from __future__ import annotations

import os
import traceback
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from auditor.config.repositories import Credentials
from auditor.config.secrets import Reference, SecretRef, SecretRefs, resolve_all
from auditor.errors import ConfigError

_PLANTED = "hunter2-planted"


def test_an_environment_variable_is_looked_up_at_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was set after the configuration was read counts."""
    reference = Reference("env", "PLANTED_TOKEN")
    monkeypatch.setenv("PLANTED_TOKEN", _PLANTED)

    assert reference.resolve() == _PLANTED


def test_a_rotated_file_is_picked_up(tmp_path: Path) -> None:
    """Each use reads the file, without the newline that editors leave."""
    file = tmp_path / "token"
    reference = Reference("file", str(file))
    file.write_text("old\n")
    before = reference.resolve()
    file.write_text("new\n")

    assert (before, reference.resolve()) == ("old", "new")


def test_a_relative_file_starts_at_the_configuration(tmp_path: Path) -> None:
    """As every other path does."""
    reference = TypeAdapter(SecretRef).validate_python("file:token", context={"folder": tmp_path})

    assert str(reference) == f"file:{tmp_path}/token"


@pytest.mark.parametrize("wrong", [_PLANTED, f"token:{_PLANTED}", "env:", "file:", 7])
def test_an_inline_secret_is_refused_and_not_repeated(wrong: object) -> None:
    """The message tells the form, and not what was written."""
    with pytest.raises(ValidationError, match="env:NAME") as caught:
        Credentials.model_validate({"tokenFrom": wrong})

    assert _PLANTED not in str(caught.value)


def test_a_variable_that_is_not_set_is_named() -> None:
    """The message says which."""
    with pytest.raises(ConfigError, match="env:NOT_SET_AT_ALL is empty or not set"):
        Reference("env", "NOT_SET_AT_ALL").resolve()


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "No such file"), (b"", "empty"), (b"\xff\xfe", "not UTF-8"), (b"x" * 70_000, "larger")],
)
def test_an_unfit_file_is_named(tmp_path: Path, content: bytes | None, message: str) -> None:
    """Absent, empty, binary or huge: the message says which file and why."""
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(ConfigError, match=message) as caught:
        Reference("file", str(file)).resolve()

    assert str(file) in str(caught.value)


def test_undecodable_bytes_are_in_no_traceback(tmp_path: Path) -> None:
    """The decoder's own error would carry the whole content."""
    file = tmp_path / "token"
    file.write_bytes(_PLANTED.encode() + b"\xff")

    with pytest.raises(ConfigError) as caught:
        Reference("file", str(file)).resolve()

    assert _PLANTED not in "".join(traceback.format_exception(caught.value))


def test_two_secrets_are_good_while_one_is_rotated(monkeypatch: pytest.MonkeyPatch) -> None:
    """One reference or a list of them."""
    monkeypatch.setenv("OLD", "a")
    monkeypatch.setenv("NEW", "b")
    adapter = TypeAdapter(SecretRefs)

    assert resolve_all(adapter.validate_python("env:OLD")) == ("a",)
    assert resolve_all(adapter.validate_python(["env:OLD", "env:NEW"])) == ("a", "b")


def test_what_stands_in_the_way_is_told_without_reading(tmp_path: Path) -> None:
    """Checking a configuration reads no secret."""
    file = tmp_path / "token"
    file.write_text(_PLANTED)

    assert Reference("file", str(file)).problem() is None
    assert Reference("file", str(file) + "x").problem() == f"the file {file}x cannot be read"
    assert "NOT_SET" in str(Reference("env", "NOT_SET").problem())
    assert "PATH" in os.environ
    assert Reference("env", "PATH").problem() is None
