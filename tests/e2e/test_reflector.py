"""The cluster side on a real API server: what lives there and what is held here are the same.

What a scripted server cannot prove: that a real one behaves as the scripts say.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from auditor.app.clock import SystemClock
from auditor.domain.identity import GroupVersionKind
from auditor.domain.pair import Doubt
from auditor.sources.kubernetes.access import Address
from auditor.sources.kubernetes.client import ApiServer
from auditor.sources.kubernetes.cluster import ClusterSource
from auditor.sources.kubernetes.plan import Selection
from auditor.sources.kubernetes.watchdog import SILENCE
from tests.auditor.sources.kubernetes.rig import Rig, running
from tests.builders import CLUSTER, config_map, crd, obj
from tests.doubles_kubernetes import Wire
from tests.stack.control_plane import ControlPlane
from tests.stack.fixtures import LaunchControlPlane

pytestmark = pytest.mark.e2e

CONFIG_MAP = GroupVersionKind("", "v1", "ConfigMap")
SECRET = GroupVersionKind("", "v1", "Secret")
ROLE = GroupVersionKind("rbac.authorization.k8s.io", "v1", "ClusterRole")


@asynccontextmanager
async def rig(kubeconfig: Path, *, silence: float = SILENCE) -> AsyncIterator[Rig]:
    """A rig on a real API server and the real clock."""
    clock = SystemClock()
    async with ApiServer(Address(cluster=CLUSTER, kubeconfig=kubeconfig), clock) as api:
        yield Rig(api, clock, silence=silence)


async def wait_until(condition: Callable[[], object]) -> None:
    """Wait for what a server brings about."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - the server has no event for it
            await asyncio.sleep(0.01)


async def kubectl(plane: ControlPlane, *arguments: str, body: object = None) -> str:
    """Run kubectl without holding up the reflectors."""
    text = None if body is None else json.dumps(body)
    return await asyncio.to_thread(plane.kubectl, *arguments, input=text)


def version_of(parts: Rig, gvk: GroupVersionKind, namespace: str, name: str) -> str | None:
    """The resource version that is held of one object."""
    held = parts.actual.kind(gvk).get(namespace, name)
    return None if held is None else held.resource_version


def versions(parts: Rig, gvk: GroupVersionKind) -> dict[str, str]:
    """The resource versions of all objects of a kind, by name."""
    kind = parts.actual.kind(gvk)
    held = {ref: kind.get(ref.namespace, ref.name) for ref in kind.refs()}
    return {str(ref): entry.resource_version for ref, entry in held.items() if entry}


def names(parts: Rig) -> set[str]:
    return {ref.name for ref in parts.actual.refs_in("default")}


async def test_state_is_what_the_server_says(control_plane: ControlPlane) -> None:
    """Every object of a listed kind is held, field for field, as the server answers it."""
    async with rig(control_plane.kubeconfig) as parts:
        source = ClusterSource(parts.link, parts.outlet, Selection())
        source.want([ROLE])
        async with running(source.run):
            assert await source.synced(30)
            answer = await kubectl(
                control_plane, "get", "clusterroles", "--output=json", "--show-managed-fields"
            )

    expected = {item["metadata"]["name"]: item for item in json.loads(answer)["items"]}
    held = {ref.name: parts.actual.manifest(ref) for ref in parts.actual.kind(ROLE).refs()}
    assert {name: manifest and manifest.body for name, manifest in held.items()} == expected


async def test_streamed_and_paged_lists_agree(control_plane: ControlPlane) -> None:
    """Both ways to list give the same objects in the same versions, told of the same kind."""
    async with rig(control_plane.kubeconfig) as streamed, rig(control_plane.kubeconfig) as paged:
        paged.link.lists.streamed = False
        for parts in (streamed, paged):
            source = ClusterSource(parts.link, parts.outlet, Selection())
            source.want([ROLE])
            async with running(source.run):
                assert await source.synced(30)

    assert versions(streamed, ROLE) == versions(paged, ROLE)
    for ref in streamed.actual.kind(ROLE).refs():
        assert streamed.actual.manifest(ref) == paged.actual.manifest(ref)


async def test_changes_arrive(control_plane: ControlPlane) -> None:
    """Created, changed, deleted: each is named within a moment."""
    async with rig(control_plane.kubeconfig) as parts:
        source = ClusterSource(parts.link, parts.outlet, Selection())
        source.want([CONFIG_MAP])
        async with running(source.run):
            assert await source.synced(30)
            body = config_map("arriving", namespace="default")
            await kubectl(control_plane, "create", "--filename=-", body=body)
            await wait_until(lambda: "arriving" in names(parts))
            first = version_of(parts, CONFIG_MAP, "default", "arriving")
            await kubectl(control_plane, "label", "configmap", "arriving", "seen=yes")
            await wait_until(
                lambda: version_of(parts, CONFIG_MAP, "default", "arriving") not in {None, first}
            )
            await kubectl(control_plane, "delete", "configmap", "arriving")
            await wait_until(lambda: "arriving" not in names(parts))

    assert [ref.name for ref in parts.noticed].count("arriving") >= 3


async def test_kind_that_comes_and_goes(control_plane: ControlPlane) -> None:
    """A CustomResourceDefinition is created and deleted while the source runs."""
    gadget = GroupVersionKind("reflector.example.com", "v1", "Gadget")
    definition = crd(gadget.group, gadget.kind)
    name = definition["metadata"]["name"]
    async with rig(control_plane.kubeconfig) as parts:
        source = ClusterSource(parts.link, parts.outlet, Selection())
        source.want([gadget])
        async with running(source.run):
            assert await source.synced(30)
            absent = source.readiness()[gadget]

            await kubectl(control_plane, "create", "--filename=-", body=definition)
            await wait_until(lambda: source.readiness()[gadget] is None)
            await kubectl(
                control_plane,
                "create",
                "--filename=-",
                body=obj(gadget.api_version, gadget.kind, "g", "default"),
            )
            await wait_until(lambda: "g" in names(parts))

            await kubectl(control_plane, "delete", "crd", name)
            await wait_until(lambda: source.readiness()[gadget] is Doubt.KIND_ABSENT)

    assert absent is Doubt.KIND_ABSENT
    assert "g" not in names(parts)


async def test_kind_that_may_not_be_read(control_plane: ControlPlane) -> None:
    """With a token that may read one kind only, that kind is known and the other is in doubt."""
    role = ["clusterrole", "reads-config", "--verb=get,list,watch", "--resource=configmaps"]
    await kubectl(control_plane, "create", *role)
    bound = ["clusterrolebinding", "reads-config", "--clusterrole=reads-config", "--user=auditor"]
    await kubectl(control_plane, "create", *bound)
    async with rig(control_plane.kubeconfig_for("auditor")) as parts:
        source = ClusterSource(parts.link, parts.outlet, Selection(secrets=True))
        source.want([CONFIG_MAP, SECRET])
        async with running(source.run):
            assert await source.synced(30)

    readiness = source.readiness()
    assert readiness[CONFIG_MAP] is None
    assert readiness[SECRET] is Doubt.FORBIDDEN


async def test_server_that_does_not_stream_lists(launch_control_plane: LaunchControlPlane) -> None:
    """With WatchList switched off, the same is known; the server is asked in pages from then on."""
    plane = await asyncio.to_thread(
        launch_control_plane, flags=("--feature-gates=WatchList=false",)
    )
    async with rig(plane.kubeconfig) as parts:
        source = ClusterSource(parts.link, parts.outlet, Selection())
        source.want([ROLE, CONFIG_MAP])
        async with running(source.run):
            assert await source.synced(30)
            answer = await kubectl(plane, "get", "clusterroles", "--output=json")
            await kubectl(plane, "create", "configmap", "later")
            await wait_until(lambda: "later" in names(parts))

    assert parts.link.lists.streamed is False
    items = json.loads(answer)["items"]
    assert len(parts.actual.kind(ROLE)) == len(items)


@asynccontextmanager
async def wired(plane: ControlPlane, folder: Path) -> AsyncIterator[tuple[Wire, Path]]:
    """A line to a cluster that a test can cut, and a kubeconfig that leads through it."""
    document = yaml.safe_load(plane.kubeconfig.read_text())
    server = document["clusters"][0]["cluster"]
    async with Wire(urlsplit(server["server"]).port or 0).open() as wire:
        server["server"] = f"https://127.0.0.1:{wire.port}"
        path = folder / "kubeconfig"
        path.write_text(yaml.safe_dump(document))
        yield wire, path


async def test_cut_line_goes_on_where_it_was(control_plane: ControlPlane, tmp_path: Path) -> None:
    """What happens while nobody listens is known once somebody does, without another list."""
    await kubectl(control_plane, "create", "configmap", "before-the-cut")
    async with (
        wired(control_plane, tmp_path) as (wire, kubeconfig),
        rig(kubeconfig) as parts,
    ):
        source = ClusterSource(parts.link, parts.outlet, Selection())
        source.want([CONFIG_MAP])
        async with running(source.run):
            assert await source.synced(30)
            lists = parts.metric("auditor_relists_total", cluster=CLUSTER)
            wire.cut()
            await kubectl(control_plane, "delete", "configmap", "before-the-cut")
            await kubectl(control_plane, "create", "configmap", "after-the-cut")
            assert "before-the-cut" in names(parts)
            wire.mend()
            await wait_until(lambda: "after-the-cut" in names(parts))

    assert "before-the-cut" not in names(parts)
    assert parts.metric("auditor_relists_total", cluster=CLUSTER) == lists


async def test_dead_line_is_noticed(control_plane: ControlPlane, tmp_path: Path) -> None:
    """A connection that is open and says nothing is given up, and another one goes on."""
    async with (
        wired(control_plane, tmp_path) as (wire, kubeconfig),
        rig(kubeconfig, silence=1.0) as parts,
    ):
        source = ClusterSource(parts.link, parts.outlet, Selection())
        source.want([CONFIG_MAP])
        async with running(source.run):
            assert await source.synced(30)
            wire.freeze()
            await kubectl(control_plane, "create", "configmap", "in-the-dark")
            parts.link.transport.look()
            await wait_until(
                lambda: parts.metric(
                    "auditor_watch_restarts_total", cluster=CLUSTER, reason="silent"
                )
            )
            wire.mend()
            await wait_until(lambda: "in-the-dark" in names(parts))


async def test_deletions_behind_a_restarted_server(
    launch_control_plane: LaunchControlPlane, tmp_path: Path
) -> None:
    """The server has forgotten our position, so it is listed, and what vanished meanwhile is named."""
    plane = await asyncio.to_thread(launch_control_plane)
    await kubectl(plane, "create", "configmap", "vanishing")
    async with wired(plane, tmp_path) as (wire, kubeconfig), rig(kubeconfig) as parts:
        source = ClusterSource(parts.link, parts.outlet, Selection())
        source.want([CONFIG_MAP])
        async with running(source.run):
            assert await source.synced(30)
            wire.cut()
            await kubectl(plane, "delete", "configmap", "vanishing")
            for number in range(3):
                await kubectl(plane, "create", "configmap", f"later-{number}")
            plane.stop_api_server()
            await asyncio.to_thread(plane.start_api_server)
            parts.noticed.clear()
            wire.mend()
            await wait_until(lambda: "later-2" in names(parts))
            await wait_until(lambda: "vanishing" not in names(parts))

    assert "vanishing" in {ref.name for ref in parts.noticed}
    assert parts.metric("auditor_watch_restarts_total", cluster=CLUSTER, reason="expired") >= 1
