"""A cluster as a source: kinds come and go, and what is known of each is told."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from auditor.domain.capabilities import NO_CLUSTER, Capabilities
from auditor.domain.identity import GroupKind, GroupVersionKind
from auditor.domain.pair import Doubt, Scaler
from auditor.errors import SourceUnavailable
from auditor.sources.kubernetes.cluster import ClusterSource
from auditor.sources.kubernetes.openapi import Schemas
from auditor.sources.kubernetes.plan import Selection
from tests.auditor.sources.kubernetes.rig import Rig, eventually, rig, running
from tests.auditor.sources.kubernetes.test_discovery import aggregated, group, resource, version
from tests.builders import CLUSTER, deployment, obj, ref
from tests.doubles import FakeClock
from tests.doubles_kubernetes import HANG, ScriptedApi, bookmark, event, page, refused

DEPLOYMENT = GroupVersionKind("apps", "v1", "Deployment")
WIDGET = GroupVersionKind("example.com", "v1", "Widget")
SECRET = GroupVersionKind("", "v1", "Secret")
APPS = group("apps", version("v1", resource("deployments", "Deployment")))
SCALING = group(
    "autoscaling", version("v2", resource("horizontalpodautoscalers", "HorizontalPodAutoscaler"))
)
EXAMPLE = group("example.com", version("v1", resource("widgets", "Widget")))
LISTED = bookmark("5", ends_list=True)
DEPLOYMENTS, WIDGETS = "/apis/apps/v1/deployments", "/apis/example.com/v1/widgets"
AUTOSCALERS = "/apis/autoscaling/v2/horizontalpodautoscalers"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def serve(api: ScriptedApi, *groups: dict[str, Any]) -> None:
    """Let the next discovery find these groups."""
    api.script("/api", aggregated(group("", version("v1", resource("secrets", "Secret")))))
    api.script("/apis", aggregated(*groups))
    api.script("/version", b'{"major": "1", "minor": "36", "gitVersion": "v1.36.3"}')


def source(parts: Rig, **selection: Any) -> ClusterSource:
    return ClusterSource(parts.link, parts.outlet, Selection(**selection))


async def pass_time(clock: FakeClock, seconds: int) -> None:
    """Let time pass in steps, so that whoever wakes can sleep again."""
    for _ in range(seconds):
        clock.advance(1)
        for _ in range(50):
            await asyncio.sleep(0)


async def test_declared_kinds_are_watched() -> None:
    """What is declared is listed and watched, and then the source is synced."""
    parts, api, _ = rig()
    serve(api, APPS)
    api.script(DEPLOYMENTS, [event("ADDED", deployment(), "1") + LISTED, HANG])
    cluster = source(parts)
    cluster.want([DEPLOYMENT])

    async with running(cluster.run):
        assert await cluster.synced(5)

    assert parts.names() == {"web"}
    assert cluster.readiness() == {DEPLOYMENT: None}


async def test_unsynced_source_says_so() -> None:
    """As long as a kind is not listed, the source is not ready, and the wait ends in time."""
    parts, api, _ = rig()
    serve(api, APPS)
    cluster = source(parts)
    cluster.want([DEPLOYMENT])

    async with running(cluster.run):
        assert not await cluster.synced(0.05)

    assert cluster.readiness() == {DEPLOYMENT: Doubt.NOT_SYNCED}


async def test_kinds_in_doubt_do_not_hold_up_readiness() -> None:
    """What cannot be known for a reason is named with it, and the rest goes on."""
    parts, api, _ = rig()
    serve(api, APPS)
    api.script(DEPLOYMENTS, [LISTED, HANG])
    cluster = source(parts)
    cluster.want([DEPLOYMENT, WIDGET, SECRET])

    async with running(cluster.run):
        assert await cluster.synced(5)

    assert cluster.readiness() == {
        DEPLOYMENT: None,
        WIDGET: Doubt.KIND_ABSENT,
        SECRET: Doubt.NOT_WATCHED,
    }


async def test_forbidden_kind_does_not_hold_up_the_others() -> None:
    """One kind that may not be read is one kind in doubt."""
    parts, api, _ = rig()
    serve(api, APPS, EXAMPLE)
    api.script(DEPLOYMENTS, [LISTED, HANG])
    api.script(WIDGETS, refused(403))
    cluster = source(parts)
    cluster.want([DEPLOYMENT, WIDGET])

    async with running(cluster.run):
        assert await cluster.synced(5)

    assert cluster.readiness() == {DEPLOYMENT: None, WIDGET: Doubt.FORBIDDEN}


async def test_kind_that_comes_is_watched() -> None:
    """A CustomResourceDefinition is a hint; soon its kind is served, listed and certain."""
    parts, api, clock = rig()
    parts.declared = [ref("Widget", "w", group="example.com")]
    serve(api, APPS)
    serve(api, APPS, EXAMPLE)
    api.script(DEFINITIONS, [b'{"type":"ADDED","object":{"metadata":{}}}\n', HANG])
    api.script(WIDGETS, [LISTED, HANG])
    cluster = source(parts)
    cluster.want([WIDGET])

    async with running(cluster.run):
        await cluster.synced(5)
        absent = cluster.readiness()[WIDGET]
        await pass_time(clock, 3)
        await eventually(lambda: cluster.readiness()[WIDGET] is None)

    assert absent is Doubt.KIND_ABSENT
    assert cluster.is_namespaced(WIDGET.group_kind)


async def test_kind_that_goes_is_doubted() -> None:
    """When it is served no more, its objects are let go of, and looked at for it."""
    parts, api, clock = rig()
    serve(api, EXAMPLE)
    serve(api)
    widget = obj("example.com/v1", "Widget", "w")
    api.script(WIDGETS, [event("ADDED", widget, "1") + LISTED, HANG])
    cluster = source(parts)
    cluster.want([WIDGET])

    async with running(cluster.run):
        assert await cluster.synced(5)
        parts.noticed.clear()
        await pass_time(clock, 5)
        await eventually(lambda: cluster.readiness()[WIDGET] is Doubt.KIND_ABSENT)

    assert parts.noticed == [ref("Widget", "w", group="example.com")]
    assert parts.names() == set()


async def test_newly_declared_kind_is_watched() -> None:
    """Declarations change while the source runs."""
    parts, api, clock = rig()
    for _ in range(5):
        serve(api, APPS)
    api.script(DEPLOYMENTS, [LISTED, HANG])
    cluster = source(parts)

    async with running(cluster.run):
        await cluster.synced(5)
        cluster.want([DEPLOYMENT])
        assert cluster.readiness() == {DEPLOYMENT: Doubt.NOT_SYNCED}
        await pass_time(clock, 3)
        await eventually(lambda: cluster.readiness()[DEPLOYMENT] is None)


async def test_kind_that_is_declared_no_more_stays_watched() -> None:
    """What was declared may live on, and somebody should say so."""
    parts, api, clock = rig()
    for _ in range(5):
        serve(api, APPS)
    api.script(DEPLOYMENTS, [event("ADDED", deployment(), "1") + LISTED, HANG])
    cluster = source(parts)
    cluster.want([DEPLOYMENT])

    async with running(cluster.run):
        assert await cluster.synced(5)
        cluster.want([])
        await pass_time(clock, 5)

    assert parts.names() == {"web"}


async def test_version_gives_way_to_another() -> None:
    """When declarations move to another version, the old one is watched no more."""
    parts, api, clock = rig()
    versions = [version(name, resource("widgets", "Widget")) for name in ("v2", "v1")]
    for _ in range(5):
        serve(api, group("example.com", *versions))
    v2 = GroupVersionKind("example.com", "v2", "Widget")
    api.script(WIDGETS, [event("ADDED", obj("example.com/v1", "Widget", "w"), "1") + LISTED, HANG])
    api.script("/apis/example.com/v2/widgets", [LISTED, HANG])
    cluster = source(parts)
    cluster.want([WIDGET])

    async with running(cluster.run):
        assert await cluster.synced(5)
        cluster.want([v2])
        await pass_time(clock, 3)
        await eventually(lambda: cluster.readiness() == {v2: None})

    assert parts.names() == set()


async def test_autoscaler_is_news_of_its_target() -> None:
    """When an autoscaler comes, changes or goes, what it scales is looked at too."""
    parts, api, _ = rig()
    spec = {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}}
    scaler = obj("autoscaling/v2", "HorizontalPodAutoscaler", "web", spec=spec | {"maxReplicas": 3})
    serve(api, SCALING)
    api.script(AUTOSCALERS, [event("ADDED", scaler, "1") + LISTED, HANG])
    cluster = source(parts)

    async with running(cluster.run):
        assert await cluster.synced(5)
        await eventually(lambda: ref() in parts.noticed)

    assert parts.scalers.of(ref()) == Scaler(minimum=1, maximum=3)


async def test_autoscaler_that_goes_is_news_of_its_target() -> None:
    """Once it is deleted, nothing scales its target, which is looked at."""
    parts, api, _ = rig()
    spec = {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}}
    scaler = obj("autoscaling/v2", "HorizontalPodAutoscaler", "web", spec=spec | {"maxReplicas": 3})
    serve(api, SCALING)
    api.script(
        AUTOSCALERS, [event("ADDED", scaler, "1") + LISTED, event("DELETED", scaler, "2"), HANG]
    )
    cluster = source(parts)

    async with running(cluster.run):
        await eventually(lambda: len(parts.noticed) == 4)

    assert parts.scalers.of(ref()) is None
    assert parts.noticed[-1] == ref()


async def test_schemas_come_before_objects() -> None:
    """Without a schema an object cannot be judged, so it is not listed before its schema is there."""
    parts, api, _ = rig()
    serve(api, APPS)
    api.script(
        "/openapi/v3",
        msgspec.json.encode(
            {"paths": {"apis/apps/v1": {"serverRelativeURL": "/s?hash=" + "A" * 32}}}
        ),
    )
    api.script("/s", b"{}")
    api.script(DEPLOYMENTS, [LISTED, HANG])
    schemas = Schemas(api, lambda *_: None, None)
    cluster = ClusterSource(parts.link, parts.outlet, Selection(), schemas=schemas)
    cluster.want([DEPLOYMENT])

    async with running(cluster.run):
        assert await cluster.synced(5)

    paths = [path for path, _ in api.asked]
    assert paths.index("/s") < paths.index(DEPLOYMENTS)


async def test_missing_schemas_do_not_hold_up_the_rest() -> None:
    """A server without OpenAPI v3 is watched all the same."""
    parts, api, _ = rig()
    serve(api, APPS)
    api.script("/openapi/v3", refused(404))
    api.script(DEPLOYMENTS, [LISTED, HANG])
    schemas = Schemas(api, lambda *_: None, None)
    cluster = ClusterSource(parts.link, parts.outlet, Selection(), schemas=schemas)
    cluster.want([DEPLOYMENT])

    async with running(cluster.run):
        assert await cluster.synced(5)


async def test_cluster_out_of_reach_at_start() -> None:
    """Discovery is tried again with growing pauses until the cluster answers."""
    parts, api, clock = rig()
    api.script("/api", SourceUnavailable("refused"), SourceUnavailable("refused"))
    serve(api, APPS)
    api.script(DEPLOYMENTS, [LISTED, HANG])
    cluster = source(parts)
    cluster.want([DEPLOYMENT])

    async with running(cluster.run):
        await eventually(lambda: ("/api", {}) in api.asked)
        assert parts.metric("auditor_source_up", source=f"cluster/{CLUSTER}") == 0
        await pass_time(clock, 6)
        assert await cluster.synced(5)

    assert parts.metric("auditor_source_up", source=f"cluster/{CLUSTER}") == 1


async def test_standings_are_counted() -> None:
    """How many kinds are known, and why others are not, is a metric."""
    parts, api, clock = rig()
    serve(api, APPS)
    api.script(DEPLOYMENTS, [LISTED, HANG])
    cluster = source(parts)
    cluster.want([DEPLOYMENT, WIDGET])

    async with running(cluster.run):
        assert await cluster.synced(5)
        await pass_time(clock, 6)

    counted = [
        parts.metric("auditor_kinds", cluster=CLUSTER, standing=standing)
        for standing in ("synced", "kind_absent", "stale")
    ]
    assert counted == [1, 1, 0]


async def test_scan_lists_and_does_not_watch() -> None:
    """For a scan everything is asked for once."""
    parts, api, _ = rig()
    serve(api, APPS, EXAMPLE)
    api.script(DEPLOYMENTS, page(deployment()))
    api.script(WIDGETS, refused(403))
    cluster = source(parts)
    cluster.want([DEPLOYMENT, WIDGET])

    await cluster.list_once()

    assert parts.names() == {"web"}
    assert cluster.readiness() == {DEPLOYMENT: None, WIDGET: Doubt.FORBIDDEN}
    assert all("watch" not in params for _, params in api.asked)


async def test_unknown_kind_has_a_neighbour() -> None:
    """A kind that is not served is answered with the one that was probably meant."""
    parts, api, _ = rig()
    serve(api, APPS)
    cluster = source(parts)

    await cluster.list_once()

    assert cluster.nearest_kind(GroupKind("apps", "Deploymnet")) == DEPLOYMENT.group_kind


async def test_kind_in_doubt_is_tried_again_after_a_hint() -> None:
    """A definition that was deleted and came back does not wait for its turn."""
    parts, api, clock = rig()
    for _ in range(5):
        serve(api, EXAMPLE)
    api.script(WIDGETS, refused(404), [LISTED, HANG])
    cluster = source(parts)
    cluster.want([WIDGET])

    async with running(cluster.run):
        await eventually(lambda: cluster.readiness().get(WIDGET) is Doubt.KIND_ABSENT)
        await pass_time(clock, 5)
        await eventually(lambda: cluster.readiness()[WIDGET] is None)


async def test_kind_comes_back_in_the_namespaces_that_are_watched() -> None:
    """What was in doubt everywhere is certain where it is watched."""
    parts, api, clock = rig()
    serve(api)
    for _ in range(5):
        serve(api, EXAMPLE)
    widgets = "/apis/example.com/v1/namespaces/shop/widgets"
    api.script(widgets, [LISTED, HANG])
    cluster = source(parts, namespaces=("shop",))
    cluster.want([WIDGET])

    async with running(cluster.run):
        await cluster.synced(5)
        await pass_time(clock, 5)
        await eventually(lambda: cluster.readiness()[WIDGET] is None)

    assert parts.actual.doubt(ref("Widget", group="example.com")) is None
    elsewhere = ref("Widget", group="example.com", namespace="bank")
    assert parts.actual.doubt(elsewhere) is Doubt.NOT_WATCHED


async def test_source_is_down_as_soon_as_its_watches_are() -> None:
    """That discovery was answered a while ago does not make a cluster heard."""
    parts, api, _ = rig()
    serve(api, APPS)
    api.script(DEPLOYMENTS, [LISTED, SourceUnavailable("reset")])
    cluster = source(parts)
    cluster.want([DEPLOYMENT])

    async with running(cluster.run):
        assert await cluster.synced(5)
        await eventually(
            lambda: parts.metric("auditor_source_up", source=f"cluster/{CLUSTER}") == 0
        )


async def test_what_charts_are_told_is_known_once_it_was_asked() -> None:
    """And whoever renders them hears of every change."""
    parts, api, clock = rig()
    heard: list[Capabilities | None] = []
    parts.outlet.learned = lambda: heard.append(cluster.capabilities)
    serve(api, APPS)
    serve(api, APPS)
    serve(api, APPS, EXAMPLE)
    cluster = source(parts)
    before = cluster.capabilities

    async with running(cluster.run):
        await pass_time(clock, 10)

    assert before is None
    assert [known and known.kube_version for known in heard] == ["v1.36.3", "v1.36.3"]
    assert ["example.com/v1/Widget" in known.api_versions for known in heard if known] == [
        False,
        True,
    ]


async def test_charts_do_not_wait_for_a_cluster_that_does_not_answer_one_look() -> None:
    """Its objects are unknown whatever they are told."""
    parts, api, _ = rig()
    api.script("/api", SourceUnavailable("refused"))
    cluster = source(parts)

    with pytest.raises(SourceUnavailable):
        await cluster.ask()

    assert cluster.capabilities == NO_CLUSTER
