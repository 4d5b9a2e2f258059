"""Asks a cluster which kinds it serves, and which version it is.

One request for the core group and one for all others where the server aggregates discovery (since
Kubernetes 1.26), and one per group version where it does not. A group whose own server cannot be asked
now (an aggregated API that is down) keeps the kinds it had: that it cannot be asked does not
make its kinds absent. https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, TypeVar

import msgspec

from auditor.domain.identity import GroupVersionKind
from auditor.errors import SourceRefused, SourceUnavailable
from auditor.ports import ApiTransport
from auditor.sources.kubernetes.link import JSON
from auditor.state.kinds import ServedKind, ServedKinds

_AGGREGATED: Final = (
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,"
    "application/json"
)
_WATCHABLE: Final = frozenset({"list", "watch"})


class _About(msgspec.Struct, rename="camel"):
    git_version: str = ""


class _ResponseKind(msgspec.Struct):
    group: str = ""
    version: str = ""
    kind: str = ""


class _Resource(msgspec.Struct, rename="camel"):
    resource: str
    scope: str
    response_kind: _ResponseKind | None = None
    verbs: list[str] = []


class _Version(msgspec.Struct):
    version: str
    resources: list[_Resource] = []
    freshness: str = ""


class _Named(msgspec.Struct):
    name: str = ""


class _Group(msgspec.Struct):
    metadata: _Named = msgspec.field(default_factory=_Named)
    versions: list[_Version] = []


class _Aggregated(msgspec.Struct):
    """Where the server does not aggregate, ``kind`` is another and there are no items."""

    kind: str = ""
    items: list[_Group] = []


class _LegacyVersion(msgspec.Struct, rename="camel"):
    group_version: str


class _LegacyGroup(msgspec.Struct):
    versions: list[_LegacyVersion] = []


class _LegacyGroups(msgspec.Struct):
    groups: list[_LegacyGroup] = []
    versions: list[str] = []


class _LegacyResource(msgspec.Struct):
    name: str
    kind: str
    namespaced: bool = False
    verbs: list[str] = []


class _LegacyResources(msgspec.Struct):
    resources: list[_LegacyResource] = []


_Answer = TypeVar("_Answer")


async def discover(transport: ApiTransport, known: ServedKinds) -> ServedKinds:
    """Ask what is served now; ``known`` stands in for groups that cannot be asked.

    Raises:
        SourceUnavailable: the cluster cannot be asked at all.

    """
    kinds: list[ServedKind] = []
    for root in ("/api", "/apis"):
        body = await transport.get(root, {}, accept=_AGGREGATED)
        answer = _decode(body, _Aggregated)
        if answer.kind == "APIGroupDiscoveryList":
            kinds.extend(_aggregated(answer, known))
        else:
            kinds.extend(await _legacy(transport, root, body, known))
    return ServedKinds(kinds)


async def ask_version(transport: ApiTransport) -> str:
    """Ask which version of Kubernetes the cluster is (``v1.36.3``); empty where it does not say.

    Raises:
        SourceUnavailable: the cluster cannot be asked at all.

    """
    try:
        return _decode(await transport.get("/version", {}, accept=JSON), _About).git_version
    except SourceRefused:
        return ""


def _aggregated(answer: _Aggregated, known: ServedKinds) -> Iterator[ServedKind]:
    for group in answer.items:
        for version in group.versions:
            if version.freshness == "Stale":
                yield from _kept(known, group.metadata.name, version.version)
            for resource in version.resources:
                if resource.response_kind is not None:
                    yield _served(group.metadata.name, version.version, resource)


def _served(group: str, version: str, resource: _Resource) -> ServedKind:
    """The group and version of a kind are written only where they differ from those it is served in."""
    kind = resource.response_kind
    assert kind is not None  # noqa: S101 - the caller looked
    return ServedKind(
        gvk=GroupVersionKind(group, version, kind.kind),
        resource=resource.resource,
        namespaced=resource.scope == "Namespaced",
        watchable=_WATCHABLE.issubset(resource.verbs),
    )


async def _legacy(
    transport: ApiTransport, root: str, body: bytes, known: ServedKinds
) -> list[ServedKind]:
    groups = _decode(body, _LegacyGroups)
    versions = groups.versions or [v.group_version for g in groups.groups for v in g.versions]
    kinds: list[ServedKind] = []
    for group_version in versions:
        group, _, version = group_version.rpartition("/")
        try:
            answer = await transport.get(f"{root}/{group_version}", {}, accept=JSON)
        except SourceRefused:
            kinds.extend(_kept(known, group, version))
        else:
            kinds.extend(_listed(group, version, _decode(answer, _LegacyResources).resources))
    return kinds


def _listed(group: str, version: str, resources: Iterable[_LegacyResource]) -> Iterator[ServedKind]:
    """Subresources stand in the same list, with a slash in their names."""
    for resource in resources:
        if "/" not in resource.name:
            yield ServedKind(
                gvk=GroupVersionKind(group, version, resource.kind),
                resource=resource.name,
                namespaced=resource.namespaced,
                watchable=_WATCHABLE.issubset(resource.verbs),
            )


def _kept(known: ServedKinds, group: str, version: str) -> Iterator[ServedKind]:
    return (kind for kind in known if (kind.gvk.group, kind.gvk.version) == (group, version))


def _decode(body: bytes, form: type[_Answer]) -> _Answer:
    try:
        return msgspec.json.decode(body, type=form)
    except msgspec.DecodeError as error:
        raise SourceUnavailable("what the cluster serves cannot be read") from error
