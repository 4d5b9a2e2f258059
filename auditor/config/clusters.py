"""Which clusters are audited, and how each is reached.

It refuses to read a kubeconfig: the cluster's source does, and says what is wrong with it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, model_validator

from auditor.config.sections import Duration, Glob, LocalPath, Name, Section

WATCHED: Final = (
    "ConfigMap",
    "PersistentVolumeClaim",
    "Service",
    "ServiceAccount",
    "apps/DaemonSet",
    "apps/Deployment",
    "apps/StatefulSet",
    "autoscaling/HorizontalPodAutoscaler",
    "batch/CronJob",
    "batch/Job",
    "networking.k8s.io/Ingress",
    "networking.k8s.io/NetworkPolicy",
    "policy/PodDisruptionBudget",
    "rbac.authorization.k8s.io/Role",
    "rbac.authorization.k8s.io/RoleBinding",
)
"""Kinds in which people add things by hand, watched even where nothing of the kind is declared."""


def _kind_pattern(pattern: str) -> str:
    if pattern.count("/") > 1:
        raise ValueError("write [group/]Kind, for example apps/Deployment, apps/* or ConfigMap")
    return pattern


KindGlob = Annotated[Glob, AfterValidator(_kind_pattern)]
"""``[group/]Kind``, both may be shell patterns; without a group the core group is meant."""


class Kinds(Section):
    """Which kinds are watched although nothing of them is declared. Declared kinds always are."""

    include: tuple[KindGlob, ...] = WATCHED
    """Kinds to watch, as [group/]Kind; `*` and `*/*` take every kind that the cluster serves."""

    exclude: tuple[KindGlob, ...] = ()
    """Kinds not to watch, although `include` has them."""


class Confirm(Section):
    """Whether the API server is asked, by dry run, if applying the declaration would undo a finding."""

    enabled: bool = False
    """Ask. The account then needs the right to patch what is declared; `auditor rbac` prints it."""

    per_second: float = Field(default=5.0, gt=0, le=100)
    """How many dry runs a second at most."""


class Cluster(Section):
    """One Kubernetes cluster. Without kubeconfig and inCluster, the usual kubeconfig is used."""

    name: Name
    """What the cluster is called in findings, metrics and events."""

    aliases: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    """What GitOps tools call the cluster: names and server addresses of destinations."""

    kubeconfig: LocalPath | None = None
    """A kubeconfig file. Default: what KUBECONFIG says, or ~/.kube/config."""

    context: str | None = Field(default=None, min_length=1)
    """The context of the kubeconfig. Default: its current context."""

    in_cluster: bool = False
    """Use the service account of the pod that the auditor runs in."""

    secrets: bool = False
    """Audit Secrets too. Their values are compared and never shown; the account needs to read them."""

    kinds: Kinds = Kinds()
    """Which kinds are watched although nothing of them is declared."""

    confirm: Confirm = Confirm()
    """Evidence for findings, from the API server itself. It never changes what is reported."""

    stale_after: Duration = timedelta(seconds=30)
    """How long the cluster may be silent before its objects count as unknown."""

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if self.in_cluster and (self.kubeconfig or self.context):
            raise ValueError("inCluster excludes kubeconfig and context; leave one of them out")
        return self
