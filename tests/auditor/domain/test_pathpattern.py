"""Which paths a pattern names."""

from __future__ import annotations

import pytest

from auditor.domain.fieldpath import FieldPath, Key, Member
from auditor.domain.pathpattern import parse_pattern

IMAGE = FieldPath(("spec", "template", "spec", "containers", Key((("name", "web"),)), "image"))


@pytest.mark.parametrize(
    "text",
    [
        "spec.template.spec.containers[name=web].image",
        "spec.template.spec.containers[name=*].image",
        "spec.template.spec.containers[*].image",
        "spec.template",
        "spec.**.image",
        "**.image",
        "*.template.spec.containers",
        str(IMAGE),
    ],
)
def test_matches(text: str) -> None:
    """A pattern names a path and everything below it."""
    assert parse_pattern(text).matches(IMAGE)


@pytest.mark.parametrize(
    "text",
    ["spec.template.spec.containers[name=api].image", "status", "spec.image", "spec.*.image"],
)
def test_does_not_match(text: str) -> None:
    """One star is one step."""
    assert not parse_pattern(text).matches(IMAGE)


def test_quoted_names_may_hold_dots_and_slashes() -> None:
    """Annotation keys are field names like any other."""
    path = FieldPath(("metadata", "annotations", "example.com/team"))

    assert parse_pattern('metadata.annotations["example.com/*"]').matches(path)
    assert parse_pattern(str(path)).matches(path)


def test_members_and_indexes() -> None:
    """Items of sets are named by value, items of ordered lists by place."""
    member = FieldPath(("metadata", "finalizers", Member("a/b")))

    assert parse_pattern("metadata.finalizers[=a/*]").matches(member)
    assert parse_pattern("spec.args[1]").matches(FieldPath(("spec", "args", 1)))


@pytest.mark.parametrize("text", ["", "spec..x[", 'a["b'])
def test_refuses_what_is_no_pattern(text: str) -> None:
    """The message repeats what was written."""
    with pytest.raises(ValueError, match="field path"):
        parse_pattern(text)
