"""What the worker answers when it is asked how things are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from auditor.app.first_look import FirstLook
from auditor.app.graph import Graph
from auditor.domain.finding import Announcement, State, Suppression, TrackedFinding, Verdict
from auditor.domain.identity import ObjectRef
from auditor.domain.pair import Doubt
from auditor.domain.report import Summary
from auditor.http.answers import Condition
from auditor.state.ledger import SqliteLedger


class WorkerAnswers:
    """Answers out of the graph and the ledger."""

    def __init__(self, graph: Graph, ledger: SqliteLedger, *, settled: Callable[[], None]) -> None:
        """Answer; ``settled`` is called once everything was looked at."""
        self._graph = graph
        self._ledger = ledger
        self._first_look = FirstLook(graph.queue, graph.everything, settled)

    def conditions(self) -> Sequence[Condition]:
        """Everything that readiness depends on."""
        looked = Condition(name="first look", met=self._first_look.done)
        return [*self._sources(), looked]

    def summary(self) -> Summary:
        """How many objects have which verdict."""
        return self._graph.knowledge.verdicts.summary()

    def objects(self) -> Iterable[tuple[ObjectRef, Verdict, Doubt | None]]:
        """Every audited object."""
        return self._graph.knowledge.verdicts.all()

    def suppressed(self) -> Iterable[tuple[ObjectRef, Suppression]]:
        """Everything that ignore rules hide now."""
        return self._graph.knowledge.suppressions.all()

    async def findings(self, state: State) -> Sequence[TrackedFinding]:
        """All findings in a state."""
        if state is State.OPEN:
            return self._ledger.open_findings()
        return await self._ledger.findings(state)

    async def find(self, fingerprint: str) -> Sequence[TrackedFinding]:
        """The findings whose id begins so, whatever their state."""
        return await self._ledger.find(fingerprint)

    async def history(self, fingerprint: str) -> Sequence[Announcement]:
        """Every transition of one finding, oldest first."""
        return await self._ledger.history(fingerprint)

    def tick(self) -> None:
        """Let the first look go on, until it is over."""
        if not self._first_look.done:
            self._first_look.tick(known=all(condition.met for condition in self._sources()))

    def _sources(self) -> list[Condition]:
        return [*self._repositories(), *self._clusters()]

    def _repositories(self) -> Iterator[Condition]:
        """A root that was rendered once is met; that it is stale now is said.

        One that was found is met as well once it is known not to render: what it declares is unknown.
        """
        for status in self._graph.desired.roots.all():
            name = f"desired/{status.root.name}"
            reason = status.stale_reason or ("" if status.is_rendered else "not rendered yet")
            met = status.is_rendered or bool(status.root.found and status.stale_reason)
            yield Condition(name=name, met=met, reason=reason)

    def _clusters(self) -> Iterator[Condition]:
        """A cluster is met when every kind is listed, or known not to be for a reason that stays."""
        for name, cluster in self._graph.clusters.items():
            doubts = Counter(doubt for doubt in cluster.source.readiness().values() if doubt)
            waiting = doubts[Doubt.NOT_SYNCED] > 0
            yield Condition(
                name=f"cluster/{name}",
                met=not waiting,
                reason=", ".join(f"{count} kinds {doubt}" for doubt, count in doubts.items()),
            )
