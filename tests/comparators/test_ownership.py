"""Who wrote what, from managedFields as an API server writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from auditor.domain.difference import Writer
from auditor.domain.fieldpath import FieldPath, Key, Member
from comparators.ownership import Ownership
from tests.comparators.pairs import entry

REPLICAS = FieldPath(("spec", "replicas"))


def owned(*entries: dict[str, Any]) -> Ownership:
    """The ownership of an object with these entries."""
    return Ownership({"managedFields": list(entries)})


def managers(ownership: Ownership, *segments: Any) -> list[str]:
    """Who holds a path, the latest first."""
    return [writer.manager for writer in ownership.owners(FieldPath(segments))]


def test_a_writer_is_named_with_all_that_is_known_of_it() -> None:
    """Manager, operation, subresource and time."""
    ownership = owned(entry("kubectl", "f:spec f:replicas", subresource="scale"))

    assert ownership.writer(REPLICAS) == Writer(
        manager="kubectl",
        operation="Update",
        subresource="scale",
        time=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    )


def test_a_field_that_nobody_holds_has_no_writer() -> None:
    """The API server filled it in."""
    assert owned(entry("helm", "f:spec f:paused")).writer(REPLICAS) is None


def test_an_object_without_entries_says_nothing() -> None:
    """Then absence of a writer is no evidence."""
    assert not Ownership({}).is_recorded
    assert not Ownership({"managedFields": [{"manager": "x"}]}).is_recorded
    assert owned(entry("helm", "f:spec")).is_recorded


def test_the_latest_writer_comes_first() -> None:
    """Two may hold one field, when they agree on it."""
    early, late = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
    ownership = owned(
        entry("late", "f:spec f:replicas", time=late),
        entry("early", "f:spec f:replicas", time=early),
    )

    assert managers(ownership, "spec", "replicas") == ["late", "early"]


def test_a_subresource_entry_without_time_is_the_latest() -> None:
    """Writing takes a field from those who wrote another value, so who shares it came later."""
    ownership = owned(
        entry("helm", "f:spec f:replicas"),
        entry("kubectl", "f:spec f:replicas", subresource="scale", time=None),
    )

    assert managers(ownership, "spec", "replicas") == ["kubectl", "helm"]


@pytest.mark.parametrize(
    ("step", "segment"),
    [
        ('k:{"name":"web"}', Key((("name", "web"),))),
        (
            'k:{"containerPort":80,"protocol":"TCP"}',
            Key((("containerPort", 80), ("protocol", "TCP"))),
        ),
        ('k:{"name": "ünï"}', Key((("name", "ünï"),))),
        ('v:"guard"', Member("guard")),
        ("v:7", Member(7)),
        ("i:2", 2),
        ("f:app.kubernetes.io/name", "app.kubernetes.io/name"),
    ],
)
def test_every_sort_of_path_element_is_understood(step: str, segment: Any) -> None:
    """Fields, keys, members and indexes, as Go writes them and in other spellings."""
    ownership = owned(entry("helm", ("f:list", step)))

    assert managers(ownership, "list", segment) == ["helm"]


def test_what_lies_in_an_atomic_value_belongs_to_its_owner() -> None:
    """An atomic list is recorded as one."""
    assert managers(owned(entry("kubectl-edit", "f:subjects")), "subjects", 2, "name") == [
        "kubectl-edit"
    ]


def test_an_empty_map_is_no_claim_on_what_others_put_there() -> None:
    """Declaring ``labels: {}`` is written like owning an atomic value."""
    ownership = owned(
        entry("helm", "f:metadata f:labels"), entry("k9s", "f:metadata f:labels f:team")
    )

    assert managers(ownership, "metadata", "labels", "team") == ["k9s"]


def test_who_holds_a_part_counts_for_the_whole() -> None:
    """An added object may have several writers."""
    ownership = owned(entry("a", "f:spec f:probe f:port"), entry("b", "f:spec f:probe f:path"))

    assert sorted(managers(ownership, "spec", "probe")) == ["a", "b"]


def test_an_update_beside_an_apply_was_injected() -> None:
    """Admission is recorded under the applier's name."""
    ownership = owned(
        entry("flux", "f:spec", operation="Apply"),
        entry("flux", "f:metadata"),
        entry("k9s", "f:data"),
    )

    assert ownership.is_injected(Writer(manager="flux", operation="Update"))
    assert not ownership.is_injected(Writer(manager="flux", operation="Apply"))
    assert not ownership.is_injected(Writer(manager="k9s", operation="Update"))
    assert not ownership.is_injected(
        Writer(manager="flux", operation="Update", subresource="scale")
    )


def test_what_is_no_time_and_no_json_is_passed_over() -> None:
    """A strange entry breaks nothing."""
    ownership = owned(entry("odd", ("f:list", "k:{broken"), time="yesterday"))

    assert managers(ownership, "list", Key((("name", "web"),))) == []
    assert ownership.owners(FieldPath(("list",)))[0].time is None
