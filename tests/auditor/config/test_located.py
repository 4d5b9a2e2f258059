"""The reader of configuration files keeps lines and bounds."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.config.located import LARGEST, UnreadableDocument, read_document, read_documents


def test_every_value_knows_its_line() -> None:
    """Mappings, lists and flow style alike."""
    document = read_document("a: 1\nb:\n  - c: 2\n  - {d: 3,\n     e: 4}\n")

    assert document.value == {"a": 1, "b": [{"c": 2}, {"d": 3, "e": 4}]}
    assert document.lines[("a",)] == 1
    assert document.lines[("b", 0, "c")] == 3
    assert document.lines[("b", 1, "e")] == 5


def test_what_is_absent_is_told_at_what_surrounds_it() -> None:
    """A missing field has the line of the mapping that lacks it."""
    document = read_document("a:\n  b:\n    c: 1\n")

    assert document.line(("a", "b", "x", "y")) == 2


def test_documents_of_a_stream_keep_the_lines_of_the_stream() -> None:
    """Empty ones are left out."""
    documents = read_documents("a: 1\n---\n---\nb:\n  c: 2\n")

    assert [document.value for document in documents] == [{"a": 1}, {"b": {"c": 2}}]
    assert documents[1].line(("b", "c")) == 5


def test_a_stream_that_cannot_be_read_is_told_by_line() -> None:
    """As a single document is."""
    with pytest.raises(UnreadableDocument) as caught:
        read_documents("a: 1\n---\nb: [\n")

    assert caught.value.line == 4


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "written twice"),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", 3, "merge keys"),
        ("a:\n  ? [1]\n  : 2\n", 2, "a key must be text"),
        ("a: 1\n b: 2\n", 2, "mapping values"),
        ("a: 1\n---\nb: 2\n", 2, "another document"),
        ("a: !!python/object:os.system x\n", 1, "put it in quotes"),
        ("a: 2026-13-45\n", 1, "put it in quotes"),
        ("a: " + "[" * 40 + "]" * 40, 1, "nested deeper"),
        ("a: *nobody\n", 1, "undefined alias"),
        ("a: \x00\n", 1, "not YAML"),
        ("a: &a [*a]\n", 1, "too much"),
    ],
)
def test_what_cannot_be_read_names_its_line(text: str, line: int, message: str) -> None:
    """Each message says what is wrong, and where."""
    with pytest.raises(UnreadableDocument, match=message) as caught:
        read_document(text)

    assert caught.value.line == line


def test_aliases_are_followed() -> None:
    """Repeating a part by its anchor is allowed."""
    assert read_document("a: &x [1]\nb: *x\n").value == {"a": [1], "b": [1]}


def test_swollen_aliases_are_refused() -> None:
    """Nine lines cannot become a billion values."""
    lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]"]
    lines += [f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]

    with pytest.raises(UnreadableDocument, match="aliases"):
        read_document("\n".join(lines))


def test_a_large_file_is_refused() -> None:
    """A mistaken path to something big is an error, not a long wait."""
    with pytest.raises(UnreadableDocument, match="larger than"):
        read_document("#" * (LARGEST + 1))


def test_an_empty_document_is_nothing() -> None:
    """It is up to the reader of the value to miss what should be there."""
    assert read_document("# nothing\n").value is None


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text breaks the reader in any other way."""
    with contextlib.suppress(UnreadableDocument):
        read_document(text)
