"""Whether Argo CD has looked at Git since it moved.

An Application that nobody compares any more goes on saying what was found last. When that was it says too,
and where Git is now is known to whoever follows the repository. This module refuses to judge whether that is
too long.

https://argo-cd.readthedocs.io/en/stable/operator-manual/reconcile/ and status.reconciledAt in
https://github.com/argoproj/argo-cd/blob/v3.1.0/controller/appcontroller.go
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from auditor.domain.gitops.flux_fields import entries, moment, text, texts
from auditor.domain.gitops.kinds import APPLICATION
from auditor.domain.manifest import Manifest
from auditor.domain.pair import Head

_PATHS: Final = "argocd.argoproj.io/manifest-generate-paths"
"""With this Argo CD looks only where a commit touches these."""
_SKIP: Final = "argocd.argoproj.io/skip-reconcile"


@dataclass(frozen=True, slots=True, kw_only=True)
class Oversight:
    """An Application that was not compared with what is in Git.

    ``since``: when Git was first seen to have moved on. ``at``: when it was compared last.
    """

    compared: str
    head: str
    since: datetime
    at: datetime


def oversight_of(application: Manifest, heads: tuple[Head, ...]) -> Oversight | None:
    """What Argo CD has not looked at; why it cannot, it says itself."""
    if not heads or application.ref.group_kind != APPLICATION or _is_excused(application):
        return None
    compared = text(application.body, "status", "sync", "revision")
    at = moment(application.body, "status", "reconciledAt")
    since = next((head.since for head in heads if at and head.since > at), None)
    head = heads[-1].commit
    if at is None or since is None or not compared or compared == head:
        return None
    return Oversight(compared=compared, head=head, since=since, at=at)


def _is_excused(application: Manifest) -> bool:
    annotations = texts(application.metadata, "annotations")
    conditions = entries(application.body, "status", "conditions")
    return (
        _PATHS in annotations
        or annotations.get(_SKIP) == "true"
        or "deletionTimestamp" in application.metadata
        or any(text(one, "type").endswith("Error") for one in conditions)
    )
