"""Nodes are those of PyYAML, of what does not nest too deep."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from auditor.config.nodes import DEEPEST, compose_all

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=30,
)


@given(documents=st.lists(VALUES, max_size=3), flow=st.booleans())
def test_nodes_are_those_of_the_library(documents: list[Any], *, flow: bool) -> None:
    """With their places, in either style."""
    text = yaml.safe_dump_all(documents, default_flow_style=flow)

    ours, theirs = (
        yaml.serialize_all(made) for made in (compose_all(text), yaml.compose_all(text))
    )

    assert ours == theirs


@pytest.mark.parametrize(
    "deep",
    [
        lambda n: "[" * n + "]" * n,
        lambda n: "[" * n,
        lambda n: "{a: " * n + "}" * n,
        lambda n: "- " * n + "x",
        lambda n: "".join(f"{' ' * level}a:\n" for level in range(n)),
        lambda n: "x: 1\n---\n" + "".join(f"{' ' * level}- a:\n" for level in range(0, n, 2)),
        lambda n: "? " * n + "x",
    ],
)
def test_what_nests_too_deep_is_refused(deep: Any) -> None:
    """Libyaml would take the process down with it."""
    with pytest.raises(yaml.YAMLError):
        list(compose_all(deep(20_000 if "level" not in deep.__code__.co_varnames else 4_000)))


def test_what_nests_as_deep_as_may_be_is_read() -> None:
    assert len(list(compose_all("[" * DEEPEST + "]" * DEEPEST))) == 1
    with pytest.raises(yaml.YAMLError, match="deeper than 100"):
        list(compose_all("[" * (DEEPEST + 1) + "]" * (DEEPEST + 1)))
