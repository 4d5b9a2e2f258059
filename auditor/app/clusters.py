"""Builds the cluster side: for each cluster a state, and the source that feeds it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import msgspec

from auditor.app.seams import Seams
from auditor.app.signals import Signals
from auditor.config.clusters import Cluster
from auditor.domain.identity import GroupKind, ObjectRef
from auditor.pipeline.pairing import ClusterState
from auditor.ports import DryRunning
from auditor.sources.kubernetes.cluster import ClusterSource
from auditor.sources.kubernetes.dry_run import DryRuns
from auditor.sources.kubernetes.link import Health, Link
from auditor.sources.kubernetes.openapi import Schemas as SchemaSource
from auditor.sources.kubernetes.outlet import Outlet
from auditor.sources.kubernetes.plan import Selection
from auditor.sources.kubernetes.watchdog import Watchdog
from auditor.state.actual import ActualState
from auditor.state.actual_kind import PartOfKind
from auditor.state.scalers import Scalers
from auditor.state.schemas import Schemas

Notice = Callable[[Iterable[ObjectRef]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What every cluster's parts need of the rest of the graph."""

    seams: Seams
    signals: Signals
    notice: Notice
    declared: Callable[[str, GroupKind], Iterable[ObjectRef]]
    learned: Callable[[], None]
    cache: Path
    part_of: PartOfKind


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterPart:
    """One cluster: what is known of it, who keeps that so, and who may be asked for evidence."""

    name: str
    state: ClusterState
    source: ClusterSource
    dry_runs: DryRuns | None = None


async def open_cluster(choice: Cluster, around: Surroundings, stack: AsyncExitStack) -> ClusterPart:
    """Connect one cluster; nothing is asked of it yet.

    Raises:
        ConfigError: its kubeconfig cannot be used.

    """
    seams = around.seams
    transport = await stack.enter_async_context(seams.cluster(choice))
    actual, scalers, schemas = (
        ActualState(choice.name, part_of=around.part_of),
        Scalers(),
        Schemas(),
    )
    watchdog = Watchdog(transport, seams.clock)
    link = Link(
        cluster=choice.name,
        transport=watchdog,
        clock=seams.clock,
        jitter=seams.jitter,
        events=around.signals.cluster,
        health=Health(choice.name, seams.clock, around.signals.sources, choice.stale_after),
    )
    outlet = Outlet(
        actual,
        scalers,
        notice=around.notice,
        declared=lambda kind: around.declared(choice.name, kind),
        learned=around.learned,
    )
    supply = SchemaSource(watchdog, _deliver_to(schemas), around.cache / "openapi")
    source = ClusterSource(link, outlet, _selection(choice), schemas=supply)
    state = ClusterState(actual=actual, scalers=scalers, schema_for=schemas.schema_for)
    dry_runs = None
    if choice.confirm.enabled and isinstance(transport, DryRunning):
        dry_runs = DryRuns(transport, source.place_of)
    return ClusterPart(name=choice.name, state=state, source=source, dry_runs=dry_runs)


def _deliver_to(schemas: Schemas) -> Callable[[str, str, bytes], None]:
    def deliver(group_version: str, digest: str, document: bytes) -> None:
        schemas.replace(group_version, digest, msgspec.json.decode(document))

    return deliver


def _selection(choice: Cluster) -> Selection:
    return Selection(
        include=choice.kinds.include, exclude=choice.kinds.exclude, secrets=choice.secrets
    )
