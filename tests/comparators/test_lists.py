"""Lists: what is matched with what."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from comparators.lists import align
from tests.builders import deployment, obj
from tests.comparators.pairs import entry, told, written

letters = st.lists(st.sampled_from("abcd"), max_size=6)


@given(letters, letters)
def test_an_alignment_uses_every_item_once_and_in_order(
    desired: list[str], actual: list[str]
) -> None:
    """Whatever is matched, nothing is lost."""
    pairs = list(align(desired, actual, lambda a, b: a == b))

    assert [old for old, _ in pairs if old is not None] == list(range(len(desired)))
    assert [new for _, new in pairs if new is not None] == list(range(len(actual)))


@given(letters, st.integers(0, 6), st.sampled_from("xyz"))
def test_one_insertion_leaves_all_else_matched(items: list[str], place: int, new: str) -> None:
    """An item in front does not move the rest."""
    longer = [*items[:place], new, *items[place:]]

    unequal = [
        (old, at)
        for old, at in align(items, longer, lambda a, b: a == b)
        if old is None or at is None or items[old] != longer[at]
    ]

    assert unequal == [(None, min(place, len(items)))]


def containers(*items: dict[str, Any]) -> dict[str, Any]:
    """A Deployment with these containers."""
    body = deployment()
    body["spec"]["template"]["spec"]["containers"] = list(items)
    return body


def test_an_inserted_argument_is_one_difference() -> None:
    """Arguments are in order, and an insertion is an insertion."""
    desired = containers({"name": "a", "image": "a:1", "args": ["--x", "--y"]})
    actual = containers({"name": "a", "image": "a:1", "args": ["--x", "--new", "--y"]})

    assert told(desired, actual) == ["spec.template.spec.containers[name=a].args[1] added"]


def test_items_that_share_a_key_are_compared_in_order() -> None:
    """A list with a name twice has no keys, and its writers are still found by key."""
    desired = containers({"name": "a", "image": "a:1", "env": [{"name": "X", "value": "1"}] * 2})
    actual = containers(
        {
            "name": "a",
            "image": "a:1",
            "env": [{"name": "X", "value": "1"}, {"name": "X", "value": "2"}],
        }
    )
    place = 'f:spec f:template f:spec f:containers k:{"name":"a"} f:env k:{"name":"X"} f:value'

    assert told(desired, written(actual, entry("k9s", place))) == [
        "spec.template.spec.containers[name=a].env[1].value changed by k9s"
    ]


def test_a_renamed_container_is_one_change() -> None:
    """Everything declared but the key is the same, so the key was changed."""
    desired = containers({"name": "a", "image": "a:1"})
    actual = containers({"name": "b", "image": "a:1"})

    assert told(desired, actual) == ["spec.template.spec.containers[name=a].name changed"]


def test_a_replaced_container_is_two_differences() -> None:
    """Another name and another image is another container."""
    desired = containers({"name": "a", "image": "a:1"})
    actual = containers({"name": "b", "image": "b:1"})

    assert told(desired, actual) == [
        "spec.template.spec.containers[name=a] removed",
        "spec.template.spec.containers[name=b] added",
    ]


def test_a_finalizer_is_named_by_itself() -> None:
    """Members of a set have no place."""
    desired = obj("v1", "ConfigMap", "c")
    desired["metadata"]["finalizers"] = ["a/b"]
    actual = obj("v1", "ConfigMap", "c")
    actual["metadata"]["finalizers"] = ["c/d"]

    assert told(desired, actual) == [
        "metadata.finalizers[=a/b] removed",
        "metadata.finalizers[=c/d] added",
    ]


def test_a_list_may_be_of_another_type() -> None:
    """What cannot be compared is different."""
    desired = obj("example.com/v1", "Widget", "w", spec={"a": [1], "b": {"c": 1}})
    actual = obj("example.com/v1", "Widget", "w", spec={"a": "1", "b": [1]})

    assert told(desired, actual) == ["spec.a changed", "spec.b changed"]


def test_a_large_list_is_compared_place_by_place() -> None:
    """Aligning would cost the square of it; an insertion is then many differences and still seen."""
    desired = obj("example.com/v1", "Widget", "w", spec={"a": list(range(100))})
    actual = obj("example.com/v1", "Widget", "w", spec={"a": [*range(40), -1, -2, *range(42, 101)]})

    assert told(desired, actual)
