"""Is Flux able to do what it was told? From what its objects say of themselves and of each other.

One finding for one cause: what is suspended is only suspended, and what failed as a release is not reported
once more as not ready. A failure that is tried again is failing all the while, however often the controller
says that it is busy. This module refuses to look at the objects that Flux applies.

https://fluxcd.io/flux/components/kustomize/kustomizations/#kustomization-status,
https://fluxcd.io/flux/components/helm/helmreleases/#helmrelease-status
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import chain, islice
from typing import Final

from auditor.domain import checks
from auditor.domain.finding import Deviation, Severity
from auditor.domain.gitops.flux_progress import backlog_of, lapse_of
from auditor.domain.gitops.kinds import KUSTOMIZATION, RELEASE
from auditor.domain.identity import GroupKind
from auditor.domain.pair import Pair
from comparators import scalars
from comparators.flux_needs import needs
from comparators.status import Condition, Living, mapping, mappings, number, text

_SOURCES: Final = (
    "Bucket",
    "ExternalArtifact",
    "GitRepository",
    "HelmChart",
    "HelmRepository",
    "OCIRepository",
)
KINDS: Final = frozenset(
    {
        KUSTOMIZATION,
        RELEASE,
        *(GroupKind("source.toolkit.fluxcd.io", kind) for kind in _SOURCES),
        GroupKind("source.extensions.fluxcd.io", "ArtifactGenerator"),
    }
)
_UNCOUNTED: Final = frozenset({"ExternalArtifact", "ArtifactGenerator"})
"""Kinds that need not say which generation was acted on."""
_EXACT: Final = re.compile(r"v?[0-9]+\.[0-9]+\.[0-9]+(?:[-+][0-9A-Za-z.+-]+)?", re.ASCII)
"""One version and no range of versions."""
_REQUESTED: Final = "reconcile.fluxcd.io/requestedAt"
_SUCCEEDED: Final = "ReconciliationSucceeded"
_SHORT: Final = 10
"""So much of a commit's id is enough for people."""
_BLOCKED: Final = "DependencyNotReady"
_RETRYING: Final = "ProgressingWithRetry"

Conditions = Mapping[str, Condition]


def flux(living: Living, pair: Pair) -> Iterator[Deviation]:
    """Say what is wrong with one of Flux's objects."""
    if living.ref.kind == "HelmRepository" and living.spec.get("type") == "oci":
        return  # nobody acts on it: https://fluxcd.io/flux/components/source/helmrepositories/#helm-oci-repository
    if living.spec.get("suspend") is True:
        declared = mapping(pair.desired.body.get("spec")) if pair.desired else {}
        yield _suspended(living, is_meant=declared.get("suspend") is True)
        return
    conditions = {one.type: one for one in living.conditions()}
    behind = [*_behind_source(living, pair), *_behind_git(living, pair)]
    yield from (
        () if behind else _unseen(living, conditions)
    )  # who takes no turn sees nothing either
    yield from _drifted(living, conditions)
    yield from islice(chain(_causes(living, conditions, pair), behind), 1)


def _causes(living: Living, conditions: Conditions, pair: Pair) -> Iterator[Deviation]:
    """Why an object does not get anywhere, the most telling first."""
    yield from _stalled(living, conditions)
    yield from needs(living, pair)
    yield from _release(living, conditions)
    yield from _not_ready(living, conditions)
    yield from _never_applied(living, conditions)
    yield from _other_chart(living)


def _behind_source(living: Living, pair: Pair) -> Iterator[Deviation]:
    """What nobody tried to apply. It has the time that objects have which wait for it."""
    backlog = backlog_of(pair.actual, pair) if pair.actual else None
    if backlog is not None:
        source = f"{backlog.source.kind} {backlog.source.namespace}/{backlog.source.name}"
        told = f"applied {backlog.applied}, and {source} has {backlog.available}"
        field = living.field("status", "lastAppliedRevision")
        said = living.wrong(checks.BEHIND_SOURCE, told, field, since=backlog.since)
        yield replace(said, patience=backlog.interval)


def _behind_git(living: Living, pair: Pair) -> Iterator[Deviation]:
    """What nobody fetched, of a repository that is followed here too."""
    lapse = lapse_of(pair.actual, pair.heads) if pair.actual else None
    if lapse is not None:
        told = f"has {lapse.fetched[:_SHORT]}, and Git is at {lapse.head[:_SHORT]}"
        field = living.field("status", "artifact", "revision")
        said = living.wrong(checks.BEHIND_GIT, told, field, since=lapse.since)
        yield replace(said, patience=lapse.interval)


def _suspended(living: Living, *, is_meant: bool) -> Deviation:
    field = living.field("spec", "suspend")
    since = living.written("spec", "suspend") or living.created
    by = f" by {field.writer.manager}" if field.writer and not is_meant else ""
    told = f"is suspended{', as it is declared' if is_meant else by}"
    severity = Severity.INFO if is_meant else None
    fields = () if is_meant else (field,)
    return living.wrong(checks.SUSPENDED, told, *fields, since=since, severity=severity)


def _unseen(living: Living, conditions: Conditions) -> Iterator[Deviation]:
    """What was asked of the controller and not taken up, since when it was asked.

    What failed counts as observed only in the conditions.
    """
    generation = number(living.metadata.get("generation"))
    acted_on = [one.generation for one in conditions.values()]
    acted_on.append(number(living.status.get("observedGeneration")))
    if generation > max(acted_on) and living.ref.kind not in _UNCOUNTED:
        yield living.wrong(
            checks.NOT_ACTED_ON,
            f"nobody has acted on generation {generation} yet",
            living.field("status", "observedGeneration"),
            since=living.written("spec") or living.created,
        )
        return
    requested = living.annotation(_REQUESTED)
    if requested and requested != living.status.get("lastHandledReconcileAt"):
        place = ("metadata", "annotations", _REQUESTED)
        yield living.wrong(
            checks.NOT_ACTED_ON,
            f"nobody has acted on the reconciliation that was requested at {requested}",
            living.field(*place),
            since=scalars.moment(requested) or living.written(*place) or living.created,
        )


def _drifted(living: Living, conditions: Conditions) -> Iterator[Deviation]:
    drifted = conditions.get("Drifted")
    if drifted is not None and drifted.status == "True":
        told = f"Flux sees drift: {drifted.told}"
        yield living.wrong(checks.RELEASE_DRIFTED, told, living.condition(drifted))


def _stalled(living: Living, conditions: Conditions) -> Iterator[Deviation]:
    stalled = conditions.get("Stalled")
    if stalled is not None and stalled.status == "True":
        told = f"will not be tried again: {stalled.told}"
        yield living.wrong(checks.STALLED, told, living.condition(stalled))


def _release(living: Living, conditions: Conditions) -> Iterator[Deviation]:
    """Only releases have such conditions."""
    failures = number(living.status.get("failures"))
    released, remediated = conditions.get("Released"), conditions.get("Remediated")
    if remediated is not None and remediated.status == "True":
        told = f"was remediated after {failures} failures: {remediated.told}"
        yield living.wrong(checks.RELEASE_FAILED, told, living.condition(remediated))
    elif released is not None and released.status == "False" and failures:
        action = text(living.status.get("lastAttemptedReleaseAction")) or "release"
        told = f"{action} failed, {failures} times so far: {released.told}"
        yield living.wrong(checks.RELEASE_FAILED, told, living.condition(released))


def _not_ready(living: Living, conditions: Conditions) -> Iterator[Deviation]:
    ready = conditions.get("Ready")
    if ready is None:
        return
    field = living.condition(ready)
    if ready.status == "False":
        blocked = ready.reason == _BLOCKED
        check = checks.BLOCKED if blocked else checks.NOT_READY
        since = _earliest(ready.since, None if blocked else _failing_since(living))
        yield living.wrong(check, ready.told, field, since=since or living.created)
    elif ready.status == "Unknown" and _is_retrying(living, conditions):
        since = ready.since or living.created
        yield living.wrong(checks.NOT_READY, f"is tried again: {ready.told}", field, since=since)


def _never_applied(living: Living, conditions: Conditions) -> Iterator[Deviation]:
    attempted = text(living.status.get("lastAttemptedRevision"))
    applied = living.status.get("lastAppliedRevision")
    if not attempted or attempted == applied or "Released" in conditions:
        return
    if living.ref.kind == "Kustomization":
        ready = conditions.get("Ready")
        yield living.wrong(
            checks.NEVER_APPLIED,
            f"{attempted} was attempted and never applied; applied is {applied or 'nothing'}",
            living.field("status", "lastAttemptedRevision"),
            since=(ready.since if ready else None) or living.created,
        )


def _other_chart(living: Living) -> Iterator[Deviation]:
    """An exact version that is not installed, although nothing is said to be wrong.

    A version is asked for of chart repositories alone; elsewhere it is whatever lies there:
    https://fluxcd.io/flux/components/helm/helmreleases/#chart-template
    """
    asked = mapping(mapping(living.spec.get("chart")).get("spec"))
    version = text(asked.get("version"))
    last = next(iter(mappings(living.status.get("history"))), {})
    runs = text(last.get("chartVersion"))
    is_exact = mapping(asked.get("sourceRef")).get("kind") == "HelmRepository"
    if not runs or not is_exact or not _EXACT.fullmatch(version) or _plain(version) == _plain(runs):
        return
    since = living.written("spec", "chart", "spec", "version") or living.created
    told = f"runs version {runs} of its chart, and {version} is asked for"
    field = living.field("status", "history", 0, "chartVersion")
    yield living.wrong(checks.OTHER_CHART, told, field, since=since)


def _plain(version: str) -> str:
    """A version without its spelling: https://semver.org/#spec-item-10 has build metadata not count."""
    return version.removeprefix("v").partition("+")[0]


def _is_retrying(living: Living, conditions: Conditions) -> bool:
    """Tell whether the last attempt failed and another one is under way."""
    busy = conditions.get("Reconciling")
    if busy is not None and busy.reason == _RETRYING:
        return True
    last = next(iter(mappings(living.status.get("history"))), {})
    said = text(last.get("lastReconciledStatus"))
    return bool(number(living.status.get("failures")) or (said and said != _SUCCEEDED))


def _failing_since(living: Living) -> datetime | None:
    """Since when no attempt succeeded, by the history that newer versions keep (latest first).

    With every attempt the times of conditions begin anew; those of the history do not.
    """
    history = mappings(living.status.get("history"))
    if not history or not _failed(history[0]):
        return None
    ended = [scalars.moment(one.get("lastReconciled")) for one in history if not _failed(one)]
    began = [scalars.moment(one.get("firstReconciled")) for one in history]
    last_success = max((time for time in ended if time), default=None)
    return last_success or min((time for time in began if time), default=None)


def _failed(snapshot: Mapping[str, object]) -> bool:
    said = text(mapping(snapshot).get("lastReconciledStatus"))
    return bool(said) and said != _SUCCEEDED


def _earliest(*times: datetime | None) -> datetime | None:
    return min((time for time in times if time), default=None)
