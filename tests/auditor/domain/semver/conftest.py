"""Builds the program that says how versions and ranges are read."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

Ask = Callable[[Iterable[Mapping[str, Any]]], list[dict[str, Any]]]
"""Asks about ranges and versions; the answers in the order of the questions."""


@pytest.fixture(scope="session")
def masterminds(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """The library itself; skips where there is no Go."""
    if shutil.which("go") is None:
        reason = "no Go here, in which the library is written"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    program = tmp_path_factory.mktemp("semver") / "semver"
    build = ("go", "build", "-C", str(Path(__file__).parent), "-o", str(program), ".")
    built = subprocess.run(build, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr

    def ask(questions: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        lines = "".join(json.dumps(question) + "\n" for question in questions)
        done = subprocess.run(
            (str(program),), input=lines, capture_output=True, text=True, check=True
        )
        return [json.loads(line) for line in done.stdout.split("\n") if line]

    return ask
