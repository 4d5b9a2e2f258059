"""Every dependency says why it is there."""

from __future__ import annotations

import re
import tomllib
from itertools import chain

from tests.ops.places import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
DOCUMENT = (ROOT / "docs" / "dependencies.md").read_text()


def names(requirements: list[str]) -> set[str]:
    """The packages that requirements name."""
    return {re.split(r"[<>=!~\[; ]", requirement, maxsplit=1)[0] for requirement in requirements}


def explained(heading: str, column: int = 0) -> set[str]:
    """The packages in the table under a heading."""
    section = DOCUMENT.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("|")]
    return set(chain.from_iterable(row[column].split(", ") for row in rows[2:]))


def test_every_package_at_run_time_is_explained() -> None:
    """Nothing is installed with the auditor that no line speaks for, and no line is a leftover."""
    assert explained("At run time") == names(PROJECT["project"]["dependencies"])


def test_every_extra_is_explained() -> None:
    """So is what is installed on request."""
    extras = PROJECT["project"]["optional-dependencies"].values()

    assert explained("On request", column=1) == names(list(chain.from_iterable(extras)))


def test_every_tool_is_explained() -> None:
    """And what only developers install."""
    assert explained("For development") == names(PROJECT["dependency-groups"]["dev"])
