"""What is declared, where it belongs, and what was declared before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from auditor.domain.identity import GroupKind, GroupVersionKind
from auditor.ports import Rendering, RenderRequest
from auditor.state.declared import PackedRendering, pack_rendering
from auditor.state.desired import DesiredState
from auditor.state.earlier import MOST
from auditor.state.roots import Root
from tests.builders import (
    CLUSTER,
    config_map,
    crd,
    deployment,
    manifest,
    namespace,
    obj,
    ref,
    secret,
    service,
)
from tests.doubles import START

WEB = ref()
SCOPES = {
    GroupKind("apps", "Deployment"): True,
    GroupKind("", "ConfigMap"): True,
    GroupKind("", "Service"): True,
    GroupKind("", "Secret"): True,
    GroupKind("", "Namespace"): False,
}


def root(name: str = "apps", *, ns: str = "") -> Root:
    request = RenderRequest(path=name, cluster=CLUSTER, namespace=ns)
    return Root(name=name, repository="platform", request=request)


def state(*roots: Root, scopes: Mapping[GroupKind, bool] | None = None) -> DesiredState:
    known = SCOPES if scopes is None else scopes
    return DesiredState(roots or (root(),), scope=lambda _, kind: known.get(kind))


def packed(*bodies: Mapping[str, Any], minute: int = 0, line: int = 1) -> PackedRendering:
    manifests = tuple(manifest(body, line=line) for body in bodies)
    at = START + timedelta(minutes=minute)
    return pack_rendering(Rendering(manifests=manifests), revision=f"r{minute}", at=at)


def declare(
    desired: DesiredState,
    *bodies: Mapping[str, Any],
    name: str = "apps",
    minute: int = 0,
    line: int = 1,
) -> frozenset[Any]:
    return desired.replace(name, packed(*bodies, minute=minute, line=line))


def image(desired: DesiredState) -> str:
    declaration = desired.declaration(WEB)
    assert declaration
    assert declaration.manifest
    found: str = declaration.manifest.body["spec"]["template"]["spec"]["containers"][0]["image"]
    return found


class TestReplacing:
    def test_everything_of_a_first_rendering_is_news(self) -> None:
        """The first rendering of a root touches all its objects."""
        touched = declare(state(), deployment(), service())

        assert touched == {WEB, ref("Service", group="")}

    def test_the_same_rendering_touches_nothing(self) -> None:
        """Rendering the same again is no news."""
        desired = state()
        declare(desired, deployment())

        assert declare(desired, deployment(), minute=1) == frozenset()

    def test_only_what_changed_is_touched(self) -> None:
        """Added, removed and changed objects are touched, others are not."""
        desired = state()
        declare(desired, deployment(), service(), config_map())

        touched = declare(desired, deployment(image="web:1.5"), service(), secret(), minute=1)

        assert touched == {
            WEB,
            ref("ConfigMap", "settings", group=""),
            ref("Secret", "login", group=""),
        }

    def test_the_order_of_keys_is_no_change(self) -> None:
        """A body whose keys were sorted anew is the same declaration."""
        desired = state()
        body = deployment()
        declare(desired, body)

        assert declare(desired, dict(reversed(body.items())), minute=1) == frozenset()

    def test_a_body_survives_being_packed(self) -> None:
        """What is declared comes back as it was, with its place in Git."""
        desired = state()
        declare(desired, deployment(), line=7)

        declaration = desired.declaration(WEB)

        assert declaration
        assert declaration.manifest == manifest(deployment(), line=7)

    def test_an_object_that_moved_in_its_file_is_touched_and_not_superseded(self) -> None:
        """Its findings must name the new line, but nothing else happened."""
        desired = state()
        declare(desired, deployment())

        touched = declare(desired, deployment(), minute=1, line=9)

        declaration = desired.declaration(WEB)
        assert touched == {WEB}
        assert declaration
        assert (declaration.since, declaration.earlier) == (START, ())

    def test_what_was_never_declared_has_no_declaration(self) -> None:
        """Nothing declared is `None`, not an empty declaration."""
        assert state().declaration(WEB) is None


class TestEarlier:
    def test_a_first_rendering_supersedes_nothing(self) -> None:
        """What was declared before the auditor began is unknown, so nothing is claimed."""
        desired = state()
        declare(desired, deployment())

        declaration = desired.declaration(WEB)

        assert declaration
        assert (declaration.since, declaration.earlier) == (START, ())

    def test_a_change_keeps_the_earlier_body_and_when_it_ended(self) -> None:
        """The pair can tell that the cluster still has what Git had."""
        desired = state()
        declare(desired, deployment())
        declare(desired, deployment(image="web:1.5"), minute=1)

        declaration = desired.declaration(WEB)

        assert declaration
        assert image(desired) == "web:1.5"
        assert declaration.since == START + timedelta(minutes=1)
        assert [e.until for e in declaration.earlier] == [START + timedelta(minutes=1)]
        assert declaration.earlier[0].manifest == manifest(deployment())

    def test_earlier_ones_are_newest_first_and_few(self) -> None:
        """A busy object does not grow without bound."""
        desired = state()
        for minute in range(MOST + 3):
            declare(desired, deployment(replicas=minute), minute=minute)

        declaration = desired.declaration(WEB)

        assert declaration
        replicas = [e.manifest and e.manifest.body["spec"]["replicas"] for e in declaration.earlier]
        assert replicas == list(range(MOST + 1, 1, -1))

    def test_what_counts_again_is_not_earlier(self) -> None:
        """After a revert in Git only the reverted declaration is an earlier one."""
        desired = state()
        for minute, tag in enumerate(("web:1.4", "web:1.5", "web:1.4")):
            declare(desired, deployment(image=tag), minute=minute)

        declaration = desired.declaration(WEB)

        assert declaration
        assert [e.manifest for e in declaration.earlier] == [manifest(deployment(image="web:1.5"))]

    def test_a_removed_object_is_still_known_as_earlier(self) -> None:
        """A pruned object is behind, not unmanaged, while the cluster has not followed."""
        desired = state()
        declare(desired, deployment())
        declare(desired, minute=1)

        declaration = desired.declaration(WEB)

        assert declaration
        assert declaration.manifest is None
        assert declaration.since == START + timedelta(minutes=1)
        assert declaration.earlier[0].manifest == manifest(deployment())

    def test_an_added_object_was_not_declared_before(self) -> None:
        """An object that Git added a moment ago is pending, not missing."""
        desired = state()
        declare(desired)
        declare(desired, deployment(), minute=1)

        declaration = desired.declaration(WEB)

        assert declaration
        assert [e.manifest for e in declaration.earlier] == [None]
        assert declaration.since == START + timedelta(minutes=1)

    def test_settling_forgets(self) -> None:
        """Once in sync, an earlier declaration found live is drift again."""
        desired = state()
        declare(desired, deployment())
        declare(desired, deployment(image="web:1.5"), minute=1)

        desired.settle(WEB)

        declaration = desired.declaration(WEB)
        assert declaration
        assert declaration.earlier == ()


class TestScope:
    def test_namespaced_objects_get_the_roots_namespace(self) -> None:
        """A root's namespace is for objects that name none."""
        desired = state(root(ns="shop"))
        declare(desired, deployment(namespace=""), service(namespace="other"))

        assert set(desired.refs(CLUSTER)) == {WEB, ref("Service", group="", namespace="other")}

    def test_without_any_namespace_it_is_default(self) -> None:
        """As kubectl does; the body says it too."""
        desired = state()
        declare(desired, deployment(namespace=""))

        declaration = desired.declaration(ref(namespace="default"))

        assert declaration
        assert declaration.manifest
        assert declaration.manifest.metadata["namespace"] == "default"

    def test_cluster_scoped_objects_lose_a_written_namespace(self) -> None:
        """The API server ignores it; so does the body that is compared."""
        desired = state()
        declare(desired, obj("v1", "Namespace", "shop", "somewhere"))

        declaration = desired.declaration(ref("Namespace", "shop", group="", namespace=""))

        assert declaration
        assert declaration.manifest
        assert "namespace" not in declaration.manifest.metadata

    def test_an_unknown_kind_stays_as_written(self) -> None:
        """Nothing is guessed."""
        desired = state(root(ns="shop"))
        declare(desired, obj("example.com/v1", "Widget", "w", ""))

        assert desired.refs(CLUSTER) == (ref("Widget", "w", group="example.com", namespace=""),)

    @pytest.mark.parametrize(("scope", "expected"), [("Namespaced", "shop"), ("Cluster", "")])
    def test_a_declared_crd_tells_the_scope_of_its_kind(self, scope: str, expected: str) -> None:
        """The objects of a CRD may be declared before the cluster knows it."""
        desired = state(root(ns="shop"))
        declare(desired, obj("example.com/v1", "Widget", "w", ""), crd(scope=scope))

        assert ref("Widget", "w", group="example.com", namespace=expected) in desired.refs(CLUSTER)

    def test_a_crd_of_another_root_places_objects_anew(self) -> None:
        """Whichever root comes first, the objects end up in the same place; both places are touched."""
        desired = state(root("apps", ns="shop"), root("crds"))
        declare(desired, obj("example.com/v1", "Widget", "w", ""))

        touched = declare(desired, crd(), name="crds", minute=1)

        before, after = (
            ref("Widget", "w", group="example.com", namespace=ns) for ns in ("", "shop")
        )
        assert {before, after} <= touched
        assert desired.declaration(before) is None
        assert desired.declaration(after)

    @pytest.mark.parametrize("order", [("one", "two"), ("two", "one")])
    def test_the_last_roots_crd_counts(self, order: tuple[str, str]) -> None:
        """As its declaration does, whichever root rendered first."""
        bodies = {
            "one": [obj("example.com/v1", "Widget", "w", ""), crd(scope="Namespaced")],
            "two": [crd(scope="Cluster")],
        }
        desired = state(root("one", ns="shop"), root("two"))
        for name in order:
            declare(desired, *bodies[name], name=name)

        assert desired.declaration(ref("Widget", "w", group="example.com", namespace=""))

    def test_discovery_places_objects_anew_with_their_history(self) -> None:
        """What was declared before follows the object to its place."""
        scopes: dict[GroupKind, bool] = {}
        desired = state(scopes=scopes)
        declare(desired, deployment(namespace=""))
        declare(desired, deployment(namespace="", image="web:1.5"), minute=1)
        scopes.update(SCOPES)

        touched = desired.rescope(CLUSTER)

        declaration = desired.declaration(ref(namespace="default"))
        assert touched == {ref(namespace=""), ref(namespace="default")}
        assert declaration
        assert len(declaration.earlier) == 1
        assert desired.declaration(ref(namespace="")) is None

    def test_learning_nothing_new_touches_nothing(self) -> None:
        """Discovery may run as often as it likes."""
        desired = state()
        declare(desired, deployment())

        assert desired.rescope(CLUSTER) == frozenset()


class TestSeveralRoots:
    def test_the_last_configured_root_wins_whatever_comes_first(self) -> None:
        """The order of rendering does not decide."""
        desired = state(root("base"), root("overlay"))
        declare(desired, deployment(image="web:overlay"), name="overlay")
        declare(desired, deployment(image="web:base"), name="base")

        assert image(desired) == "web:overlay"
        assert desired.objects.contested == {WEB: ("base", "overlay")}

    def test_the_other_root_counts_when_the_winner_lets_go(self) -> None:
        """An object is declared as long as any root declares it."""
        desired = state(root("base"), root("overlay"))
        declare(desired, deployment(image="web:base"), name="base")
        declare(desired, deployment(image="web:overlay"), name="overlay")

        touched = declare(desired, name="overlay", minute=1)

        assert touched == {WEB}
        assert image(desired) == "web:base"
        assert desired.objects.contested == {}

    def test_a_change_that_does_not_count_touches_nothing(self) -> None:
        """The overruled root may change its mind."""
        desired = state(root("base"), root("overlay"))
        declare(desired, deployment(image="web:overlay"), name="overlay")
        declare(desired, deployment(image="web:base"), name="base")

        assert declare(desired, deployment(image="web:2"), name="base", minute=1) == frozenset()


class TestQuestions:
    def test_kinds_are_those_declared_now(self) -> None:
        """What is declared no more need not be watched."""
        desired = state()
        declare(desired, deployment(), service())
        declare(desired, deployment(), minute=1)

        assert desired.kinds(CLUSTER) == {GroupVersionKind("apps", "v1", "Deployment")}

    def test_inhabited_are_namespaces_with_objects_but_for_the_clusters_own(self) -> None:
        """In kube-system a cluster keeps objects that nobody declares."""
        desired = state()
        declare(desired, deployment(), config_map(namespace="kube-system"), namespace("empty"))

        assert desired.inhabited_namespaces(CLUSTER) == {"shop"}

    def test_a_cluster_is_complete_once_every_root_was_rendered(self) -> None:
        """Before, nothing is surely undeclared."""
        desired = state(root("base"), root("overlay"))
        declare(desired, name="base")
        before = desired.roots.complete(CLUSTER)
        declare(desired, name="overlay")

        assert (before, desired.roots.complete(CLUSTER)) == (False, True)

    def test_a_stale_root_keeps_its_declarations(self) -> None:
        """A repository that stops rendering is not an empty one."""
        desired = state()
        declare(desired, deployment())

        desired.roots.mark_stale("apps", "web.yaml:3: is not YAML")

        status = desired.roots["apps"]
        assert (status.revision, status.stale_reason) == ("r0", "web.yaml:3: is not YAML")
        assert desired.declaration(WEB)
        assert desired.roots.complete(CLUSTER)


class TestOverARestart:
    def test_what_is_kept_names_commits_and_holds_no_values(self) -> None:
        """A Secret's value never reaches the disk."""
        desired = state()
        declare(desired, secret(data={"password": "cGxhbnRlZA=="}))
        declare(desired, secret(data={"password": "b3RoZXI="}), minute=1)

        (kept,) = desired.history.kept()["apps"]

        assert kept.written == ref("Secret", "login", group="")
        origin = manifest(secret()).origin
        assert origin
        assert kept.revision == origin.revision
        assert "cGxhbnRlZA" not in repr(kept)

    def test_recalling_gives_back_the_earlier_declarations(self) -> None:
        """An object that was pending before the restart is pending after it, since the same time."""
        desired = state()
        declare(desired)
        declare(desired, deployment(), minute=1)
        declare(desired, deployment(image="web:1.5"), minute=2)
        kept = desired.history.kept()["apps"]
        restarted = state()
        declare(restarted, deployment(image="web:1.5"), minute=2)

        restarted.recall([one for one in kept if one.revision], packed(deployment()))
        restarted.recall([one for one in kept if not one.revision], None)

        assert restarted.declaration(WEB) == desired.declaration(WEB)

    def test_an_object_that_the_commit_does_not_have_is_not_recalled(self) -> None:
        """What is kept may be older than a rewritten history."""
        desired = state()
        declare(desired, deployment())
        declare(desired, deployment(image="web:1.5"), minute=1)
        kept = desired.history.kept()["apps"]
        restarted = state()
        declare(restarted, deployment(image="web:1.5"), minute=1)

        restarted.recall(kept, packed(service()))

        declaration = restarted.declaration(WEB)
        assert declaration
        assert declaration.earlier == ()
