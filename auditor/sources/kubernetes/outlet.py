"""Where a cluster source leaves what it heard, and whom it tells.

The one place that knows that an autoscaler concerns another object too. It refuses to know connections.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from auditor.domain.identity import GroupVersionKind, ObjectRef
from auditor.domain.pair import Doubt
from auditor.ports import Clock
from auditor.sources.kubernetes.intake import Declared, Intake, Notice
from auditor.sources.kubernetes.link import Link
from auditor.sources.kubernetes.plan import Plan
from auditor.sources.kubernetes.target import Target
from auditor.state import scalers
from auditor.state.actual import ActualState
from auditor.state.actual_kind import EVERYWHERE, ActualKind
from auditor.state.scalers import Scalers


class Outlet:
    """The state of one cluster and the queue, as seen from its source.

    ``notice`` takes names to look at and never blocks; ``declared`` names every declared object of a
    kind in this cluster; ``learned`` hears that the cluster serves something else now.
    """

    def __init__(
        self,
        actual: ActualState,
        scalers: Scalers,
        *,
        notice: Notice,
        declared: Declared,
        learned: Callable[[], None] = lambda: None,
    ) -> None:
        self.actual = actual
        self.learned = learned
        self._scalers = scalers
        self._notice = notice
        self._declared = declared
        self._told = asyncio.Event()

    def intake(self, target: Target, link: Link) -> Intake:
        """The way in for one target."""
        kind, notice = self.actual.kind(target.gvk), self._teller(target.gvk)
        return Intake(kind, target, link, notice=notice, declared=self._declared)

    def adopt(self, plan: Plan, clock: Clock) -> None:
        """Doubt what the plan doubts, and forget what it does not know."""
        for gvk, kind in self.actual.kinds.items():
            scopes = plan.scopes(gvk)
            if gvk not in plan.doubts and not (scopes and scopes >= kind.standings.keys()):
                self.actual.forget(gvk)
                self._tell_all(kind)
        for gvk, doubt in plan.doubts.items():
            self._doubt(gvk, doubt, clock)
        self._told.set()

    def _doubt(self, gvk: GroupVersionKind, doubt: Doubt, clock: Clock) -> None:
        """Nothing of this kind can be known, so nothing that was known is kept."""
        known = self.actual.kind(gvk)
        standing = known.standings.get(EVERYWHERE)
        if standing is not None and standing.doubt is doubt and not len(known):
            return
        self.actual.forget(gvk)
        self.actual.kind(gvk).standings.settle(EVERYWHERE, doubt, clock.now())
        self._tell_all(known)

    async def told(self) -> None:
        """Wait until something is told or decided."""
        self._told.clear()
        await self._told.wait()

    def _tell_all(self, kind: ActualKind) -> None:
        """Everything of a kind is to be looked at, whether it was held or is declared."""
        self._teller(kind.gvk)([*kind.refs(), *self._declared(kind.gvk.group_kind)])

    def _teller(self, gvk: GroupVersionKind) -> Notice:
        return self._tell_of_autoscalers if gvk == scalers.KIND else self._tell

    def _tell(self, refs: Iterable[ObjectRef]) -> None:
        self._notice(refs)
        self._told.set()

    def _tell_of_autoscalers(self, refs: Iterable[ObjectRef]) -> None:
        """An autoscaler that changed is news of what it scales, and of what it has scaled."""
        autoscalers = list(refs)
        scaled: set[ObjectRef] = set()
        for ref in autoscalers:
            manifest = self.actual.manifest(ref, scalers.KIND.version)
            scaled |= self._scalers.put(manifest) if manifest else self._scalers.delete(ref)
        self._tell([*autoscalers, *scaled])
