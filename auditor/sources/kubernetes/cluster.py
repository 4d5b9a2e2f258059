"""One cluster as a source: what it serves, what of it is watched, and how far that is known.

Finds out which kinds are served, watches those that are declared or selected, keeps up as declarations
and CustomResourceDefinitions come and go, and supplies the schemas. It decides nothing about objects: the
state holds them, and their names go to whoever looks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Final

from auditor.domain.capabilities import NO_CLUSTER, Capabilities
from auditor.domain.identity import GroupKind, GroupVersionKind
from auditor.domain.pair import Doubt
from auditor.errors import RetryableError
from auditor.sources.kubernetes.catalogue import Catalogue
from auditor.sources.kubernetes.hints import DEFINITIONS, SERVICES, watch_for_hints
from auditor.sources.kubernetes.link import Link
from auditor.sources.kubernetes.openapi import Schemas
from auditor.sources.kubernetes.outlet import Outlet
from auditor.sources.kubernetes.plan import Plan, Selection, make_plan
from auditor.sources.kubernetes.reflector import Reflector
from auditor.sources.kubernetes.roster import Roster
from auditor.sources.kubernetes.target import Target

_REVIEW: Final = 5.0
"""Seconds between two looks at how certain everything is."""


class ClusterSource:
    """Feeds the state of one cluster until cancelled; several run side by side."""

    def __init__(
        self, link: Link, outlet: Outlet, selection: Selection, *, schemas: Schemas | None = None
    ) -> None:
        self._link = link
        self._outlet = outlet
        self._selection = selection
        self._schemas = schemas
        self._catalogue = Catalogue(link, outlet.learned)
        self._wanted: frozenset[GroupVersionKind] = frozenset()
        self._roster: Roster | None = None

    def want(self, kinds: Iterable[GroupVersionKind]) -> None:
        """Watch what is declared now.

        A kind that is declared no more stays watched until a restart, for what was declared may live on;
        a version gives way to another one of its kind.
        """
        wanted = frozenset(kinds)
        declared = {gvk.group_kind for gvk in wanted}
        wanted |= {gvk for gvk in self._wanted if gvk.group_kind not in declared}
        if wanted != self._wanted:
            self._wanted = wanted
            self._catalogue.hint()

    @property
    def capabilities(self) -> Capabilities | None:
        """What charts are told of the cluster; ``None`` until it was asked."""
        return self._catalogue.capabilities

    async def ask(self) -> None:
        """Ask what is served; where nobody answers, charts are told of no cluster rather than wait.

        Raises:
            SourceUnavailable: the cluster cannot be asked.

        """
        try:
            await self._catalogue.refresh()
        except RetryableError:
            self._catalogue.capabilities = self._catalogue.capabilities or NO_CLUSTER
            raise

    def is_namespaced(self, group_kind: GroupKind) -> bool | None:
        """Tell whether objects of a kind live in namespaces; ``None`` where that is not known."""
        return self._catalogue.served.is_namespaced(group_kind)

    def nearest_kind(self, group_kind: GroupKind) -> GroupKind | None:
        """The served kind that an unknown one was probably meant to be."""
        return self._catalogue.served.nearest(group_kind)

    def place_of(self, gvk: GroupVersionKind, namespace: str) -> Target | None:
        """Where objects of a kind are served; ``None`` where it is not served so."""
        kind = self._catalogue.served.find(gvk)
        if kind is None:
            return None
        return Target(
            gvk=gvk, resource=kind.resource, namespace=namespace if kind.namespaced else ""
        )

    def readiness(self) -> Mapping[GroupVersionKind, Doubt | None]:
        """Every kind that is to be known, and what stands in the way of it."""
        known = {gvk: kind.standings.worst() for gvk, kind in self._outlet.actual.kinds.items()}
        return dict.fromkeys(self._wanted, Doubt.NOT_SYNCED) | known

    async def synced(self, timeout: float) -> bool:  # noqa: ASYNC109 - an answer, not an error
        """Wait until every kind is listed or doubted for good reason; tell whether that came true."""
        try:
            async with asyncio.timeout(timeout):
                while not self._catalogue.served or Doubt.NOT_SYNCED in self.readiness().values():
                    await self._outlet.told()
        except TimeoutError:
            return False
        return True

    async def list_once(self) -> None:
        """Ask and list everything once, without watching; what fails stays in doubt.

        Raises:
            SourceUnavailable: the cluster cannot be asked what it serves.

        """
        await self._catalogue.refresh()
        plan = await self._prepare()
        async with asyncio.TaskGroup() as group:
            for target in plan.targets:
                group.create_task(self._reflector(target).list_once(), name=f"list {target}")

    async def run(self) -> None:
        """Watch until cancelled."""
        link, catalogue = self._link, self._catalogue
        async with asyncio.TaskGroup() as group:
            self._roster = Roster(group, self._reflector)
            group.create_task(link.transport.run(), name="watchdog")
            group.create_task(self._review(self._roster), name="review")
            for target in (DEFINITIONS, SERVICES):
                group.create_task(watch_for_hints(target, link, catalogue.hint), name=f"{target}")
            await catalogue.run(self._refreshed)

    async def _refreshed(self) -> None:
        plan = await self._prepare()
        if self._roster is not None:
            self._roster.keep(plan.targets)

    async def _prepare(self) -> Plan:
        """Plan what is watched, and have its schemas first: without them, what comes cannot be judged."""
        await self._supply(self._plan())
        plan = self._plan()  # What is declared may have changed meanwhile.
        self._outlet.adopt(plan, self._link.clock)
        return plan

    def _plan(self) -> Plan:
        return make_plan(self._wanted, self._catalogue.served, self._selection)

    async def _supply(self, plan: Plan) -> None:
        """Fetch the schemas of what is watched; where that fails the old ones stay in use."""
        if self._schemas is None:
            return
        try:
            await self._schemas.refresh(target.gvk.api_version for target in plan.targets)
        except RetryableError as error:
            self._link.events.schemas_failed(self._link.cluster, error)

    async def _review(self, roster: Roster) -> None:
        link = self._link
        while True:
            await link.clock.sleep(_REVIEW)
            roster.review()
            link.events.kinds_counted(link.cluster, self.readiness().values())

    def _reflector(self, target: Target) -> Reflector:
        return Reflector(target, self._link, self._outlet.intake(target, self._link))
