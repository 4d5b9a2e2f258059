"""Texts are taken apart by what frames their parts."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from auditor.sources.git.tracing.wanted import made_of

TEXTS = st.text("ab:", max_size=8)


@given(st.lists(TEXTS, min_size=2, max_size=4), st.lists(TEXTS, min_size=3, max_size=3))
def test_parts_are_those_of_a_pattern(literals: list[str], values: list[str]) -> None:
    """As short as they can be: what a regular expression would take for ever to find."""
    pattern = "(.*?)".join(map(re.escape, literals))
    texts = [
        "".join(literals),
        "".join(x + y for x, y in zip(literals, [*values, ""], strict=False)),
    ]

    for text in texts:
        found = re.fullmatch(pattern, text)
        assert made_of(text, literals) == (found.groups() if found else ())


def test_one_literal_frames_nothing() -> None:
    assert made_of("", ["", ""]) == ("",)
    assert made_of("a", ["a"]) == ()
    assert made_of("b", ["a", ""]) == ()
