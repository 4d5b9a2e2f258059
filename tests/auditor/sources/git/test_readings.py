"""What owners led to is remembered exactly as long as reading them again would say the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from auditor.domain.gitops.branch import Surroundings
from auditor.domain.identity import GroupKind, ObjectRef
from auditor.domain.manifest import Manifest
from auditor.ports import RenderRequest
from auditor.sources.git.readings import Listening, Places, Reading, Readings
from auditor.state.roots import Root
from tests.builders import CLUSTER, config_map, deployment, manifest

_CONFIG_MAPS = GroupKind("", "ConfigMap")


class Known:
    """Objects that a test puts and takes away; every manifest stands for itself."""

    def __init__(self, *manifests: Manifest) -> None:
        self.held = {manifest.ref: manifest for manifest in manifests}

    def put(self, manifest: Manifest) -> None:
        self.held[manifest.ref] = manifest

    def on(self, cluster: str) -> Surroundings:
        return self

    def find(self, ref: ObjectRef) -> Manifest | None:
        return self.held.get(ref)

    def all(self, kind: GroupKind) -> Iterator[Manifest]:
        return iter([self.held[ref] for ref in sorted(self.refs(CLUSTER, kind))])

    def refs(self, cluster: str, kind: GroupKind) -> Iterable[ObjectRef]:
        return {ref for ref in self.held if ref.group_kind == kind}

    def standing(self, ref: ObjectRef) -> object:
        return self.held.get(ref)


_OWNER = manifest(deployment())
_PARENT = Root(name="top", repository="r", request=RenderRequest(path="", cluster=CLUSTER))
_BELOW = Root(name="below", repository="r", request=RenderRequest(path="x", cluster=CLUSTER))
_PLACES = Places(met=_PARENT, declaring=_PARENT)
_ASKED = manifest(config_map("asked"))


def _read(known: Known, *refs: ObjectRef, kind: GroupKind | None = None) -> Readings:
    """Read an owner that asks for some objects, and begin the next walk."""
    readings = Readings(known)
    around = Listening(known, CLUSTER)
    for ref in (_OWNER.ref, *refs):
        around.find(ref)
    if kind is not None:
        list(around.all(kind))
    reading = Reading(places=_PLACES, asked=around.asked, found=(_BELOW, "a reason"))
    readings.keep(_OWNER.ref, reading)
    readings.begin()
    return readings


def test_what_an_owner_led_to_is_recalled_while_nothing_changed() -> None:
    """Walk after walk: roots and reasons alike."""
    readings = _read(Known(_OWNER, _ASKED), _ASKED.ref)

    first = readings.recall(_OWNER.ref, _PLACES)
    readings.begin()

    assert first is not None
    assert first.found == (_BELOW, "a reason")
    assert readings.recall(_OWNER.ref, _PLACES) is first


def test_an_owner_that_changed_is_read_again() -> None:
    """Even if it is equal: that it was replaced is enough."""
    known = Known(_OWNER)
    readings = _read(known)

    known.put(manifest(deployment()))

    assert readings.recall(_OWNER.ref, _PLACES) is None


def test_a_change_of_what_was_asked_for_counts() -> None:
    """A value that an owner refers to may change all that it leads to."""
    known = Known(_OWNER, _ASKED)
    readings = _read(known, _ASKED.ref)

    known.put(manifest(config_map("asked")))

    assert readings.recall(_OWNER.ref, _PLACES) is None


def test_what_was_missing_and_came_counts() -> None:
    """That an object is not there is an answer too."""
    known = Known(_OWNER)
    readings = _read(known, _ASKED.ref)

    known.put(_ASKED)

    assert readings.recall(_OWNER.ref, _PLACES) is None


def test_another_object_of_a_kind_counts() -> None:
    """Whoever asked for all of a kind would be answered otherwise."""
    known = Known(_OWNER, _ASKED)
    readings = _read(known, kind=_CONFIG_MAPS)

    known.put(manifest(config_map("another")))

    assert readings.recall(_OWNER.ref, _PLACES) is None


def test_what_nobody_asked_for_does_not_count() -> None:
    """Most commits touch one owner of hundreds."""
    known = Known(_OWNER, _ASKED)
    readings = _read(known, _ASKED.ref)

    known.put(manifest(config_map("another")))

    assert readings.recall(_OWNER.ref, _PLACES) is not None


def test_an_owner_that_moved_to_another_root_is_read_again() -> None:
    """The roots that it leads to lie below the one that it was found in."""
    readings = _read(Known(_OWNER))

    assert readings.recall(_OWNER.ref, Places(met=_BELOW, declaring=_PARENT)) is None


def test_an_owner_that_another_root_declares_is_read_again() -> None:
    """What it says of the repository that it lies in may mean another revision now."""
    readings = _read(Known(_OWNER))

    assert readings.recall(_OWNER.ref, Places(met=_PARENT, declaring=_BELOW)) is None


def test_an_owner_that_a_walk_did_not_meet_is_forgotten() -> None:
    """Else what is remembered would grow for ever."""
    readings = _read(Known(_OWNER))

    readings.begin()

    assert readings.recall(_OWNER.ref, _PLACES) is None
