"""Gives the tests the program that fills Go templates, built of the checkout as it is."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from auditor.renderers.applicationset.templates import GOTEMPLATE

_SOURCE = Path(__file__).resolve().parents[4] / "tools" / "gotemplate"


@pytest.fixture(scope="session")
def gotemplate_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the program, built once; skips where there is no Go."""
    if shutil.which("go") is None:
        reason = "no Go here, which builds the program for Go templates"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    folder = tmp_path_factory.mktemp("gotemplate")
    program = folder / GOTEMPLATE.name
    build = ("go", "build", "-C", str(_SOURCE), "-trimpath", "-o", str(program), ".")
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def gotemplate(gotemplate_program: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The program, where it is found before any other."""
    monkeypatch.setattr("sys.executable", str(gotemplate_program / "python"))
    return gotemplate_program / GOTEMPLATE.name
