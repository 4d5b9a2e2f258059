"""Every kind of owner that is followed, with its tool and its reader.

It refuses to contain a reader.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from auditor.domain.gitops.applicationset import read_application_set
from auditor.domain.gitops.argocd import read_application
from auditor.domain.gitops.branch import Reader
from auditor.domain.gitops.flux_helm_release import read_helm_release
from auditor.domain.gitops.flux_kustomization import read_kustomization
from auditor.domain.identity import GroupKind, GroupVersionKind

ARGOCD: Final = "argocd"
FLUX: Final = "flux"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerKind:
    """A kind of owner: whose it is, the version in which it is looked for alive, and how it is read."""

    tool: str
    kind: GroupVersionKind
    read: Reader

    def name_of(self, namespace: str, name: str) -> str:
        """What the tool calls an owner of this kind: as it marks what it applies."""
        return name if self.tool == ARGOCD else f"{namespace}/{name}"


def followed(discover: str) -> Iterator[OwnerKind]:
    """The kinds of owners that a way of discovering follows: ``argocd``, ``flux`` or ``all``."""
    for owner in READERS.values():
        if discover in {owner.tool, "all"}:
            yield owner


def is_owner_group(group: str) -> bool:
    """Tell whether an API group is one of the tools': all of their kinds live in namespaces."""
    return group == "argoproj.io" or group.endswith(".toolkit.fluxcd.io")


READERS: Final[Mapping[GroupKind, OwnerKind]] = {
    each.kind.group_kind: each
    for each in (
        OwnerKind(
            tool=ARGOCD,
            kind=GroupVersionKind("argoproj.io", "v1alpha1", "Application"),
            read=read_application,
        ),
        OwnerKind(
            tool=ARGOCD,
            kind=GroupVersionKind("argoproj.io", "v1alpha1", "ApplicationSet"),
            read=read_application_set,
        ),
        OwnerKind(
            tool=FLUX,
            kind=GroupVersionKind("kustomize.toolkit.fluxcd.io", "v1", "Kustomization"),
            read=read_kustomization,
        ),
        OwnerKind(
            tool=FLUX,
            kind=GroupVersionKind("helm.toolkit.fluxcd.io", "v2", "HelmRelease"),
            read=read_helm_release,
        ),
    )
}
