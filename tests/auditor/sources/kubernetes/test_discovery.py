"""What a cluster serves, in the form of new servers and in that of old ones."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from auditor.domain.identity import GroupKind, GroupVersionKind
from auditor.errors import SourceUnavailable
from auditor.sources.kubernetes.discovery import ask_version, discover
from auditor.state.kinds import ServedKind, ServedKinds
from tests.doubles_kubernetes import ScriptedApi, refused

WATCHED = ["get", "list", "watch"]
DEPLOYMENT = GroupVersionKind("apps", "v1", "Deployment")
METRICS = GroupVersionKind("metrics.k8s.io", "v1", "PodMetrics")


def aggregated(*groups: dict[str, Any]) -> bytes:
    """Discovery as aggregated by the server."""
    return msgspec.json.encode({"kind": "APIGroupDiscoveryList", "items": groups})


def group(name: str, *versions: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": name} if name else {}
    return {"metadata": metadata, "versions": versions}


def version(name: str, *resources: dict[str, Any], freshness: str = "Current") -> dict[str, Any]:
    return {"version": name, "resources": resources, "freshness": freshness}


def resource(
    plural: str, kind: str, scope: str = "Namespaced", verbs: Any = None
) -> dict[str, Any]:
    """A resource; the group and version of its kind are empty where they are those of the version."""
    of_kind = {"group": "", "version": "", "kind": kind}
    return {"resource": plural, "responseKind": of_kind, "scope": scope, "verbs": verbs or WATCHED}


CORE = aggregated(group("", version("v1", resource("namespaces", "Namespace", "Cluster"))))


async def test_aggregated_discovery() -> None:
    """Two requests tell all kinds, versions, plurals and scopes."""
    api = ScriptedApi()
    widgets = [version(name, resource("widgets", "Widget")) for name in ("v2", "v1")]
    api.script("/api", CORE)
    api.script("/apis", aggregated(group("example.com", *widgets)))

    served = await discover(api, ServedKinds())

    widget = GroupKind("example.com", "Widget")
    assert served.is_namespaced(GroupKind("", "Namespace")) is False
    assert served.is_namespaced(widget) is True
    assert [kind.gvk.version for kind in served.versions(widget)] == ["v2", "v1"]
    assert served.versions(widget)[0].resource == "widgets"


async def test_kind_without_watch() -> None:
    """A kind that cannot be listed and watched says so."""
    api = ScriptedApi()
    review = resource("subjectaccessreviews", "SubjectAccessReview", "Cluster", ["create"])
    api.script("/api", CORE)
    api.script("/apis", aggregated(group("authorization.k8s.io", version("v1", review))))

    served = await discover(api, ServedKinds())

    found = served.find(GroupVersionKind("authorization.k8s.io", "v1", "SubjectAccessReview"))
    assert found is not None
    assert not found.watchable


async def test_group_that_cannot_be_asked_keeps_its_kinds() -> None:
    """An aggregated API that is down does not make its kinds absent."""
    api = ScriptedApi()
    known = ServedKind(gvk=METRICS, resource="pods", namespaced=True)
    api.script("/api", CORE)
    api.script("/apis", aggregated(group("metrics.k8s.io", version("v1", freshness="Stale"))))

    served = await discover(api, ServedKinds([known]))

    assert served.find(METRICS) == known


async def test_group_that_is_gone_loses_its_kinds() -> None:
    """What the server lists no more, it serves no more."""
    api = ScriptedApi()
    api.script("/api", CORE)
    api.script("/apis", aggregated())

    served = await discover(
        api, ServedKinds([ServedKind(gvk=METRICS, resource="pods", namespaced=True)])
    )

    assert served.find(METRICS) is None


def script_old_server(api: ScriptedApi) -> None:
    """A server that does not aggregate: each group version is asked by itself."""
    api.script("/api", msgspec.json.encode({"kind": "APIVersions", "versions": ["v1"]}))
    api.script(
        "/api/v1",
        msgspec.json.encode(
            {
                "resources": [
                    {"name": "namespaces", "kind": "Namespace", "verbs": WATCHED},
                    {"name": "namespaces/status", "kind": "Namespace", "verbs": ["get"]},
                ]
            }
        ),
    )
    versions = [{"groupVersion": "apps/v1"}, {"groupVersion": "metrics.k8s.io/v1"}]
    api.script(
        "/apis", msgspec.json.encode({"kind": "APIGroupList", "groups": [{"versions": versions}]})
    )
    deployments = {
        "name": "deployments",
        "kind": "Deployment",
        "namespaced": True,
        "verbs": WATCHED,
    }
    api.script("/apis/apps/v1", msgspec.json.encode({"resources": [deployments]}))


async def test_old_server() -> None:
    """The same is learned where every group version is asked by itself; subresources are no kinds."""
    api = ScriptedApi()
    script_old_server(api)
    api.script("/apis/metrics.k8s.io/v1", msgspec.json.encode({"resources": []}))

    served = await discover(api, ServedKinds())

    assert len(served) == 2
    assert served.find(DEPLOYMENT) == ServedKind(
        gvk=DEPLOYMENT, resource="deployments", namespaced=True
    )


async def test_old_server_with_a_group_that_cannot_be_asked() -> None:
    """There too a broken aggregated API keeps its kinds, and the others are learned."""
    api = ScriptedApi()
    script_old_server(api)
    api.script("/apis/metrics.k8s.io/v1", refused(503))
    known = ServedKind(gvk=METRICS, resource="pods", namespaced=True)

    served = await discover(api, ServedKinds([known]))

    assert served.find(METRICS) == known
    assert served.find(DEPLOYMENT) is not None


async def test_answer_of_something_else() -> None:
    """A proxy's page is no discovery, and an error of the tree."""
    api = ScriptedApi()
    api.script("/api", b"<html>")

    with pytest.raises(SourceUnavailable):
        await discover(api, ServedKinds())


async def test_the_version_is_told() -> None:
    """As the server spells it."""
    api = ScriptedApi()
    api.script("/version", b'{"major": "1", "minor": "36", "gitVersion": "v1.36.3+vendor"}')

    assert await ask_version(api) == "v1.36.3+vendor"


async def test_a_server_that_keeps_its_version_to_itself() -> None:
    """Some hide it from whoever is not trusted: then it is not known, and all else is."""
    api = ScriptedApi()
    api.script("/version", refused(403))

    assert await ask_version(api) == ""


def test_what_is_served_is_named_as_helm_names_it() -> None:
    """Groups in each version, and kinds in each of them; the core group has no name."""
    served = ServedKinds(
        ServedKind(gvk=gvk, resource="x", namespaced=True)
        for gvk in (DEPLOYMENT, GroupVersionKind("", "v1", "Pod"))
    )

    assert served.api_versions() == ("apps/v1", "apps/v1/Deployment", "v1", "v1/Pod")
