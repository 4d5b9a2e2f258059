"""Where objects and their fields stand in a file."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from auditor.domain.fieldpath import FieldPath, Key, Member, Segment
from auditor.sources.git.extent import Span, field_spans, object_span

TEXT = """\
# A file with two objects.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  finalizers: [a, b]
spec:
  replicas: 2  # enough

  template:
    spec:
      containers:
        - name: web
          image: web:1
          ports:
            - containerPort: 80
        - name: side
          image: side:1
          args:
            - --quiet
            - --fast
# about the next one
---
apiVersion: v1
kind: ConfigMap
data:
  text: |
    one
    two
  more: x
"""
IMAGE = ("spec", "template", "spec", "containers")


@pytest.mark.parametrize(("line", "span"), [(2, Span(2, 21)), (24, Span(24, 30))])
def test_an_object_ends_with_its_last_value(line: int, span: Span) -> None:
    """Comments about the next one are not its own."""
    assert object_span(TEXT, line) == span


@pytest.mark.parametrize(
    ("line", "segments", "span"),
    [
        (2, ("spec", "replicas"), Span(8, 8)),
        (2, ("metadata",), Span(4, 6)),
        (2, ("metadata", "finalizers", Member("b")), Span(6, 6)),
        (2, (*IMAGE, Key((("name", "web"),)), "image"), Span(14, 14)),
        (2, (*IMAGE, Key((("name", "side"),))), Span(17, 21)),
        (2, (*IMAGE, 1, "args", 0), Span(20, 20)),
        (
            2,
            (*IMAGE, 0, "ports", Key((("containerPort", 80), ("protocol", "TCP")))),
            Span(16, 16),
        ),
        (24, ("data", "text"), Span(27, 29)),
        (24, ("data", "more"), Span(30, 30)),
    ],
)
def test_a_field_begins_with_its_name(line: int, segments: tuple[Segment, ...], span: Span) -> None:
    """List items are found by key, which may leave out what has a default, by value or by place."""
    assert field_spans(TEXT, line, [FieldPath(segments)]) == (span,)


@pytest.mark.parametrize(
    "segments",
    [
        (),
        ("spec", "paused"),
        ("spec", "replicas", "deeper"),
        (*IMAGE, Key((("name", "other"),))),
        (*IMAGE, 7),
        ("metadata", "finalizers", Member("c")),
    ],
)
def test_what_is_not_written_out_has_no_lines(segments: tuple[Segment, ...]) -> None:
    """It was filled in, or comes from elsewhere."""
    assert field_spans(TEXT, 2, [FieldPath(segments)]) == ()


def test_items_of_a_list_are_objects() -> None:
    """As kubectl takes them apart."""
    text = "kind: List\nitems:\n- kind: A\n  spec:\n    x: 1\n- kind: B\n  spec:\n    x: 2\n"

    assert [object_span(text, line) for line in (3, 6)] == [Span(3, 5), Span(6, 8)]
    assert field_spans(text, 6, [FieldPath(("spec", "x"))]) == (Span(8, 8),)


def test_json_is_read_as_well() -> None:
    """It is YAML, too."""
    text = '{\n  "kind": "A",\n  "spec": {\n    "x": [\n      1\n    ]\n  }\n}\n'

    assert object_span(text, 1) == Span(1, 8)
    assert field_spans(text, 1, [FieldPath(("spec", "x"))]) == (Span(4, 6),)


@pytest.mark.parametrize(
    "broken", ["kind: {{ .Values.kind }}\n  x: 1", "a: *nowhere", "a: " + "[" * 3000]
)
def test_a_text_that_cannot_be_read_is_taken_by_documents(broken: str) -> None:
    """Templates, for one."""
    text = f"kind: A\n---\n{broken}\n--- # next\nkind: B\n"
    last = 2 + len(broken.splitlines())

    assert object_span(text, 3) == Span(3, last)
    assert field_spans(text, 3, [FieldPath(("x",))]) == ()


def test_a_very_long_document_is_taken_as_a_whole() -> None:
    """Reading it would take longer than the answer is worth."""
    text = "kind: A\ndata:\n" + "".join(f"  key-{n}: {'x' * 90}\n" for n in range(3000))

    assert object_span(text, 1) == Span(1, 3002)
    assert field_spans(text, 1, [FieldPath(("data", "key-7"))]) == ()


def test_aliases_cost_nothing() -> None:
    """However often they multiply what they stand for."""
    levels = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))

    assert object_span(f"a0: &a0 x\n{levels}", 1).first == 1


@given(
    bodies=st.lists(
        st.dictionaries(
            st.sampled_from("abc"),
            st.recursive(
                st.text("xy\n ", max_size=8) | st.integers(),
                lambda inner: (
                    st.lists(inner, max_size=3)
                    | st.dictionaries(st.sampled_from("de"), inner, max_size=2)
                ),
            ),
            min_size=1,
        ),
        min_size=1,
        max_size=4,
    )
)
def test_the_lines_of_a_field_hold_its_value(bodies: list[dict[str, object]]) -> None:
    """Read by themselves they say the same."""
    text, line = "", 1
    for body in bodies:
        written = yaml.safe_dump(body)
        whole = text + written + "---\nlast: 1\n"
        for name, value in body.items():
            (span,) = field_spans(whole, line, [FieldPath((name,))])
            lines = whole.split("\n")[span.first - 1 : span.last]
            assert yaml.safe_load("\n".join(lines) + "\n") == {name: value}
        text += written + "---\n"
        line = text.count("\n") + 1
