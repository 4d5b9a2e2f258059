"""What is read of an answer, and that the object in it is not touched."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.domain.identity import GroupVersionKind
from auditor.sources.kubernetes.decoding import (
    Unreadable,
    decode_event,
    decode_item,
    decode_page,
    decode_status,
    ends_initial_events,
)
from tests.builders import deployment
from tests.doubles_kubernetes import at_version, bookmark, error_event, event, page

DEPLOYMENTS = GroupVersionKind("apps", "v1", "Deployment")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(spec=JSON, compact=st.booleans(), swapped=st.booleans(), further=st.booleans())
def test_object_comes_out_as_it_is(
    spec: Any, *, compact: bool, swapped: bool, further: bool
) -> None:
    """In whatever spelling an event comes, the object in it is the one that was sent."""
    body = {"metadata": {"name": "web", "namespace": "shop", "resourceVersion": "7"}, "spec": spec}
    fields: dict[str, Any] = {"type": "MODIFIED", "object": body}
    if swapped:
        fields = dict(reversed(fields.items()))
    if further:
        fields["further"] = {"field": 1}
    separators = (",", ":") if compact else (" , ", " : ")

    read = decode_event(json.dumps(fields, separators=separators).encode())

    assert json.loads(bytes(read.raw)) == body
    assert (read.type, read.metadata.name, read.metadata.namespace) == ("MODIFIED", "web", "shop")
    assert read.metadata.resource_version == "7"


def test_usual_spelling_is_a_slice() -> None:
    """As the API server writes it, the object is the very bytes that stand in the line."""
    line = event("ADDED", deployment(), "3").rstrip()

    assert decode_event(line).raw == msgspec.json.encode(at_version(deployment(), "3"))


@pytest.mark.parametrize(
    "line", [b"", b"null", b"{", b'{"type":"ADDED"}', b'{"object":{}}', b"\xff"]
)
def test_what_is_no_event_is_said_to_be_none(line: bytes) -> None:
    """A line that is no event is an error of the tree, not one of a library."""
    with pytest.raises(Unreadable):
        decode_event(line)


def test_bookmark_that_ends_a_list() -> None:
    """Only the bookmark with the annotation ends a list."""
    assert ends_initial_events(decode_event(bookmark("5", ends_list=True).rstrip()))
    assert not ends_initial_events(decode_event(bookmark("5").rstrip()))


def test_items_of_a_list_are_told_their_kind() -> None:
    """Objects of built-in kinds carry no kind in a list; they get it, and nothing else changes."""
    read = decode_page(page(deployment("web")))

    item = decode_item(read.items[0], DEPLOYMENTS)

    assert json.loads(item.raw) == deployment("web")
    assert item.metadata.name == "web"


def test_items_that_say_their_kind_are_left_alone() -> None:
    """Custom objects carry their kind in lists too."""
    raw = msgspec.json.encode(deployment())

    assert decode_item(msgspec.Raw(raw), DEPLOYMENTS).raw == raw


def test_page_knows_its_version_and_what_follows() -> None:
    """A page says up to when it holds, and with what to ask for the next."""
    read = decode_page(page(version="12", token="more"))

    assert (read.resource_version, read.token, read.items) == ("12", "more", [])


def test_list_without_items() -> None:
    """``items: null`` is an empty list."""
    assert decode_page(b'{"metadata":{"resourceVersion":"1"},"items":null}').items == []


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"items":3,"metadata":{}}'])
def test_what_is_no_list_is_said_to_be_none(body: bytes) -> None:
    """An answer of something in between (a proxy's page) is an error of the tree."""
    with pytest.raises(Unreadable):
        decode_page(body)


def test_item_that_is_no_object() -> None:
    """So is an item that is no object."""
    with pytest.raises(Unreadable):
        decode_item(msgspec.Raw(b"3"), DEPLOYMENTS)


def test_status_is_read() -> None:
    """A refusal says why, and how long to wait."""
    read = decode_event(error_event(429, "TooManyRequests", retry_after=7).rstrip())

    status = decode_status(read.raw)

    assert (status.code, status.reason, status.retry_after) == (429, "TooManyRequests", 7)


def test_refusal_in_other_words() -> None:
    """What is no status at all is an empty one."""
    assert decode_status(b"<html>Bad Gateway</html>").code == 0
