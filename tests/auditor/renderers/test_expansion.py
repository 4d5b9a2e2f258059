"""Expressions expand to what Flux's own library makes of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.renderers.expansion import MAX_DEPTH, ExpansionError, expand
from tests.auditor.renderers.vectors import read_vectors

HEAD, *VECTORS = read_vectors("expansion_vectors.jsonl")
"""What ``Eval`` of github.com/fluxcd/pkg/envsubst v1.8.0 makes of templates, with some variables."""

VARIABLES: dict[str, str] = HEAD["variables"]
texts = st.text(max_size=30)
names = st.from_regex(r"[a-z_][a-z0-9_]{0,5}", fullmatch=True)


def expanded(text: str, **variables: str) -> str:
    return expand(text, lambda name, _: variables.get(name, ""))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: repr(vector["text"]))
def test_expands_as_flux_does(vector: dict[str, Any]) -> None:
    """The same text, or a refusal where Flux refuses."""
    if "result" in vector:
        assert expanded(vector["text"], **VARIABLES) == vector["result"]
    else:
        with pytest.raises(ExpansionError):
            expanded(vector["text"], **VARIABLES)


@given(texts)
def test_a_text_without_dollars_is_itself(text: str) -> None:
    """Braces, backslashes and colons mean nothing by themselves."""
    plain = text.replace("$", "")

    assert expanded(plain) == plain


@given(texts)
def test_a_doubled_dollar_is_a_dollar(text: str) -> None:
    """Whatever is escaped comes out as it was."""
    assert expanded(text.replace("$", "$$")) == text


@given(texts, names, texts)
def test_a_value_is_never_expanded_again(prefix: str, name: str, value: str) -> None:
    """A value that looks like an expression is text."""
    template = f"{prefix.replace('$', '$$')}${{{name}}}"

    assert expanded(template, **{name: value}) == prefix + value


@given(texts, texts, names, texts)
def test_expansions_of_parts_add_up(one: str, other: str, name: str, value: str) -> None:
    """A template is its parts in a row, where no part ends inside an expression."""
    parts = [one.replace("$", "$$"), f"${{{name}}}", other.replace("$", "$$")]

    whole = expanded("".join(parts), **{name: value})

    assert whole == "".join(expanded(part, **{name: value}) for part in parts)


OPERATIONS = ["", ":=x", ":-x", ":1", ":0:2", "/s/t", "//e/", "/#s/", "#s", "##*", "%?", ",,", "^^"]


@given(st.sampled_from(OPERATIONS), texts)
def test_nothing_is_made_of_what_nobody_knows(operation: str, around: str) -> None:
    """Neither its length nor a piece of it: only that it is there."""
    around = around.replace("$", "")

    result = expand(f"{around}${{x{operation}}}", lambda *_: "<secret>", opaque="<secret>")

    assert result == f"{around}<secret>"


def test_what_nobody_knows_may_stand_in_a_default() -> None:
    """It is taken where the variable is not set, and left where it is."""

    def value_of(name: str, _: bool) -> str:  # noqa: FBT001 - the form of a lookup
        return {"set": "here", "secret": "<secret>"}.get(name, "")

    texts = ("${set:=${secret}}", "${unset:=a${secret}}", "${set//${secret}/x}")

    found = [expand(text, value_of, opaque="<secret>") for text in texts]

    assert found == ["here", "a<secret>", "<secret>"]


def test_tells_the_lookup_whether_absence_has_a_word() -> None:
    """A default is a word for it, a length is none."""
    asked: list[tuple[str, bool]] = []

    def value_of(name: str, is_tolerant: bool) -> str:  # noqa: FBT001 - the form of a lookup
        asked.append((name, is_tolerant))
        return ""

    expand("${a} ${b:=1} ${#c} ${d:-${e}}", value_of)

    assert asked == [("a", False), ("b", True), ("c", False), ("e", False), ("d", True)]


def test_depth_is_bounded() -> None:
    """Expressions in expressions end somewhere."""
    deep = "${a:=" * (MAX_DEPTH + 1) + "}" * (MAX_DEPTH + 1)

    with pytest.raises(ExpansionError, match="deep"):
        expanded(deep)


def test_size_is_bounded() -> None:
    """A small template and a large value make no unbounded text."""
    with pytest.raises(ExpansionError, match="expands to more than"):
        expanded("${a}" * 100, a="x" * 2**20)


def test_a_refusal_quotes_nothing() -> None:
    """The text may be part of a secret."""
    with pytest.raises(ExpansionError) as caught:
        expanded("hunter2 ${hunter2.")

    assert "hunter2" not in str(caught.value)
