"""ApplicationSets for tests, each in a few words, and what they are rendered to.

``rendered(application_set(elements(...)))`` reads a set, mounts what it asks for and renders it. It refuses
to know what is right.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any

from auditor.domain.gitops.applicationset import read_application_set
from auditor.domain.gitops.branch import Branch, DeadEnd
from auditor.domain.identity import GroupKind, ObjectRef
from auditor.domain.manifest import Manifest, Origin, manifest_from
from auditor.ports import Rendering, RenderRequest, Tree
from auditor.renderers.applicationset.renderer import ApplicationSetRenderer
from auditor.sources.git.joined import JoinedTree, Part
from auditor.state.roots import Mounted
from tests.auditor.renderers.folders import Content, folder
from tests.builders import CLUSTER, REVISION, config_map, obj

GIT = "https://git.example.com/platform.git"
FILE = "sets/shops.yaml"
GO = {"goTemplate": True}


def application_set(*generators: Mapping[str, Any], **spec: Any) -> dict[str, Any]:
    """An ApplicationSet of some generators; its Applications are called by the parameter ``name``."""
    name = "{{.name}}" if spec.get("goTemplate") else "{{name}}"
    body = {"generators": list(generators), "template": template(name=name)} | spec
    return obj("argoproj.io/v1alpha1", "ApplicationSet", "shops", "argocd", spec=body)


def template(name: str = "{{name}}", path: str = "apps", **metadata: Any) -> dict[str, Any]:
    """A template for Applications."""
    spec = {
        "project": "default",
        "source": {"repoURL": GIT, "path": path, "targetRevision": "HEAD"},
        "destination": {"server": "https://kubernetes.default.svc", "namespace": "shop"},
    }
    return {"metadata": {"name": name} | metadata, "spec": spec}


def elements(*found: Any, **rest: Any) -> dict[str, Any]:
    """A list generator; a text stands for an element of that name."""
    each = [{"name": one} if isinstance(one, str) else one for one in found]
    return {"list": {"elements": each} | rest}


def folders(*paths: str, exclude: str = "", **rest: Any) -> dict[str, Any]:
    """A Git generator of folders."""
    return {"git": _git("directories", paths, exclude) | rest}


def files(*paths: str, exclude: str = "", **rest: Any) -> dict[str, Any]:
    """A Git generator of files."""
    return {"git": _git("files", paths, exclude) | rest}


def _git(kind: str, paths: tuple[str, ...], exclude: str) -> dict[str, Any]:
    entries: list[dict[str, Any]] = [{"path": path} for path in paths]
    entries += [{"path": exclude, "exclude": True}] if exclude else []
    return {"repoURL": GIT, "revision": "HEAD", kind: entries}


def clusters(**rest: Any) -> dict[str, Any]:
    """A generator of clusters."""
    return {"clusters": rest}


def matrix(*generators: Mapping[str, Any]) -> dict[str, Any]:
    """A matrix generator."""
    return {"matrix": {"generators": list(generators)}}


def merge(*generators: Mapping[str, Any], keys: tuple[str, ...] = ("name",)) -> dict[str, Any]:
    """A merge generator."""
    return {"merge": {"generators": list(generators), "mergeKeys": list(keys)}}


def cluster(name: str, server: str, *, namespace: str = "argocd", **labels: str) -> dict[str, Any]:
    """A cluster's Secret, with credentials that nobody may see."""
    said = {"name": name, "server": server, "config": '{"bearerToken": "hunter2"}'}
    data = {key: base64.b64encode(text.encode()).decode() for key, text in said.items()}
    body = obj("v1", "Secret", f"cluster-{name}", namespace, data=data)
    body["metadata"]["labels"] = {"argocd.argoproj.io/secret-type": "cluster"} | labels
    return body


def controller_settings(**data: str) -> dict[str, Any]:
    """How the controller is set up."""
    return config_map("argocd-cmd-params-cm", namespace="argocd", data=data)


class Around:
    """The surroundings of a set."""

    def __init__(self, *bodies: dict[str, Any]) -> None:
        self._manifests = [manifest_from(body, cluster=CLUSTER) for body in bodies]

    def find(self, ref: ObjectRef) -> Manifest | None:
        return next((one for one in self._manifests if one.ref == ref), None)

    def all(self, kind: GroupKind) -> Iterator[Manifest]:
        return (one for one in self._manifests if one.ref.group_kind == kind)


def called_for(body: dict[str, Any], *around: dict[str, Any]) -> list[Branch | DeadEnd]:
    """All that a set calls for, which a file declares on line 3."""
    origin = Origin(repository="platform", revision=REVISION, path=FILE, line=3)
    manifest = manifest_from(body, cluster=CLUSTER, origin=origin)
    return list(read_application_set(manifest, Around(*around)))


def branch_of(body: dict[str, Any], *around: dict[str, Any]) -> Branch:
    """The branch of a set that has no dead end."""
    (found,) = called_for(body, *around)
    assert isinstance(found, Branch), found
    return found


def joined(branch: Branch, trees: Mapping[str, Tree]) -> Tree:
    """The tree of a branch, made of the trees of repositories by address; empty: its own."""
    parts = [
        Part(Mounted(repository=mount.url or "platform", at=mount.at), trees[mount.url])
        for mount in branch.files
    ]
    return JoinedTree(parts)


def request_of(branch: Branch) -> RenderRequest:
    """What a branch asks its renderer for."""
    return RenderRequest(
        path=branch.path, cluster=CLUSTER, namespace=branch.namespace, options=branch.options
    )


async def rendered(
    body: dict[str, Any], *around: dict[str, Any], repository: Mapping[str, Content] | None = None
) -> Rendering:
    """Read a set and render it; ``repository`` is what the Git generators see."""
    tree = folder({FILE: "kind: ApplicationSet\n"} | dict(repository or {}))
    branch = branch_of(body, *around)
    return await ApplicationSetRenderer().render(
        joined(branch, {"": tree, GIT: tree}), request_of(branch)
    )


async def names(
    body: dict[str, Any], *around: dict[str, Any], repository: Mapping[str, Content] | None = None
) -> list[str]:
    """The names of the Applications of a set, as they come."""
    rendering = await rendered(body, *around, repository=repository)
    return [each.ref.name for each in rendering.manifests]
