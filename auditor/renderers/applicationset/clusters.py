"""The clusters that Argo CD knows, as generators see them.

https://github.com/argoproj/argo-cd/blob/v3.6.1/applicationset/generators/cluster.go. Of a cluster's Secret
only what generators may see ever comes here: its name, address, labels and annotations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import Field

from auditor.config.sections import Section
from auditor.renderers.applicationset.parameters import Params, Texts, normalize
from auditor.renderers.applicationset.selectors import read_label_selector

IN_CLUSTER: Final = "in-cluster"
IN_CLUSTER_SERVER: Final = "https://kubernetes.default.svc"
_HIDDEN: Final = frozenset(
    {
        "argocd.argoproj.io/refresh",
        "argocd.argoproj.io/refresh-timestamp",
        "argocd.argoproj.io/hydrate",
        "argocd.argoproj.io/hydrate-timestamp",
        "argocd.argoproj.io/tracking-id",
        "argocd.argoproj.io/installation-id",
        "kubectl.kubernetes.io/last-applied-configuration",
    }
)
"""Annotations that are no parameters, since they tell of the Secret."""


class KnownCluster(Section):
    """What generators may see of a cluster's Secret."""

    name: str
    """The name that Argo CD gives the cluster."""

    server: str
    """Its address."""

    project: str = ""
    """The AppProject that it belongs to."""

    labels: dict[str, str] = Field(default_factory=dict)
    """Labels of the Secret."""

    annotations: dict[str, str] = Field(default_factory=dict)
    """Annotations of the Secret."""

    def params(self, *, nested: bool) -> Params:
        """Make the parameters of the cluster."""
        shown = {key: text for key, text in self.annotations.items() if key not in _HIDDEN}
        result: Params = {
            "name": self.name,
            "nameNormalized": normalize(self.name),
            "server": self.server,
            "project": self.project,
        }
        if nested:
            return result | self._metadata(shown)
        result |= {f"metadata.annotations.{key}": text for key, text in shown.items()}
        return result | {f"metadata.labels.{key}": text for key, text in self.labels.items()}

    def _metadata(self, shown: Mapping[str, str]) -> Params:
        """Tell labels and annotations apart; the cluster without a Secret has neither."""
        if self == _ITSELF:
            return {}
        annotations = {"annotations": Texts(shown)} if self.annotations else {}
        labels = {"labels": Texts(self.labels)} if self.labels else {}
        return {"metadata": annotations | labels}


_ITSELF: Final = KnownCluster(name=IN_CLUSTER, server=IN_CLUSTER_SERVER)


def chosen_clusters(known: Sequence[KnownCluster], selector: Any) -> Iterator[KnownCluster]:
    """Yield the clusters that a generator's selector chooses, and the one that Argo CD runs on.

    That one is there without a Secret, unless something is asked for that only a Secret can tell.

    Raises:
        ManifestError: the controller would refuse the selector.

    """
    wanted = read_label_selector(selector)
    # Of Secrets with one name in common the controller keeps one.
    chosen = {one.name: one for one in known if wanted.matches(one.labels)}
    yield from chosen.values()
    if not wanted.requirements and IN_CLUSTER_SERVER not in {one.server for one in chosen.values()}:
        yield _ITSELF
