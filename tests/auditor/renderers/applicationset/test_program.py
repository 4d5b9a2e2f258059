"""The program that fills Go templates keeps the tests that it has in its own language."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from auditor.renderers.applicationset.templates import GOTEMPLATE
from auditor.renderers.programs import ProgramRunner

SOURCE = Path(__file__).resolve().parents[4] / "tools" / "gotemplate"


@pytest.mark.parametrize("verb", ["vet", "test"])
def test_the_program_is_sound(verb: str, gotemplate_program: Path) -> None:
    """As Go's own tools see it."""
    done = subprocess.run(
        ("go", verb, "./..."), cwd=SOURCE, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr


async def test_the_program_says_its_version(gotemplate: Path) -> None:
    """Which decides what is rendered again."""
    assert (await ProgramRunner().version(GOTEMPLATE)).startswith("v")
    assert GOTEMPLATE.locate().parent.samefile(gotemplate.parent)


def test_the_program_refuses_nonsense(gotemplate: Path) -> None:
    """With one line on what is wrong, and nothing else."""
    done = subprocess.run(
        (gotemplate,), input="nonsense", capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("a job cannot be read")
