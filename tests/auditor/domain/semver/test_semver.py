"""Versions and ranges mean what they mean to Argo CD and Flux."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.domain.semver import LONGEST_RANGE, parse_range, parse_strict, parse_version
from tests.auditor.domain.semver.conftest import Ask

VECTORS = [
    json.loads(line) for line in (Path(__file__).parent / "vectors.jsonl").read_text().splitlines()
]
"""What github.com/Masterminds/semver v3.5.0 says, as ``main.go`` beside this prints it."""

numbers = st.sampled_from(["0", "1", "2", "3", "10", "01", "x", "X", "*", "18446744073709551616"])
marks = st.sampled_from(
    ["", "", "", "-0", "-1", "-alpha", "-alpha.1", "-rc.10", "-01", "+b", "-a+b"]
)
starts = st.sampled_from(["", "", "", "v"])
bounds = st.builds(
    lambda start, parts, mark: start + ".".join(parts) + mark,
    starts,
    st.lists(numbers, min_size=1, max_size=3),
    marks,
)
operators = st.sampled_from(
    ["", "", "=", "!=", ">", "<", ">=", "=>", "<=", "=<", "~", "~>", "^", "^ ", "== "]
)
conditions = st.builds(str.__add__, operators, bounds)
gaps = st.sampled_from([" ", ", ", ",", "  ", " - ", " || ", "||", " | ", "\t", "\n", "\v", ",,"])
ranges = st.builds(
    lambda first, rest, end: first + "".join(gap + one for gap, one in rest) + end,
    conditions,
    st.lists(st.tuples(gaps, conditions), max_size=4),
    st.sampled_from(["", "", "", " ", ",", "||", "."]),
) | st.text("0123456789.xX*vV-+ab ~^<>=!|, \u0663", max_size=20)
versions = bounds | st.text("0123456789.v-+ab\u0663", max_size=12)


def answered(wanted: str, tags: list[str]) -> dict[str, Any]:
    """The same answer, of this side."""
    meant = parse_range(wanted)
    read = {tag: found for tag in tags if (found := parse_version(tag))}
    allowed = [tag for tag in tags if tag in read and meant and meant.allows(read[tag])]
    best = max((read[tag].precedence for tag in allowed), default=None)
    return {
        "range": wanted,
        "versions": tags,
        "isRange": meant is not None,
        "read": [tag for tag in tags if tag in read],
        "strict": [tag for tag in tags if parse_strict(tag)],
        "allowed": allowed,
        "highest": next((tag for tag in allowed if read[tag].precedence == best), ""),
    }


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: repr(vector["range"]))
def test_ranges_allow_what_the_library_allows(vector: dict[str, Any]) -> None:
    """And of these the same version is the highest."""
    assert answered(vector["range"], vector["versions"]) == vector


def test_the_library_still_says_so(masterminds: Ask) -> None:
    """The vectors are its own words."""
    assert masterminds(VECTORS) == VECTORS


@settings(max_examples=30)
@given(st.lists(st.tuples(ranges, st.lists(versions, max_size=8)), min_size=50, max_size=50))
def test_whatever_is_written_is_read_as_the_library_reads_it(
    masterminds: Ask, asked: list[tuple[str, list[str]]]
) -> None:
    """Nonsense included."""
    questions = [{"range": wanted, "versions": tags} for wanted, tags in asked]

    assert [answered(wanted, tags) for wanted, tags in asked] == masterminds(questions)


@pytest.mark.parametrize(
    "text",
    [
        "1  " * 170 + "!",
        "1 ," * 170 + "!",
        " " * (LONGEST_RANGE - 1) + "!",
        "1-" + "a-" * 250 + "!",
        "1.1.1 - " * 64,
        "|" * LONGEST_RANGE,
        "x" * 10**6,
        "~" * 10**6,
    ],
    ids=len,
)
def test_no_range_takes_long(text: str) -> None:
    """Whoever writes one may mean harm: this ends within the time that a test has."""
    assert parse_range.__wrapped__(text) is None
