"""What `ActualState` promises: certainty where there is some, and a reason where there is none."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.domain.identity import GroupKind, GroupVersionKind, ObjectRef
from auditor.domain.pair import Doubt
from auditor.state.actual import ActualState
from auditor.state.actual_kind import EVERYWHERE, ActualKind
from tests.builders import CLUSTER, config_map, deployment, ref
from tests.doubles import START

DEPLOYMENTS = GroupVersionKind("apps", "v1", "Deployment")
BETA = GroupVersionKind("apps", "v1beta1", "Deployment")
CONFIG_MAPS = GroupVersionKind("", "v1", "ConfigMap")


def put(
    kind: ActualKind, name: str = "web", *, namespace: str = "shop", version: str = "1"
) -> object:
    """Hold a Deployment of that name whose image is its resource version."""
    body = deployment(name, namespace=namespace, image=f"web:{version}")
    return kind.put(namespace, name, resource_version=version, raw=msgspec.json.encode(body))


@pytest.fixture
def actual() -> ActualState:
    """The state of a cluster of which nothing is known yet."""
    return ActualState(CLUSTER)


class TestHolding:
    def test_new_object_is_news(self, actual: ActualState) -> None:
        """An object that was not there before is named."""
        assert put(actual.kind(DEPLOYMENTS)) == ref()

    def test_same_version_is_no_news(self, actual: ActualState) -> None:
        """The same resource version again, as a list after a watch brings it, is not named."""
        put(actual.kind(DEPLOYMENTS))

        assert put(actual.kind(DEPLOYMENTS)) is None

    def test_other_version_is_news(self, actual: ActualState) -> None:
        """Another resource version is named, and its body is what is answered from then on."""
        put(actual.kind(DEPLOYMENTS))

        news = put(actual.kind(DEPLOYMENTS), version="2")

        manifest = actual.manifest(ref())
        assert news == ref()
        assert manifest is not None
        assert manifest.body == deployment(image="web:2")

    def test_what_changes_no_verdict_is_held_and_no_news(self) -> None:
        """The newest body is answered, and nobody is told."""
        actual = ActualState(CLUSTER, part_of=lambda _kind: len)
        kind = actual.kind(DEPLOYMENTS)
        for version in ("1", "2", "3"):
            news = put(kind, version=version)

        manifest = actual.manifest(ref())
        assert news is None
        assert manifest is not None
        assert manifest.body == deployment(image="web:3")

    def test_deleted_object_is_news_once(self, actual: ActualState) -> None:
        """A deletion names the object; the deletion of what is not there names nothing."""
        put(actual.kind(DEPLOYMENTS))

        assert actual.kind(DEPLOYMENTS).delete("shop", "web") == ref()
        assert actual.kind(DEPLOYMENTS).delete("shop", "web") is None
        assert actual.manifest(ref()) is None

    def test_manifest_says_its_version(self, actual: ActualState) -> None:
        """The answer carries the API version in which the object is held."""
        put(actual.kind(BETA))

        manifest = actual.manifest(ref())

        assert manifest is not None
        assert manifest.gvk == BETA

    @given(bodies=st.dictionaries(st.text(min_size=1), st.text() | st.integers() | st.none()))
    def test_bodies_come_back_as_they_went_in(self, bodies: dict[str, object]) -> None:
        """Whatever JSON an object is made of, it is answered unchanged."""
        actual = ActualState(CLUSTER)
        raw = msgspec.json.encode(config_map() | {"x": bodies})

        actual.kind(CONFIG_MAPS).put("shop", "settings", resource_version="1", raw=raw)

        manifest = actual.manifest(ref("ConfigMap", "settings", group=""))
        assert manifest is not None
        assert manifest.body["x"] == bodies


class TestVersions:
    def test_declared_version_is_answered(self, actual: ActualState) -> None:
        """Where a kind is held in two versions, the one asked for is answered."""
        put(actual.kind(DEPLOYMENTS), version="1")
        put(actual.kind(BETA), version="1")

        manifest = actual.manifest(ref(), "v1beta1")

        assert manifest is not None
        assert manifest.version == "v1beta1"

    def test_other_version_does_not_stand_in(self, actual: ActualState) -> None:
        """A version that is not held is not answered by another."""
        put(actual.kind(DEPLOYMENTS))

        assert actual.manifest(ref(), "v1beta1") is None

    def test_any_version_prefers_what_is_certain(self, actual: ActualState) -> None:
        """Without a version, one that is known for certain comes before one in doubt."""
        for gvk in (DEPLOYMENTS, BETA):
            put(actual.kind(gvk))
        actual.kind(DEPLOYMENTS).standings.settle(EVERYWHERE, Doubt.STALE, START)
        actual.kind(BETA).standings.settle(EVERYWHERE, None, START)

        manifest = actual.manifest(ref())

        assert manifest is not None
        assert manifest.version == "v1beta1"
        assert actual.doubt(ref()) is None

    def test_object_in_two_versions_is_one_object(self, actual: ActualState) -> None:
        """References do not depend on the version, so each comes once."""
        put(actual.kind(DEPLOYMENTS))
        put(actual.kind(BETA))

        assert list(actual.refs()) == [ref()]

    def test_forgotten_version_takes_its_objects_along(self, actual: ActualState) -> None:
        """After a version is watched no more, nothing of it is answered."""
        put(actual.kind(DEPLOYMENTS))

        actual.forget(DEPLOYMENTS)

        assert actual.manifest(ref()) is None
        assert not actual.kinds


class TestDoubt:
    def test_unheard_kind_is_not_synced(self, actual: ActualState) -> None:
        """The absence of an object of a kind that was never listed proves nothing."""
        assert actual.doubt(ref()) is Doubt.NOT_SYNCED

    def test_listed_kind_is_certain(self, actual: ActualState) -> None:
        """Once the kind is listed, present and absent objects alike are certain."""
        actual.kind(DEPLOYMENTS).standings.settle(EVERYWHERE, None, START)

        assert actual.doubt(ref()) is None
        assert actual.doubt(ref(name="nobody")) is None

    @pytest.mark.parametrize("doubt", [Doubt.FORBIDDEN, Doubt.KIND_ABSENT, Doubt.STALE])
    def test_doubt_about_a_kind_covers_its_objects(self, actual: ActualState, doubt: Doubt) -> None:
        """What is known of the kind holds for held objects too."""
        put(actual.kind(DEPLOYMENTS))
        actual.kind(DEPLOYMENTS).standings.settle(EVERYWHERE, doubt, START)

        assert actual.doubt(ref()) is doubt

    def test_doubt_is_news_once(self, actual: ActualState) -> None:
        """Settling the same again is no news, and keeps the time since when."""
        standings = actual.kind(DEPLOYMENTS).standings

        assert standings.settle(EVERYWHERE, Doubt.STALE, START)
        assert not standings.settle(EVERYWHERE, Doubt.STALE, START.replace(year=2027))
        assert standings[EVERYWHERE].since == START

    def test_namespace_that_is_not_watched(self, actual: ActualState) -> None:
        """Where only some namespaces are watched, others are no absence but not watched."""
        actual.kind(DEPLOYMENTS).standings.settle("shop", None, START)

        assert actual.doubt(ref(namespace="shop")) is None
        assert actual.doubt(ref(namespace="elsewhere")) is Doubt.NOT_WATCHED

    def test_withheld_object_is_too_large(self, actual: ActualState) -> None:
        """An object that is too large is neither absent nor as it was before it grew."""
        kind = actual.kind(DEPLOYMENTS)
        kind.standings.settle(EVERYWHERE, None, START)
        put(kind)

        kind.withhold("shop", "web")

        assert actual.manifest(ref()) is None
        assert actual.doubt(ref()) is Doubt.TOO_LARGE

    def test_object_that_shrinks_is_certain_again(self, actual: ActualState) -> None:
        """When it can be read again, the doubt is gone."""
        kind = actual.kind(DEPLOYMENTS)
        kind.standings.settle(EVERYWHERE, None, START)
        kind.withhold("shop", "web")

        put(kind)

        assert actual.doubt(ref()) is None


class TestListing:
    def test_what_a_list_does_not_meet_is_gone(self, actual: ActualState) -> None:
        """Objects that vanished unseen are named at the end of the next list, and only they."""
        kind = actual.kind(DEPLOYMENTS)
        put(kind, "web")
        put(kind, "gone")

        listing = kind.begin()
        put(kind, "web")

        assert kind.sweep(EVERYWHERE, listing) == [ref(name="gone")]
        assert list(kind.refs()) == [ref()]

    def test_what_is_known_stays_while_listing(self, actual: ActualState) -> None:
        """Until the list ends, nothing is let go of."""
        kind = actual.kind(DEPLOYMENTS)
        put(kind)

        kind.begin()

        assert actual.manifest(ref()) is not None

    def test_list_of_one_namespace_leaves_others_alone(self, actual: ActualState) -> None:
        """A list within a namespace says nothing about another."""
        kind = actual.kind(DEPLOYMENTS)
        put(kind, namespace="shop")
        put(kind, namespace="other")

        assert kind.sweep("shop", kind.begin()) == [ref(namespace="shop")]

    def test_withheld_object_that_vanished(self, actual: ActualState) -> None:
        """An object that was too large to be read is let go of like any other."""
        kind = actual.kind(DEPLOYMENTS)
        kind.standings.settle(EVERYWHERE, None, START)
        kind.withhold("shop", "web")

        assert kind.sweep(EVERYWHERE, kind.begin()) == [ref()]
        assert actual.doubt(ref()) is None

    @given(before=st.sets(st.integers(0, 20)), after=st.sets(st.integers(0, 20)))
    def test_after_a_list_exactly_it_is_held(self, before: set[int], after: set[int]) -> None:
        """Whatever was held, after a list it is what the list had; the difference was named."""
        kind = ActualState(CLUSTER).kind(DEPLOYMENTS)
        for number in before:
            put(kind, f"web-{number}")

        listing = kind.begin()
        news = [put(kind, f"web-{number}") for number in after]
        gone = kind.sweep(EVERYWHERE, listing)

        assert {ref.name for ref in kind.refs()} == {f"web-{number}" for number in after}
        assert {ref.name for ref in gone} == {f"web-{number}" for number in before - after}
        assert sum(ref is not None for ref in news) == len(after - before)


class TestAsking:
    def test_objects_of_a_namespace(self, actual: ActualState) -> None:
        """Only what lives in the namespace is named, whatever its kind."""
        put(actual.kind(DEPLOYMENTS), namespace="shop")
        put(actual.kind(DEPLOYMENTS), namespace="other")
        actual.kind(CONFIG_MAPS).put("shop", "settings", resource_version="1", raw=b"{}")

        names = {str(found) for found in actual.refs_in("shop")}

        assert names == {"apps/Deployment/shop/web", "ConfigMap/shop/settings"}

    def test_cluster_scoped_objects_have_the_empty_namespace(self, actual: ActualState) -> None:
        """The empty namespace names cluster-scoped objects, not all objects."""
        put(actual.kind(DEPLOYMENTS))
        nodes = actual.kind(GroupVersionKind("", "v1", "Node"))
        nodes.put("", "node-1", resource_version="1", raw=b"{}")

        assert list(actual.refs_in("")) == [ObjectRef(CLUSTER, "", "Node", "", "node-1")]

    def test_objects_of_a_kind(self, actual: ActualState) -> None:
        """A kind is asked for without its version."""
        put(actual.kind(BETA))

        assert list(actual.refs_of(GroupKind("apps", "Deployment"))) == [ref()]
        assert list(actual.refs_of(GroupKind("", "Deployment"))) == []

    def test_objects_are_counted(self, actual: ActualState) -> None:
        """The length is the number of bodies held."""
        put(actual.kind(DEPLOYMENTS))
        put(actual.kind(BETA))

        assert len(actual) == 2

    def test_what_is_packed_stays_the_same_until_it_is_written_anew(
        self, actual: ActualState
    ) -> None:
        """Whoever remembers what came of an object can tell by it whether that still holds."""
        kind = actual.kind(DEPLOYMENTS)
        put(kind)
        before = actual.packed(ref())
        kind.put("shop", "web", resource_version="1", raw=msgspec.json.encode(deployment()))
        again = actual.packed(ref())

        kind.put("shop", "web", resource_version="2", raw=msgspec.json.encode(deployment()))

        assert before is again
        assert actual.packed(ref()) is not before
        assert actual.packed(ref(name="other")) is None
