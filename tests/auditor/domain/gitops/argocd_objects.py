"""Applications for tests, each in one line, and what they are read to."""

from __future__ import annotations

from typing import Any

from auditor.domain.gitops.argocd import read_application
from auditor.domain.gitops.branch import Branch, DeadEnd
from auditor.domain.manifest import manifest_from
from tests.auditor.domain.gitops.flux_objects import Around
from tests.builders import CLUSTER, config_map, obj

GIT = "https://git.example.com/platform.git"
CHARTS = "https://charts.example.com"
DESTINATION = {"server": "https://kubernetes.default.svc", "namespace": "shop"}


def source(**fields: Any) -> dict[str, Any]:
    """A source in Git, at the path ``apps/web``; ``fields`` are further ones."""
    return {"repoURL": GIT, "path": "apps/web", "targetRevision": "main"} | fields


def chart(**fields: Any) -> dict[str, Any]:
    """A source that is the chart ``web`` of a repository."""
    return {"repoURL": CHARTS, "chart": "web", "targetRevision": "1.2.3"} | fields


def application(name: str = "web", *, namespace: str = "argocd", **spec: Any) -> dict[str, Any]:
    """An Application; ``spec`` are further fields, and stand for the source if they name any."""
    body: dict[str, Any] = {"project": "default", "destination": DESTINATION}
    if not {"source", "sources", "sourceHydrator"} & spec.keys():
        body["source"] = source()
    return obj("argoproj.io/v1alpha1", "Application", name, namespace, spec=body | spec)


def settings(namespace: str = "argocd", **data: str) -> dict[str, Any]:
    """Argo CD's own settings."""
    return config_map("argocd-cm", namespace=namespace, data=data)


def called_for(body: dict[str, Any], *around: dict[str, Any]) -> list[Branch | DeadEnd]:
    """All that an Application calls for."""
    return list(read_application(manifest_from(body, cluster=CLUSTER), Around(around)))


def branch(body: dict[str, Any], *around: dict[str, Any]) -> Branch:
    """The only branch of an Application."""
    (found,) = called_for(body, *around)
    assert isinstance(found, Branch), found
    return found


def reason(body: dict[str, Any], *around: dict[str, Any]) -> str:
    """Why nothing is known of an Application."""
    (found,) = called_for(body, *around)
    assert isinstance(found, DeadEnd), found
    return found.reason
