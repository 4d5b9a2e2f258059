"""How far Flux's objects have come, told from two of them together.

A Kustomization whose controller has not taken its turn says that all is well, at the revision that it
applied last; only its source says that there is a newer one. And of a source only Git says so. This module
refuses to judge whether that is too long.

https://fluxcd.io/flux/components/kustomize/kustomizations/#last-applied-revision,
https://fluxcd.io/flux/components/source/gitrepositories/#artifact
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from auditor.domain.gitops.flux_fields import entries, flag, moment, span, text
from auditor.domain.gitops.kinds import KUSTOMIZATION
from auditor.domain.gitops.references import source_of
from auditor.domain.identity import ObjectRef
from auditor.domain.manifest import Manifest
from auditor.domain.pair import Head, Pair

_CONTENT: Final = re.compile(r"[^:/]*$")
_REVISION: Final = ("status", "artifact", "revision")
_LONGEST: Final = timedelta(days=365)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """A Kustomization that has not tried what its source has.

    ``since``: when that began to be so, or when it missed its turn if that was before. ``reaches``: what
    Git moved before that moment may have been applied already: before what it applied was seen in Git, if
    it was, for its source may have been late as well.
    """

    source: ObjectRef
    applied: str
    available: str
    since: datetime
    reaches: datetime
    interval: timedelta


def backlog_of(kustomization: Manifest, pair: Pair) -> Backlog | None:
    """What a living Kustomization is behind with, by the source among the neighbours of a pair.

    What it tries without success is no backlog: then it says itself what fails.
    """
    is_one = kustomization.ref.group_kind == KUSTOMIZATION
    wanted = source_of(kustomization) if is_one else None
    known = pair.neighbour(wanted) if wanted else None
    if known is None or known.actual is None or known.doubt is not None:
        return None
    applied, available = _applied(kustomization), text(known.actual.body, *_REVISION)
    updated = moment(known.actual.body, "status", "artifact", "lastUpdateTime")
    if not applied or not available or not updated or _content(applied) == _content(available):
        return None
    interval = min(span(kustomization.body, "spec", "interval") or timedelta(), _LONGEST)
    turn = next(_turns(kustomization), None)
    looks = span(known.actual.body, "spec", "interval") or timedelta()
    seen = (head.since for head in known.heads if head.commit == _content(applied))
    return Backlog(
        source=known.ref,
        applied=applied,
        available=available,
        since=min(updated, turn + interval) if turn else updated,
        reaches=min(((turn or updated) - min(looks, _LONGEST), *seen)),
        interval=interval,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Lapse:
    """A source that has not fetched what is in Git.

    ``since``: when Git was first seen to have moved on. ``at``: when it fetched last what was new.
    """

    fetched: str
    head: str
    since: datetime
    at: datetime
    interval: timedelta


def lapse_of(source: Manifest, heads: tuple[Head, ...]) -> Lapse | None:
    """What a living source has not fetched; what it cannot fetch it says itself.

    It may have seen more than we have: what it fetched after Git was last seen to move is no lapse.
    """
    body = source.body
    fetched, at = text(body, *_REVISION), moment(body, "status", "artifact", "lastUpdateTime")
    if not heads or not fetched or not at or not _is_well(source):
        return None
    since = next((head.since for head in heads if head.since > at), None)
    commit, head = _content(fetched), heads[-1].commit
    if since is None or commit == head:
        return None
    interval = min(span(body, "spec", "interval") or timedelta(), _LONGEST)
    return Lapse(fetched=commit, head=head, since=since, at=at, interval=interval)


def _applied(kustomization: Manifest) -> str:
    """What was applied last, of a Kustomization that has tried nothing else and says that all is well."""
    body = kustomization.body
    applied = text(body, "status", "lastAppliedRevision")
    attempted = text(body, "status", "lastAttemptedRevision")
    return applied if _is_well(kustomization) and attempted in {"", applied} else ""


def _is_well(manifest: Manifest) -> bool:
    """Tell whether an object of Flux's says of itself that it works, and that it is meant to."""
    listed = entries(manifest.body, "status", "conditions")
    said = {text(one, "type"): text(one, "status") for one in listed}
    is_failing = said.get("Ready") == "False" or said.get("Stalled") == "True"
    is_idle = flag(manifest.body, "spec", "suspend") or "deletionTimestamp" in manifest.metadata
    return not is_failing and not is_idle


def _content(revision: str) -> str:
    """What a revision stands for, without the name of a branch or tag: versions of Flux write that otherwise.

    https://fluxcd.io/flux/components/source/gitrepositories/#artifact
    """
    found = _CONTENT.search(revision)
    return found[0] if found else revision


def _turns(kustomization: Manifest) -> Iterator[datetime]:
    """When it had its turns, the last one first, as newer versions write down.

    https://fluxcd.io/flux/components/kustomize/kustomizations/#history
    """
    for entry in entries(kustomization.body, "status", "history"):
        if ended := moment(entry, "lastReconciled"):
            yield ended
