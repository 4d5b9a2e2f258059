"""YAML is read as Kubernetes reads it, with lines, and without blowing up."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from auditor.errors import ManifestError
from auditor.renderers.yaml_documents import MAX_DEPTH, MAX_NODES, Document, read_yaml

VECTORS = [
    json.loads(line)
    for line in (Path(__file__).parent / "yaml_vectors.jsonl").read_text().splitlines()
]
"""Texts, and what ``YAMLToJSON`` of sigs.k8s.io/yaml v1.6.0 makes of them (https://sigs.k8s.io/yaml)."""


def read(text: str) -> Any:
    return next((document.value for document in read_yaml(text, "a.yaml")), None)


def documents(text: str) -> list[Document]:
    return list(read_yaml(text, "a.yaml"))


def as_apimachinery_reads(value: Any) -> Any:
    """JSON numbers are int64 where they fit, else float64."""
    match value:
        case dict():
            return {key: as_apimachinery_reads(item) for key, item in value.items()}
        case list():
            return [as_apimachinery_reads(item) for item in value]
        case int() if not -(2**63) <= value < 2**63:
            return float(value)
    return value


@pytest.mark.parametrize(
    "vector", [v for v in VECTORS if "json" in v], ids=lambda v: repr(v["yaml"])
)
def test_values_are_those_that_reach_the_api_server(vector: dict[str, str]) -> None:
    """Types included: 1 and 1.0 are not the same here."""
    expected = as_apimachinery_reads(json.loads(vector["json"]))

    assert json.dumps(read(vector["yaml"]), sort_keys=True) == json.dumps(expected, sort_keys=True)


@pytest.mark.parametrize(
    "vector", [v for v in VECTORS if "refused" in v], ids=lambda v: repr(v["yaml"])
)
def test_what_kubectl_refuses_is_refused(vector: dict[str, str]) -> None:
    """With the place in front."""
    with pytest.raises(ManifestError, match=r"^a\.yaml:\d+: "):
        read(vector["yaml"])


texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]))
numbers = st.integers(-(2**63), 2**63 - 1) | st.floats(-1e15, 1e15).filter(
    lambda number: not number.is_integer()
)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=20,
)


@given(json_values)
@example({"=": "=", "<<": "<<", "y": "n", "~": "null"})
def test_json_is_yaml(value: Any) -> None:
    """Quoted texts and keys are taken as they stand, and numbers, words and nesting mean the same."""
    assume("\ufeff" not in str(value))

    assert read(json.dumps(value, ensure_ascii=False)) == value


class TestKeys:
    @pytest.mark.parametrize(
        ("text", "line"),
        [
            ("a: 1\nb: 2\na: 3\n", 3),
            ("x:\n  - {a: 1, a: 1}\n", 2),
            ("1: x\n'1': y\n", 2),
            ("yes: x\n'true': y\n", 2),
            ("b: &b {a: 1}\nc: &c {a: 1}\nd:\n  <<: *b\n  x: 1\n  x: 2\n", 6),
        ],
    )
    def test_a_key_that_stands_twice_is_refused_with_its_line(self, text: str, line: int) -> None:
        """Kubectl takes one of them, and a reader sees the other."""
        with pytest.raises(
            ManifestError, match=rf"^a\.yaml:{line}: key .* stands twice"
        ) as refusal:
            documents(text)

        assert refusal.value.line == line

    def test_a_merged_key_may_be_written_over(self) -> None:
        """That is what merging is for."""
        assert read("b: &b {x: 1}\na: {<<: *b, x: 2}\n")["a"] == {"x": 2}

    def test_a_key_that_json_cannot_have_is_refused(self) -> None:
        """Also what is none but for a missing helm."""
        with pytest.raises(ManifestError, match="render it with helm"):
            documents("a: {{ .Values.x }}\n")


class TestLines:
    def test_a_document_begins_at_its_first_key(self) -> None:
        """Comments and separators are not the object."""
        text = "# licence\n---\n# a comment\na: 1\n---\n\nb: 2\n"

        assert [document.line for document in documents(text)] == [4, 7]

    def test_items_of_a_list_have_their_own_lines(self) -> None:
        """Also where they stand in one line."""
        (document,) = documents("kind: List\nitems:\n- a: 1\n\n- b: 2\n- {c: 3}\n")

        assert [document.line_of(item) for item in document.value["items"]] == [3, 5, 6]


class TestBounds:
    def test_a_bomb_of_aliases_is_refused(self) -> None:
        """Nine lines that would become a thousand million values."""
        names = "abcdefghi"
        lines = ['a: &a ["x", "x", "x", "x", "x", "x", "x", "x", "x"]']
        lines += [
            f"{name}: &{name} [{', '.join(['*' + before] * 9)}]" for before, name in pairwise(names)
        ]

        with pytest.raises(ManifestError, match="expands to more than 500,000 values"):
            documents("\n".join(lines))

    def test_a_bomb_of_merges_is_refused(self) -> None:
        """The same through merge keys."""
        lines = ["a0: &a0 {x: 1}"]
        lines += [f"a{n}: &a{n} {{p: *a{n - 1}, q: *a{n - 1}}}" for n in range(1, 40)]
        lines += ["z: {<<: *a39}"]

        with pytest.raises(ManifestError, match="expands to more than"):
            documents("\n".join(lines))

    @pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("{a: ", "}")])
    def test_depth_is_bounded(self, opening: str, closing: str) -> None:
        """In flow style a few kilobytes nest very deep."""
        deep = MAX_DEPTH + 1

        assert documents(opening * MAX_DEPTH + closing * MAX_DEPTH)
        with pytest.raises(ManifestError, match="nest deeper than 200 levels"):
            documents(opening * deep + closing * deep)

    def test_depth_in_blocks_is_bounded(self) -> None:
        """Indented lines nest as well."""
        with pytest.raises(ManifestError, match="nest deeper"):
            documents("\n".join(" " * n + "a:" for n in range(MAX_DEPTH + 2)))

    def test_a_file_is_counted_as_a_whole(self) -> None:
        """Many documents make many values too."""
        half = f"a: &a [{'1,' * 1000}]\nb: [{'*a,' * (MAX_NODES // 2000)}]\n"

        assert documents(half)
        with pytest.raises(ManifestError, match="expands to more than"):
            documents(f"{half}---\n{half}")

    def test_an_anchor_that_contains_itself_is_refused(self) -> None:
        """It has no end."""
        with pytest.raises(ManifestError, match=r"^a\.yaml:1: anchor &x contains itself"):
            documents("a: &x {b: *x}\n")


class TestMessages:
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("a:\n\tb: 1\n", "a.yaml:2: .*Indent with spaces, never tabs"),
            (
                "a: b: c\n",
                "a.yaml:1: mapping values are not allowed.*quote values that hold a colon",
            ),
            ("a: 1\n b: 2\n", "a.yaml:2: .*indentation"),
            ("a: 'x\n", "a.yaml:2: "),
            (
                "a: *nobody\n",
                r"a.yaml:1: alias \*nobody has no anchor before it: define &nobody first",
            ),
            ("a: \x00\n", "a.yaml:1: .*control characters.*This is no text file"),
            ("ok: 1\n---\na: !!int x\n", "a.yaml:3: a value is tagged !!int and is none"),
            ("a: .inf\n", "a.yaml:1: JSON has no infinity"),
        ],
    )
    def test_a_refusal_names_line_and_remedy(self, text: str, message: str) -> None:
        """One sentence what, one what to do."""
        with pytest.raises(ManifestError, match=f"^{message}"):
            documents(text)

    @pytest.mark.parametrize(
        "text", ["a: hunter2\n\tb: 1\n", "hunter2: 'x\n", "a: !!int hunter2\n"]
    )
    def test_a_refusal_shows_no_values(self, text: str) -> None:
        """The file may hold Secrets."""
        with pytest.raises(ManifestError) as refusal:
            documents(text)

        assert "hunter2" not in str(refusal.value)
