"""The golden cases: look-alikes side by side, each with exactly what must be said of it.

They are judged by the runner that users have as ``auditor test``, with all installed comparators.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.app.graph import load_comparison
from auditor.golden.reading import GoldenCase, read_cases
from auditor.golden.running import run_case
from tests.doubles import START

CORPUS = Path(__file__).parent / "corpus"
_COMPARE = load_comparison()


@pytest.mark.parametrize(
    "golden",
    [pytest.param(one, id=f"{one.place.file.stem}: {one.name}") for one in read_cases([CORPUS])],
)
def test_exactly_what_is_wrong_is_said(golden: GoldenCase) -> None:
    """Nothing is missed, nothing is said besides, and no secret is told."""
    result = run_case(golden, _COMPARE, at=START)

    assert (result.missed, result.surplus, result.shown) == ((), (), ())
