"""Flux's objects for tests, each in one line, and the surroundings that owners see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from auditor.domain.gitops.branch import Branch, DeadEnd, Reader
from auditor.domain.gitops.flux_helm_release import read_helm_release
from auditor.domain.gitops.flux_kustomization import read_kustomization
from auditor.domain.gitops.kinds import KUSTOMIZATION
from auditor.domain.gitops.kinds import RELEASE as HELM_RELEASE
from auditor.domain.identity import GroupKind, ObjectRef
from auditor.domain.manifest import Body, Manifest, manifest_from
from auditor.renderers.documents import Found, read_objects
from tests.builders import CLUSTER, obj

NAMESPACE = "flux-system"
READERS: dict[GroupKind, Reader] = {
    KUSTOMIZATION: read_kustomization,
    HELM_RELEASE: read_helm_release,
}
SOURCE_API = "source.toolkit.fluxcd.io/v1"


class Around:
    """Surroundings made of given bodies."""

    def __init__(self, bodies: Iterable[Body] = ()) -> None:
        known = [manifest_from(body, cluster=CLUSTER) for body in bodies]
        self._known = {each.ref: each for each in known}

    def find(self, ref: ObjectRef) -> Manifest | None:
        """One object."""
        return self._known.get(ref)

    def all(self, kind: GroupKind) -> Iterator[Manifest]:
        """Every object of a kind."""
        return iter([self._known[ref] for ref in sorted(self._known) if ref.group_kind == kind])


def kustomization(name: str = "apps", *, namespace: str = NAMESPACE, **spec: Any) -> dict[str, Any]:
    """A Kustomization of the GitRepository ``platform``; ``spec`` are further fields."""
    body = {"sourceRef": {"kind": "GitRepository", "name": "platform"}, "path": "./apps"}
    api = "kustomize.toolkit.fluxcd.io/v1"
    return obj(api, "Kustomization", name, namespace, spec=body | spec)


def helm_release(name: str = "web", *, namespace: str = "shop", **spec: Any) -> dict[str, Any]:
    """A HelmRelease of ``podinfo`` of the HelmRepository ``charts``; ``spec`` are further fields."""
    source = {"kind": "HelmRepository", "name": "charts"}
    body = {"chart": {"spec": {"chart": "podinfo", "version": "6.7.0", "sourceRef": source}}}
    body = {} if "chartRef" in spec else body
    return obj("helm.toolkit.fluxcd.io/v2", "HelmRelease", name, namespace, spec=body | spec)


def source(kind: str, name: str, *, namespace: str = NAMESPACE, **spec: Any) -> dict[str, Any]:
    """A source of any kind."""
    return obj(SOURCE_API, kind, name, namespace, spec=spec)


def git(name: str = "platform", *, namespace: str = NAMESPACE, **spec: Any) -> dict[str, Any]:
    """A GitRepository that follows ``main``; ``spec`` are further fields."""
    body = {"url": f"https://git.example.com/{name}", "ref": {"branch": "main"}}
    return source("GitRepository", name, namespace=namespace, **(body | spec))


def charts(name: str = "charts", *, namespace: str = "shop", **spec: Any) -> dict[str, Any]:
    """A HelmRepository."""
    body = {"url": "https://charts.example.com"}
    return source("HelmRepository", name, namespace=namespace, **(body | spec))


def generator(*copies: Mapping[str, Any], artifact: str = "apps", **spec: Any) -> dict[str, Any]:
    """An ArtifactGenerator of one artifact; its source ``git`` is the GitRepository ``platform``."""
    body = {
        "sources": [{"alias": "git", "kind": "GitRepository", "name": "platform"}],
        "artifacts": [{"name": artifact, "copy": [dict(each) for each in copies]}],
    }
    api = "source.extensions.fluxcd.io/v1beta1"
    return obj(api, "ArtifactGenerator", "made", NAMESPACE, spec=body | spec)


def read(reader: Reader, owner: Body, *around: Body) -> Branch | DeadEnd:
    """The one thing that a reader says of an owner."""
    (said,) = reader(manifest_from(owner, cluster=CLUSTER), Around(around))
    return said


def branch(reader: Reader, owner: Body, *around: Body) -> Branch:
    """The branch of an owner, which it must have."""
    said = read(reader, owner, *around)
    assert isinstance(said, Branch), said
    return said


def reason(reader: Reader, owner: Body, *around: Body) -> str:
    """Why it cannot be known what an owner calls for, which must be so."""
    said = read(reader, owner, *around)
    assert isinstance(said, DeadEnd), said
    return said.reason


def read_files(files: Iterable[tuple[str, bytes]]) -> list[Branch | DeadEnd]:
    """All that the owners in some YAML files call for, each surrounded by what is in these files."""
    found = [each for path, content in files for each in read_objects(content, path)]
    bodies = [each.body for each in found if isinstance(each, Found)]
    around = Around(bodies)
    owners = [manifest_from(body, cluster=CLUSTER) for body in bodies]
    return [
        said
        for owner in owners
        if owner.ref.group_kind in READERS
        for said in READERS[owner.ref.group_kind](owner, around)
    ]
