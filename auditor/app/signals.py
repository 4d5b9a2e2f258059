"""Everything that the parts say of themselves, on one registry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from prometheus_client import CollectorRegistry

from auditor.telemetry.cluster import ClusterEvents
from auditor.telemetry.confirmations import ConfirmationEvents
from auditor.telemetry.git import GitEvents
from auditor.telemetry.pipeline import PipelineEvents
from auditor.telemetry.sources import SourceEvents


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """One instance of each area's events."""

    registry: CollectorRegistry
    pipeline: PipelineEvents
    sources: SourceEvents
    cluster: ClusterEvents
    git: GitEvents
    confirmations: ConfirmationEvents

    @classmethod
    def on(cls, registry: CollectorRegistry) -> Self:
        """Make all of them on a registry."""
        sources = SourceEvents(registry)
        return cls(
            registry=registry,
            pipeline=PipelineEvents(registry),
            sources=sources,
            cluster=ClusterEvents(registry),
            git=GitEvents(registry, sources),
            confirmations=ConfirmationEvents(registry),
        )
