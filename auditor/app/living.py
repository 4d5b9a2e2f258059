"""What lives in one cluster of some kinds, looked at once and without a worker."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from auditor.app.clusters import ClusterPart, Surroundings, open_cluster
from auditor.app.outside import real_seams
from auditor.app.run import new_registry
from auditor.app.signals import Signals
from auditor.config.document import Configuration
from auditor.domain.capabilities import NO_CLUSTER, Capabilities
from auditor.domain.identity import GroupKind, GroupVersionKind
from auditor.domain.pair import Pair
from auditor.domain.proposal import Change
from auditor.domain.schema import Schema
from auditor.errors import RetryableError, TerminalError
from auditor.state.actual_kind import always_whole


class Living:
    """The living side of objects of one cluster."""

    def __init__(self, part: ClusterPart) -> None:
        self._part = part

    async def look(self, kinds: Iterable[GroupVersionKind]) -> list[str]:
        """List all objects of these kinds; return in words what could not be looked at."""
        self._part.source.want(kinds)
        problems: list[str] = []
        try:
            await self._part.source.list_once()
        except* (RetryableError, TerminalError) as failures:
            problems += (f"cluster {self._part.name}: {one}" for one in failures.exceptions)
        return problems

    async def ask(self) -> None:
        """Ask what the cluster serves; where it does not answer, looking tells."""
        with suppress(RetryableError):
            await self._part.source.ask()

    @property
    def capabilities(self) -> Capabilities:
        """What charts are told of the cluster."""
        return self._part.source.capabilities or NO_CLUSTER

    def is_namespaced(self, kind: GroupKind) -> bool | None:
        """Tell whether objects of a kind live in namespaces, as far as it is known by now."""
        return self._part.source.is_namespaced(kind)

    def schema_for(self, gvk: GroupVersionKind) -> Schema | None:
        """How objects of a kind are compared; the built-in knowledge before anything was looked at."""
        return self._part.state.schema_for(gvk)

    def pair(self, change: Change) -> Pair:
        """What is to be declared of an object, and how it lives."""
        state = self._part.state
        declared = change.after or change.before
        version = declared.version if declared else None
        return Pair(
            ref=change.ref,
            desired=change.after,
            actual=state.actual.manifest(change.ref, version),
            doubt=state.actual.doubt(change.ref, version),
            schema=change.schema,
            scaler=state.scalers.of(change.ref),
        )


async def open_living(
    name: str, *, context: str | None, kubeconfig: Path | None, stack: AsyncExitStack
) -> Living:
    """Connect a cluster; nothing is asked of it yet.

    Raises:
        ConfigError: the kubeconfig cannot be used.

    """
    address = {"context": context, "kubeconfig": kubeconfig}
    known = {key: value for key, value in address.items() if value is not None}
    configuration = Configuration.model_validate(
        {
            "apiVersion": "auditor/v1",
            "clusters": [{"name": name, "secrets": True, **known}],
            "repositories": [{"name": "checkout", "url": "/"}],
            "desired": [{"repository": "checkout", "cluster": name}],
        }
    )
    around = Surroundings(
        seams=real_seams(configuration),
        signals=Signals.on(new_registry()),
        notice=lambda _refs: None,
        declared=lambda _cluster, _kind: (),
        learned=lambda: None,
        cache=configuration.store.cache,
        part_of=always_whole,
    )
    return Living(await open_cluster(configuration.clusters[0], around, stack))
