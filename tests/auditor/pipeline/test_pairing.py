"""Objects that nobody declares come with their owners, where those can matter."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from auditor.domain.identity import GroupVersionKind, ObjectRef
from auditor.domain.manifest import Owner
from auditor.domain.pair import Doubt, Pair
from auditor.pipeline.pairing import ClusterState, Pairs
from auditor.ports import Rendering, RenderRequest
from auditor.state.actual import ActualState
from auditor.state.actual_kind import EVERYWHERE
from auditor.state.declared import pack_rendering
from auditor.state.desired import DesiredState
from auditor.state.roots import Found, Root
from auditor.state.scalers import Scalers
from tests.builders import CLUSTER, config_map, live, manifest, obj
from tests.doubles import START
from tests.neighbours import Village

GROUP = "kustomize.toolkit.fluxcd.io"
APPS = ObjectRef(CLUSTER, GROUP, "Kustomization", "ops", "apps")
RELEASE = ObjectRef(CLUSTER, "helm.toolkit.fluxcd.io", "HelmRelease", "ops", "web")


class Around:
    """One cluster in which nothing is declared, and everything must be where ``governed`` says so."""

    def __init__(self, *, governed: bool = True) -> None:
        self.actual = ActualState(CLUSTER)
        self.desired = DesiredState([], scope=lambda *_: True)
        self.village = Village()
        self._governed = governed
        self.connect()

    def connect(self) -> None:
        """Pair what is declared now."""
        state = ClusterState(actual=self.actual, scalers=Scalers(), schema_for=lambda _gvk: None)
        self.pairs = Pairs(
            self.desired, {CLUSTER: state}, lambda _ref: self._governed, self.village.neighbours
        )

    def pair(self, body: dict[str, Any], **metadata: Any) -> Pair:
        """The pair of an object that lives."""
        living = live(body, **metadata)
        kind = self.actual.kind(GroupVersionKind("", "v1", "ConfigMap"))
        kind.standings.settle(EVERYWHERE, None, START)
        raw = msgspec.json.encode(living.body)
        kind.put(living.ref.namespace, living.ref.name, resource_version="1", raw=raw)
        return self.pairs.of(living.ref)

    def kustomization(self, *listed: str) -> ObjectRef:
        """An owner alive."""
        entries = [{"id": one, "v": "v1"} for one in listed]
        status = {"inventory": {"entries": entries}}
        owner = self.village.put(obj(f"{GROUP}/v1", "Kustomization", "apps", "ops", status=status))
        self.village.again(owner)
        return owner


MARKS = {f"{GROUP}/name": "apps", f"{GROUP}/namespace": "ops"}


def test_an_undeclared_object_has_its_owners_for_neighbours() -> None:
    """Named by its mark, or listing it."""
    around = Around()
    around.kustomization("shop_settings__ConfigMap")

    assert [one.ref.name for one in around.pair(config_map("other"), labels=MARKS).neighbours] == [
        "apps"
    ]
    assert [one.ref.name for one in around.pair(config_map()).neighbours] == ["apps"]


def test_nobody_is_asked_where_nothing_has_to_be_declared() -> None:
    """Nor of what somebody else made."""
    free, made = Around(governed=False), Around()
    free.kustomization("shop_settings__ConfigMap")
    made.kustomization("shop_settings__ConfigMap")
    by_deployment = [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "u"}]

    assert free.pair(config_map(), labels=MARKS).neighbours == ()
    assert made.pair(config_map(), ownerReferences=by_deployment).neighbours == ()


def test_what_an_unknown_owner_lists_is_doubtful_without_its_mark() -> None:
    """It may be declared all the same."""
    around = Around()
    owner = around.kustomization("shop_settings__ConfigMap")
    around.desired.followed.replace({owner: None}, {owner: ("no such path",)})

    assert around.pair(config_map()).doubt is Doubt.OWNER_UNKNOWN
    assert around.pair(config_map("other")).doubt is None


class TestWhatIsLate:
    """A release that a Kustomization applies, and settings that the release installs."""

    def declared(self) -> Around:
        """All of it, each root named like what it declares."""
        around = Around()
        request = RenderRequest(path="", cluster=CLUSTER)
        around.desired = desired = DesiredState(
            [Root(name="top", repository="a", request=request)], scope=lambda *_: True
        )
        for depth, (name, keeper) in enumerate([("apps", APPS), ("release", RELEASE)]):
            owner = Owner(tool="flux", name=name)
            found = Found(below="top", depth=depth, keeper=keeper, owner=owner)
            desired.enrol(Root(name=name, repository="a", request=request, found=found))
        self.declare(around, "top", obj(f"{GROUP}/v1", "Kustomization", "apps", "ops"))
        self.declare(around, "apps", obj(f"{RELEASE.group}/v2", "HelmRelease", "web", "ops"))
        self.declare(around, "release", config_map())
        around.connect()
        return around

    def declare(self, around: Around, root: str, body: dict[str, Any]) -> None:
        rendering = Rendering(manifests=(manifest(body),))
        around.desired.replace(root, pack_rendering(rendering, revision="r", at=START))

    def test_has_those_who_apply_it(self) -> None:
        """Its release, and who applies that; while it is as declared, nobody."""
        around = self.declared()
        before = around.pair(config_map())

        self.declare(around, "release", config_map(data={"mode": "wild"}))

        assert before.appliers == ()
        assert around.pair(config_map()).appliers == (RELEASE, APPS)


def test_an_application_knows_how_often_argo_cd_looks() -> None:
    """As what it calls for was found with."""
    around = Around()
    owner = ObjectRef(CLUSTER, "argoproj.io", "Application", "argocd", "shop")
    request = RenderRequest(path="", cluster=CLUSTER)
    around.desired = DesiredState(
        [Root(name="top", repository="a", request=request)], scope=lambda *_: True
    )
    found = Found(
        below="top",
        depth=1,
        keeper=owner,
        owner=Owner(tool="argocd", name="shop"),
        interval=timedelta(minutes=3),
    )
    around.desired.enrol(Root(name="shop", repository="a", request=request, found=found))
    around.connect()

    assert around.pairs.of(owner).looks == timedelta(minutes=3)
    assert around.pairs.of(owner._replace(name="other")).looks is None
