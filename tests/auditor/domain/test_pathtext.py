"""Field paths survive being printed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.domain.fieldpath import FieldPath, Key, Member
from auditor.domain.pathtext import parse_path

SCALARS = st.one_of(st.text(max_size=8), st.integers(), st.booleans(), st.none())
NAMES = st.text(max_size=8)
SEGMENTS = st.one_of(
    NAMES,
    st.integers(min_value=0, max_value=10**6),
    st.builds(Key, st.lists(st.tuples(NAMES, SCALARS), max_size=3).map(tuple)),
    st.builds(Member, SCALARS),
)
PATHS = st.lists(SEGMENTS, max_size=6).map(lambda segments: FieldPath(tuple(segments)))


@given(PATHS)
def test_reading_is_the_inverse_of_printing(path: FieldPath) -> None:
    """Whatever path is printed, reading gives exactly that path back."""
    assert parse_path(str(path)) == path


@pytest.mark.parametrize(
    ("segments", "text"),
    [
        (("spec", "replicas"), "spec.replicas"),
        (
            ("spec", "containers", Key((("name", "web"),)), "image"),
            "spec.containers[name=web].image",
        ),
        (("metadata", "labels", "a.b/c"), 'metadata.labels["a.b/c"]'),
        (("ports", Key((("port", 80), ("protocol", "TCP")))), "ports[port=80,protocol=TCP]"),
        (("hosts", Key((("ip", "10.0.0.1"),))), "hosts[ip=10.0.0.1]"),
        (("args", 3), "args[3]"),
        (("finalizers", Member("example.com/x")), "finalizers[=example.com/x]"),
    ],
)
def test_paths_print_as_people_read_them(segments: tuple[object, ...], text: str) -> None:
    """Ordinary names and values stand without quotes."""
    assert str(FieldPath(segments)) == text  # type: ignore[arg-type]  # one table for all segments


def test_a_string_that_looks_like_a_number_is_quoted() -> None:
    """A container named ``80`` is not mistaken for port 80."""
    assert str(FieldPath((Key((("name", "80"),)),))) == '[name="80"]'


@pytest.mark.parametrize("text", ["spec[", "spec[name=", "..", "spec[=a", "a]"])
def test_what_is_no_path_is_refused(text: str) -> None:
    """A broken text is an error that shows the text."""
    with pytest.raises(ValueError, match="is not a field path from character"):
        parse_path(text)
