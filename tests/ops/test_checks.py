"""What people read of the checks is what the checks are."""

from __future__ import annotations

import re

from auditor.domain.checks import ALL
from tests.ops.places import ROOT

LINE = re.compile(r"^\| `([A-Z0-9]+-\d{3})` \| (\w+) \|", re.MULTILINE)


def test_every_check_is_described_with_its_severity() -> None:
    """No check without a line, and no line without a check."""
    described = LINE.findall((ROOT / "docs" / "checks.md").read_text())

    assert sorted(described) == sorted((check.id, str(check.severity)) for check in ALL)


def test_ids_and_titles_are_unique() -> None:
    """An id is never reused for another meaning."""
    assert len({check.id for check in ALL}) == len({check.title for check in ALL}) == len(ALL)
