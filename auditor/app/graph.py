"""The parts of the auditor, connected; the same for a run, a scan, a replay and an explanation."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import product

from prometheus_client import CollectorRegistry

from auditor.app.clusters import ClusterPart, Surroundings, open_cluster
from auditor.app.governance import governance
from auditor.app.leavings import Leavings
from auditor.app.notices import Notices
from auditor.app.renderers import load_renderers
from auditor.app.repositories import GitSide, Kit, atlas_of, open_git, roots_of
from auditor.app.seams import Seams
from auditor.app.signals import Signals
from auditor.app.surroundings import KnownObjects
from auditor.config.document import Configuration
from auditor.domain.capabilities import NO_CLUSTER, Capabilities
from auditor.domain.expiry import OWN, expiring
from auditor.domain.finding import Deviation
from auditor.domain.identity import GroupKind, ObjectRef
from auditor.domain.judge import Comparison
from auditor.domain.manifest import Body
from auditor.domain.owner_rules import TOOLS
from auditor.domain.pair import Doubt, Neighbour, Pair
from auditor.pipeline.agenda import Agenda
from auditor.pipeline.confirmer import Asking, Confirmer
from auditor.pipeline.pairing import ClusterState, Pairs
from auditor.pipeline.queue import RefQueue
from auditor.pipeline.worker import Judging, Knowledge, Worker
from auditor.plugins import PluginKind, installed, load_plugin
from auditor.ports import Comparator, Renderer
from auditor.ports.delivery import Ledger
from auditor.sources.git.declaring import Outlets
from auditor.state.actual_kind import PartOfKind, always_whole
from auditor.state.compared import compared_parts
from auditor.state.desired import DesiredState
from auditor.state.moves import KINDS, Moves
from auditor.state.neighbours import Neighbourhood
from auditor.state.owners import Owners
from auditor.state.revisions import RevisionStore
from auditor.state.roots import Root
from auditor.state.suppressions import Suppressions
from auditor.state.verdicts import Verdicts


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What outlives the process."""

    ledger: Ledger
    revisions: RevisionStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Every part that somebody outside needs to reach."""

    clusters: Mapping[str, ClusterPart]
    git: GitSide
    desired: DesiredState
    notices: Notices
    judging: Judging
    knowledge: Knowledge
    worker: Worker
    signals: Signals

    @property
    def queue(self) -> RefQueue:
        """The names of objects that are to be looked at."""
        return self.notices.queue

    def tick(self) -> None:
        """Do what time alone makes due."""
        self.worker.tick()
        self._note_heads()
        self.notices.reconsider(self.everything)

    def _note_heads(self) -> None:
        """Look again at what fetches from a repository that moved, once it should have followed.

        Most of it will have said by then that it did, and was looked at for that.
        """
        moves, at = self.notices.neighbours.moves, self.git.clock.now()
        seen = self.git.forest.editions.heads.items()
        moved = [moves.note(edition, commit, at) for edition, commit in seen]
        if any(moved):
            by = at + self.judging.rules.lagging_after
            for cluster, kind in product(self.clusters.values(), KINDS):
                for ref in cluster.state.actual.refs_of(kind):
                    self.knowledge.agenda.bring_forward(ref, by)

    def everything(self) -> Iterator[ObjectRef]:
        """All objects that are declared, alive, or have an open finding; and rules that expire."""
        yield from expiring(self.judging.rules)
        for name, cluster in self.clusters.items():
            yield from self.desired.refs(name)
            yield from cluster.state.actual.refs()
        for tracked in self.knowledge.ledger.open_findings():
            if tracked.finding.ref.cluster in {*self.clusters, OWN}:
                yield tracked.finding.ref


@asynccontextmanager
async def open_graph(
    configuration: Configuration, seams: Seams, memory: Memory, registry: CollectorRegistry
) -> AsyncIterator[Graph]:
    """Build and connect everything between the outside and the ledger; nothing runs yet.

    Raises:
        ConfigError: a cluster or repository cannot be used as configured.
        PluginError: a comparator or renderer does not load.

    """
    async with AsyncExitStack() as stack:
        yield await _Assembly(configuration, seams, memory, registry).build(stack)


class _Assembly:
    """Connects parts that know each other only through callables."""

    def __init__(
        self,
        configuration: Configuration,
        seams: Seams,
        memory: Memory,
        registry: CollectorRegistry,
    ) -> None:
        self._configuration = configuration
        self._seams = seams
        self._memory = memory
        self._signals = Signals.on(registry)
        owners = Owners(self._body_of, self._signals.pipeline.owner_rule_unsupported)
        neighbours = Neighbourhood(
            self._neighbour, owners.find, self._is_declared, Moves(atlas_of(configuration))
        )
        self._notices = Notices(RefQueue(), owners, neighbours)
        self._clusters: dict[str, ClusterPart] = {}
        self._desired = DesiredState(roots_of(configuration), scope=self._is_namespaced)

    async def build(self, stack: AsyncExitStack) -> Graph:
        """Build all parts, the outermost first."""
        around = self._surroundings()
        for choice in self._configuration.clusters:
            cluster = await open_cluster(choice, around, stack)
            cluster.source.want(Leavings(self._memory.ledger).kinds(choice.name))
            self._clusters[choice.name] = cluster
        git = await self._git(stack)
        judging = self._judging()
        knowledge = self._knowledge(git, self._confirmers(judging))
        worker = Worker(
            self._notices.queue,
            judging,
            knowledge,
            clock=self._seams.clock,
            events=self._signals.pipeline,
        )
        self._watch(knowledge)
        self._notices.add(expiring(judging.rules))
        return Graph(
            clusters=self._clusters,
            git=git,
            desired=self._desired,
            notices=self._notices,
            judging=judging,
            knowledge=knowledge,
            worker=worker,
            signals=self._signals,
        )

    def _surroundings(self) -> Surroundings:
        return Surroundings(
            seams=self._seams,
            signals=self._signals,
            notice=self._notices.add,
            declared=self._declared,
            learned=self._notices.stirred.set,
            cache=self._configuration.store.cache,
            part_of=_part_of(),
        )

    async def _git(self, stack: AsyncExitStack) -> GitSide:
        known = KnownObjects(self._desired, self._states(), self._notices.stirred)
        outlets = Outlets(
            desired=self._desired,
            revisions=self._memory.revisions,
            notice=self._declared_anew,
            events=self._signals.git,
            reconsider=self._notices.owners.mark_changed,
        )
        kit = Kit(
            seams=self._seams,
            renderers=self._renderers(roots_of(self._configuration)),
            outlets=outlets,
            known=known,
            atlas=atlas_of(self._configuration),
            capabilities_of=self._capabilities_of,
        )
        git = await open_git(self._configuration, kit, stack)
        self._notices.listeners.append(known.note)
        return git

    def _renderers(self, roots: Sequence[Root]) -> dict[str, Renderer]:
        """Load what configured roots name, and what owners may call for where any are followed."""
        names = {root.renderer for root in roots}
        if any(root.discover for root in roots):
            names |= {plugin.name for plugin in installed(PluginKind.RENDERER)}
        cache, charts = self._configuration.store.cache, self._configuration.charts
        loaded = load_renderers(names, cache, charts)
        return {name: self._seams.renderer(renderer) for name, renderer in loaded.items()}

    def _states(self) -> dict[str, ClusterState]:
        return {name: cluster.state for name, cluster in self._clusters.items()}

    def _judging(self) -> Judging:
        rules = self._configuration.rules
        governs = governance(rules.unmanaged, self._desired)
        states, left_over = self._states(), Leavings(self._memory.ledger).of
        neighbours = self._notices.neighbours
        pairs = Pairs(self._desired, states, governs, neighbours, left_over=left_over)
        compiled = replace(rules.compiled(), of_owner=self._notices.owners.rules_for)
        return Judging(pair_of=pairs.of, compare=load_comparison(), rules=compiled)

    def _confirmers(self, judging: Judging) -> dict[str, Confirmer]:
        events, confirmers = self._signals.confirmations, {}
        for choice in self._configuration.clusters:
            dry_runs = self._clusters[choice.name].dry_runs
            if dry_runs is not None:
                events.cluster_watched(choice.name)
                asking = Asking(
                    ask=dry_runs.ask,
                    pair_of=judging.pair_of,
                    notice=self._notices.queue.add,
                    per_second=choice.confirm.per_second,
                )
                confirmer = Confirmer(asking, clock=self._seams.clock, events=events)
                confirmers[choice.name] = confirmer
        return confirmers

    def _knowledge(self, git: GitSide, confirmers: Mapping[str, Confirmer]) -> Knowledge:
        return Knowledge(
            ledger=self._memory.ledger,
            verdicts=Verdicts(),
            suppressions=Suppressions(),
            agenda=Agenda(),
            settle=self._desired.settle,
            confirmers=confirmers,
            attribute=git.provenance.attribute,
        )

    def _watch(self, knowledge: Knowledge) -> None:
        """Let the gauges read what they show."""
        events = self._signals.pipeline
        events.queue_watched(lambda: self._notices.queue.depth)
        for name in self._clusters:
            events.cluster_watched(name, knowledge.verdicts.count)
        for rule in self._configuration.rules.ignore:
            events.rule_watched(rule.id, partial(knowledge.suppressions.count, rule.id))
        for tool in TOOLS:
            events.rule_watched(f"{tool}/*", partial(knowledge.suppressions.count_of, tool))
        events.owners_watched(self._notices.owners.unsupported)

    def _body_of(self, ref: ObjectRef) -> Body | None:
        """An object as it is declared, or else as it lives."""
        known = self._neighbour(ref)
        manifest = known.desired or known.actual
        return manifest.body if manifest else None

    def _neighbour(self, ref: ObjectRef) -> Neighbour:
        """An object as it is declared, and as it lives where its cluster is one of those configured."""
        declaration = self._desired.declaration(ref)
        part = self._clusters.get(ref.cluster)
        return Neighbour(
            ref=ref,
            desired=declaration.manifest if declaration else None,
            actual=part.state.actual.manifest(ref) if part else None,
            doubt=part.state.actual.doubt(ref) if part else Doubt.NOT_WATCHED,
            environment=self._desired.followed.environment(ref),
        )

    def _is_declared(self, ref: ObjectRef) -> bool:
        return self._desired.objects.get(ref) is not None

    def _is_namespaced(self, cluster: str, kind: GroupKind) -> bool | None:
        part = self._clusters.get(cluster)
        return part.source.is_namespaced(kind) if part else None

    def _declared(self, cluster: str, kind: GroupKind) -> Iterable[ObjectRef]:
        """Every declared object of a kind; more may be known of kinds now, so places follow first."""
        self._notices.add(self._desired.rescope(cluster))
        return (ref for ref in self._desired.refs(cluster) if ref.group_kind == kind)

    def _capabilities_of(self, cluster: str) -> Capabilities | None:
        part = self._clusters.get(cluster)
        return part.source.capabilities if part else NO_CLUSTER

    def _declared_anew(self, refs: Iterable[ObjectRef]) -> None:
        """Declarations changed: look at those objects, and watch the kinds that are declared now."""
        self._notices.add(refs)
        for name, cluster in self._clusters.items():
            cluster.source.want(self._desired.kinds(name))


def load_comparison() -> Comparison:
    """All installed comparators as one, in the order of their names.

    Raises:
        PluginError: one of them does not load.

    """
    comparators = _comparators()

    def compare(pair: Pair) -> Iterator[Deviation]:
        for comparator in comparators:
            yield from comparator(pair)

    return compare


def _comparators() -> list[Comparator]:
    names = [plugin.name for plugin in installed(PluginKind.COMPARATOR)]
    return [load_plugin(PluginKind.COMPARATOR, name) for name in names]


def _part_of() -> PartOfKind:
    """What of an object is news: all of it, unless every comparator says whose status it reads."""
    read = [getattr(comparator, "reads_status_of", None) for comparator in _comparators()]
    known = [kinds for kinds in read if kinds is not None]
    if len(known) < len(read):
        return always_whole
    return compared_parts(frozenset[GroupKind]().union(*known))
