"""Is Argo CD able to do what it was told? From what its Applications and ApplicationSets say of themselves.

One finding for one cause: where reconciliation is switched off, nothing else is said, and where a sync
failed, it is not said as well that the Application is out of sync. That Git moved is told by the objects
that are behind, with the time that they have; here an Application is out of sync only where the cluster
moved. This module refuses to look at the objects that Argo CD applies.

https://argo-cd.readthedocs.io/en/stable/user-guide/auto_sync/,
https://github.com/argoproj/argo-cd/blob/v3.1.0/pkg/apis/application/v1alpha1/types.go
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from auditor.domain import checks
from auditor.domain.finding import Deviation
from auditor.domain.gitops.argocd_progress import oversight_of
from auditor.domain.pair import Pair
from comparators import scalars
from comparators.status import Living, clipped, mapping, mappings, number, text

_SKIP: Final = "argocd.argoproj.io/skip-reconcile"
_FAILED: Final = frozenset({"Failed", "Error"})
_SHORT: Final = 10


def application(living: Living, pair: Pair) -> Iterator[Deviation]:
    """Say what is wrong with an Application."""
    if living.annotation(_SKIP) == "true":
        field = living.field("metadata", "annotations", _SKIP)
        by = f" by {field.writer.manager}" if field.writer else ""
        yield living.wrong(checks.SWITCHED_OFF, f"reconciliation is switched off{by}", field)
        return
    operation = mapping(living.status.get("operationState"))
    phase = text(operation.get("phase"))
    yield from _errors(living, has_failed=phase in _FAILED)
    yield from list(_unseen(living)) or _not_compared(living, pair)
    yield from _operation(living, operation, phase)
    yield from _health(living)
    if phase not in {*_FAILED, "Running"}:
        yield from _out_of_sync(living, operation)


def application_set(living: Living, _pair: Pair) -> Iterator[Deviation]:
    """Say what is wrong with an ApplicationSet."""
    for one in living.conditions():
        if (one.type, one.status) in {("ErrorOccurred", "True"), ("ResourcesUpToDate", "False")}:
            field, since = living.condition(one), one.since or living.created
            yield living.wrong(checks.GENERATION_FAILED, one.told, field, since=since)
            return


def _errors(living: Living, *, has_failed: bool) -> Iterator[Deviation]:
    """Conditions that are errors; that a sync failed is said once."""
    errors = [one for one in living.conditions() if one.type.endswith("Error")]
    told = [one for one in errors if not (has_failed and one.type == "SyncError")]
    if told:
        message = clipped("; ".join(f"{one.type}: {one.message}" for one in told))
        fields = [living.condition(one) for one in told]
        yield living.wrong(checks.APPLICATION_ERROR, message, *fields)


def _unseen(living: Living) -> Iterator[Deviation]:
    """What is compared is looked at anew whenever the spec differs from it, so that never lasts.

    https://github.com/argoproj/argo-cd/blob/v3.1.0/controller/appcontroller.go (needRefreshAppStatus)
    """
    compared = mapping(mapping(living.status.get("sync")).get("comparedTo"))
    is_hydrated = "sourceHydrator" in living.spec  # then another source is compared than is written
    if (
        not compared
        or is_hydrated
        or any(one.type.endswith("Error") for one in living.conditions())
    ):
        return
    source = "sources" if living.spec.get("sources") else "source"
    ignored = ("ignoreDifferences",) if "ignoreDifferences" in compared else ()  # new in 2.6
    others = [
        name
        for name in (source, "destination", *ignored)
        if _bare(living.spec.get(name)) != _bare(compared.get(name))
    ]
    if others:
        told = f"its status is about an earlier spec: {' and '.join(others)} changed since"
        since = living.written("spec") or living.created
        yield living.wrong(checks.STATUS_OUTDATED, told, since=since)


def _not_compared(living: Living, pair: Pair) -> Iterator[Deviation]:
    """What nobody compared, of a repository that is followed here too. It stands for all that waits."""
    oversight = oversight_of(pair.actual, pair.heads) if pair.actual else None
    if oversight is not None:
        told = f"was compared with {oversight.compared[:_SHORT]}, and Git is at {oversight.head[:_SHORT]}"
        field = living.field("status", "sync", "revision")
        said = living.wrong(checks.NOT_COMPARED, told, field, since=oversight.since)
        yield replace(said, patience=pair.looks)


def _bare(value: Any) -> Any:
    """A value without what says nothing, as it comes back from Argo CD."""
    if isinstance(value, Mapping):
        return {name: bare for name, one in value.items() if (bare := _bare(one))}
    return [_bare(one) for one in value] if isinstance(value, list) else value


def _operation(living: Living, operation: Mapping[str, Any], phase: str) -> Iterator[Deviation]:
    asked = mapping(mapping(operation.get("operation")).get("sync"))
    result = mapping(operation.get("syncResult"))
    revision = text(result.get("revision")) or text(asked.get("revision"))
    what = f"the sync of {revision[:_SHORT]}" if revision else "a sync"
    retries = number(operation.get("retryCount"))
    again = f" after {retries} retries" if retries else ""
    field = living.field("status", "operationState", "phase")
    if phase in _FAILED:
        why = clipped(text(operation.get("message")))
        yield living.wrong(checks.SYNC_FAILED, f"{what} failed{again}: {why}", field)
    elif phase == "Running":
        started = scalars.moment(operation.get("startedAt"))
        told = f"{what} is running{again}"
        yield living.wrong(checks.SYNC_FAILED, told, field, since=started or living.created)


def _health(living: Living) -> Iterator[Deviation]:
    health = mapping(living.status.get("health"))
    status, why = text(health.get("status")), clipped(text(health.get("message")))
    told, field = f"{status}{f': {why}' if why else ''}", living.field("status", "health", "status")
    if status == "Degraded":
        yield living.wrong(checks.UNHEALTHY, told, field)
    elif status == "Missing":
        since = scalars.moment(health.get("lastTransitionTime")) or living.created
        yield living.wrong(checks.UNHEALTHY, told, field, since=since)


def _out_of_sync(living: Living, operation: Mapping[str, Any]) -> Iterator[Deviation]:
    sync = mapping(living.status.get("sync"))
    history = mappings(living.status.get("history"))
    if sync.get("status") != "OutOfSync" or (history and _has_moved(sync, history[-1])):
        return
    automated = mapping(mapping(living.spec.get("syncPolicy")).get("automated"))
    heals = automated.get("selfHeal") is True and automated.get("enabled") is not False
    resources = mappings(living.status.get("resources"))
    count = sum(one.get("status") == "OutOfSync" for one in resources)
    yield living.wrong(
        checks.OUT_OF_SYNC if heals else checks.NOT_HEALING,
        f"is out of sync in {count} object{'s' * (count != 1)}"
        + ("" if heals else " and does not heal itself"),
        living.field("status", "sync", "status"),
        since=_synced_last(living, operation, history) or living.created,
    )


def _has_moved(sync: Mapping[str, Any], deployed: Mapping[str, Any]) -> bool:
    """Tell whether Git is at another revision than the one that was synced last."""
    return (sync.get("revision") or "", sync.get("revisions") or []) != (
        deployed.get("revision") or "",
        deployed.get("revisions") or [],
    )


def _synced_last(
    living: Living, operation: Mapping[str, Any], history: list[Mapping[str, Any]]
) -> datetime | None:
    """The last moment at which it may have been in sync; since when it is not, nobody records.

    Healing by itself says nothing: it is tried again and again while it does not help.
    """
    by_itself = mapping(mapping(operation.get("operation")).get("initiatedBy")).get("automated")
    times = (
        scalars.moment(history[-1].get("deployedAt")) if history else None,
        None if by_itself else scalars.moment(operation.get("finishedAt")),
        living.written("spec"),
    )
    return max((time for time in times if time), default=None)
