"""``auditor test`` ends as ``diff`` does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditor.cli.frame import run
from tests.auditor.golden.files import SINGLE, SITUATION

Captured = pytest.CaptureFixture[str]


def test_all_as_expected_is_calm(tmp_path: Path, capsys: Captured) -> None:
    """One line for each case."""
    (tmp_path / "a.yaml").write_text(SITUATION)
    (tmp_path / "b.yaml").write_text(SINGLE)

    assert run(["test", str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "ok    Replicas: as declared",
        "ok    Replicas: scaled by hand",
        "ok    An empty map",
        "3 cases: all as expected",
    ]


def test_something_else_is_a_failure(tmp_path: Path, capsys: Captured) -> None:
    """Told to programs as well."""
    (tmp_path / "a.yaml").write_text(SITUATION.replace("replicas: 5", "replicas: 2"))

    assert run(["test", str(tmp_path), "-o", "json"]) == 1
    assert json.loads(capsys.readouterr().out)["passed"] is False


def test_a_file_without_cases_is_trouble(tmp_path: Path, capsys: Captured) -> None:
    """Named with the place."""
    (tmp_path / "a.yaml").write_text("name: [\n")

    assert run(["test", str(tmp_path)]) == 2
    assert f"{tmp_path}/a.yaml:2:" in capsys.readouterr().err
