"""Packed manifests are manifests like any others, in little space."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.domain.manifest import Manifest, Origin, Owner, manifest_from
from auditor.state.packed import pack_body, unpack
from auditor.state.packed_manifests import (
    PackedManifests,
    pack_manifest,
    pack_manifests,
    packed_manifest_from,
    relocated,
)
from tests.builders import CLUSTER, REVISION, config_map, manifest, secret, service

NAMES = st.text(min_size=1)
LEAVES = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text()
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
BODIES = st.fixed_dictionaries(
    {
        "apiVersion": st.sampled_from(["v1", "apps/v1", "example.com/v1beta1"]),
        "kind": NAMES,
        "metadata": st.fixed_dictionaries(
            {"name": NAMES}, optional={"namespace": st.none() | st.text(), "labels": VALUES}
        ),
    },
    optional={"spec": VALUES, "data": VALUES},
)
ORIGINS = st.none() | st.builds(
    Origin,
    repository=st.just("platform"),
    revision=st.just(REVISION),
    path=st.text(),
    line=st.none() | st.integers(1, 9),
)
OWNERS = st.none() | st.builds(Owner, tool=st.just("flux"), name=st.text())
MANIFESTS = st.builds(
    lambda body, origin, owner: replace(
        manifest_from(body, cluster=CLUSTER, origin=origin), owner=owner
    ),
    BODIES,
    ORIGINS,
    OWNERS,
)


def upside_down(value: Any) -> Any:
    """The same JSON with every mapping's keys in another order."""
    if isinstance(value, Mapping):
        return {key: upside_down(value[key]) for key in reversed(value)}
    return [upside_down(each) for each in value] if isinstance(value, list) else value


@given(st.lists(MANIFESTS, max_size=4))
def test_what_was_packed_comes_out(manifests: list[Manifest]) -> None:
    """One after the other, by their places, and as a whole."""
    packed = pack_manifests(manifests)

    assert list(packed) == manifests
    assert [packed[place] for place in range(len(packed))] == manifests
    assert packed == tuple(manifests)
    assert packed == manifests


@given(st.lists(MANIFESTS, max_size=4), st.slices(4))
def test_slices_are_those_of_a_tuple(manifests: list[Manifest], part: slice) -> None:
    """With whatever start, end and step."""
    assert pack_manifests(manifests)[part] == tuple(manifests)[part]


@given(BODIES, ORIGINS)
def test_what_an_object_is_called_is_read_of_it_packed(
    body: dict[str, Any], origin: Origin | None
) -> None:
    """The same as of the decoded object."""
    packed = packed_manifest_from(pack_body(body), cluster=CLUSTER, origin=origin)

    assert packed == pack_manifest(manifest_from(body, cluster=CLUSTER, origin=origin))


@given(BODIES)
def test_equal_bodies_pack_to_equal_bytes(body: dict[str, Any]) -> None:
    """However the keys are ordered in the file: a declaration that says the same is the same."""
    assert pack_body(upside_down(body)) == pack_body(body)


@given(st.lists(MANIFESTS, max_size=4), st.sampled_from([tuple, pack_manifests]))
def test_places_are_told_anew(
    manifests: list[Manifest], kept_as: Callable[[list[Manifest]], Sequence[Manifest]]
) -> None:
    """Of packed manifests as of others, and nothing else of them changes."""
    here = Origin(repository="shop", revision="1", path="a.yaml")

    moved = relocated(kept_as(manifests), lambda origin: origin and here)

    assert moved == tuple(replace(each, origin=each.origin and here) for each in manifests)


def test_packed_manifests_stay_packed() -> None:
    """Whoever packs, slices or relocates them takes over the same bytes."""
    packed = pack_manifests([manifest(service()), manifest(config_map())])

    moved = relocated(packed, lambda _: None)

    assert pack_manifests(packed) is packed
    assert isinstance(moved, PackedManifests)
    assert [each.body for each in moved.packed] == [each.body for each in packed.packed]
    assert moved.packed[0].body is packed.packed[0].body
    assert packed[1:].packed[0] is packed.packed[1]


def test_each_look_gives_another_body() -> None:
    """Nobody's change of one reaches another reader."""
    packed = pack_manifests([manifest(service())])

    assert packed[0].body == packed[0].body
    assert packed[0].body is not packed[0].body


def test_other_manifests_are_not_equal() -> None:
    """More of them, others, or no manifests at all."""
    packed = pack_manifests([manifest(service())])

    assert packed != ()
    assert packed != (manifest(config_map()),)
    assert packed != (manifest(service()), manifest(service()))
    assert packed != 1
    assert packed == pack_manifests([manifest(service())])


def test_the_end_is_an_index_error() -> None:
    """As in any sequence."""
    with pytest.raises(IndexError):
        PackedManifests()[0]


def test_membership_is_by_value() -> None:
    """As in any sequence."""
    packed = pack_manifests([manifest(service())])

    assert manifest(service()) in packed
    assert manifest(config_map()) not in packed


def test_nothing_secret_is_printed() -> None:
    """Not even where a test or an error prints what it holds."""
    packed = pack_manifests([manifest(secret())])

    assert repr(packed) == "<1 packed manifests>"


def test_an_object_without_a_name_is_refused() -> None:
    """Renderers leave such out; what packs them by mistake is told."""
    with pytest.raises(msgspec.DecodeError):
        packed_manifest_from(
            pack_body({"apiVersion": "v1", "kind": "Secret", "metadata": {}}),
            cluster=CLUSTER,
            origin=None,
        )


def test_large_objects_are_read_too() -> None:
    """Where bodies are compressed."""
    body = {**config_map(), "data": {"text": "drift " * 1000}}

    packed = pack_manifests([manifest(body)])

    assert len(packed.packed[0].body) < 1000
    assert unpack(packed.packed[0].body) == body
    assert packed_manifest_from(packed.packed[0].body, cluster=CLUSTER, origin=None).ref == (
        manifest(body).ref
    )
