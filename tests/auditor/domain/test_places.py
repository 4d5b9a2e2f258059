"""Places are followed as the tools that write them mean them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.domain.places import parse_expression, parse_jq, parse_pointer

BODY: dict[str, Any] = {
    "metadata": {"annotations": {"a/b": "1", "x": "2"}},
    "spec": {
        "replicas": 2,
        "containers": [
            {"name": "web", "image": "web:1", "ports": [{"containerPort": 80}]},
            {"name": "proxy", "image": "proxy:1", "privileged": True},
        ],
    },
}


@pytest.mark.parametrize(
    ("written", "pointer", "covered"),
    [
        ("/spec/replicas", "/spec/replicas", True),
        ("/spec/replica", "/spec/replicas", False),
        ("/spec", "/spec/containers/0/image", True),
        ("/spec/containers/0/image", "/spec/containers/0/image", True),
        ("/spec/containers/0/image", "/spec/containers/1/image", False),
        ("/spec/containers/0/image", "/spec/containers/0", False),
        ("/metadata/annotations/a~1b", "/metadata/annotations/a~1b", True),
        ("/metadata/annotations/a", "/metadata/annotations/a~1b", False),
        ("", "/spec/replicas", True),
    ],
)
def test_a_pointer_covers_itself_and_what_is_below(
    written: str, pointer: str, *, covered: bool
) -> None:
    """Step by step, not letter by letter."""
    assert parse_pointer(written).cover(pointer, BODY) is covered


@pytest.mark.parametrize(
    ("written", "pointer", "covered"),
    [
        (".spec.replicas", "/spec/replicas", True),
        (".spec.replica", "/spec/replicas", False),
        (".spec.containers[].image", "/spec/containers/1/image", True),
        (".spec.containers[]?.image", "/spec/containers/1/image", True),
        (".spec.containers[].image", "/spec/containers/1/name", False),
        (".spec.containers[0].image", "/spec/containers/1/image", False),
        ('.metadata.annotations["a/b"]', "/metadata/annotations/a~1b", True),
        ('.metadata.annotations."a/b"', "/metadata/annotations/a~1b", True),
        ('.spec.containers[] | select(.name == "web") .image', "/spec/containers/0/image", True),
        ('.spec.containers[] | select(.name == "web") | .image', "/spec/containers/1/image", False),
        ('.spec.containers[]|select(.name=="web").image', "/spec/containers/0/image", True),
        ('.spec.containers[] | select(.name == "proxy")', "/spec/containers/1", True),
        (".spec.containers[] | select(.privileged == true)", "/spec/containers/1/image", True),
        (".spec.containers[] | select(.privileged == true)", "/spec/containers/0/image", False),
        ('.spec.containers[] | select(.name|test("^pro.y$"))', "/spec/containers/1", True),
        ('.spec.containers[] | select(.image | startswith("web:"))', "/spec/containers/0", True),
        ('.spec.containers[] | select(.image | endswith(":2"))', "/spec/containers/0", False),
        (
            ".spec.containers[].ports[] | select(.containerPort == 80) | .name",
            "/spec/containers/0/ports/0/name",
            True,
        ),
        (".", "/spec/replicas", True),
    ],
)
def test_a_jq_path_is_followed_through_the_object(
    written: str, pointer: str, *, covered: bool
) -> None:
    """Conditions are about the object that the pointer leads into."""
    assert parse_jq(written).cover(pointer, BODY) is covered


@pytest.mark.parametrize(
    "written",
    [
        "",
        "..",
        ".a | length",
        ".a, .b",
        "del(.a)",
        ".a[-1]",
        ".a[1:2]",
        ".a-b",
        ".a |",
        "spec.replicas",
        "select(.a == 1)",
        ".a[] | select(.x == 1 or .y == 2)",
        ".a[] | select(.x | contains(1))",
        '.a[] | select(.x | test("(a+)+$"))',
        '.a["\\(x)"]',
        '.a[] | select(.x == "a") | select(',
    ],
)
def test_what_names_no_place_is_refused(written: str) -> None:
    """It would have to be executed."""
    with pytest.raises(ValueError, match=r".+"):
        parse_jq(written)


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing else comes out."""
    for parse in (parse_jq, parse_pointer):
        try:
            parse(text).cover("/spec/containers/0", BODY)
        except ValueError:
            continue


@pytest.mark.parametrize("text", ["(a+)+", "a*b*c*", "(?=a)", r"(a)\1", "a" * 201, "["])
def test_an_expression_that_could_take_long_is_refused(text: str) -> None:
    """It comes from outside and is matched often."""
    with pytest.raises(ValueError, match="regular"):
        parse_expression(text)


def test_usual_expressions_are_taken() -> None:
    """Alternatives, classes, a wildcard or two."""
    assert parse_expression("(Deployment|StatefulSet)").fullmatch("StatefulSet")
    assert parse_expression("web-[0-9]+-.*").fullmatch("web-12-a")
