"""What moving from one commit to another would change, as a check of pull requests.

Both commits are rendered from the repository: nothing is checked out, and the working tree may be as it
likes. Without a cluster, what was declared before is taken for what lives. With one, the objects that
differ between the commits are compared with it, and no others are.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from auditor.app.clock import SystemClock
from auditor.app.folders import StandIns
from auditor.app.graph import load_comparison
from auditor.app.grove import Grove
from auditor.app.living import Living, open_living
from auditor.config.repositories import Charts
from auditor.domain.capabilities import NO_CLUSTER
from auditor.domain.finding import Finding, State, TrackedFinding, Verdict
from auditor.domain.identity import GroupKind, ObjectRef
from auditor.domain.judge import Comparison
from auditor.domain.manifest import Manifest
from auditor.domain.proposal import Change, proposed, proposed_alive
from auditor.domain.report import Proposal, Report, Summary
from auditor.domain.scopes import is_namespaced
from auditor.errors import ConfigError, ManifestError
from auditor.ports import RenderRequest, Tree
from auditor.sources.git.directory import Checkout, open_checkout, open_directory
from auditor.sources.git.objects import Objects
from auditor.sources.git.pinpoint import Pinpoint
from auditor.sources.git.provenance import LayersOf, of_one_file
from auditor.sources.git.revisions import RevisionRange, find_range
from auditor.state.atlas import Anywhere
from auditor.state.desired import DesiredState
from auditor.state.roots import Root
from auditor.state.schemas import Schemas


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked: paths of one checkout, and two revisions as `find_range` reads them.

    ``kubeconfig`` or ``context`` name a cluster to compare with; without either none is asked.
    ``discover`` says which owners are followed, ``beside`` which folders stand for other repositories.
    """

    paths: Sequence[Path]
    revisions: str
    namespace: str = ""
    renderer: str = "auto"
    discover: str = ""
    beside: Mapping[str, Path] = field(default_factory=dict)
    context: str | None = None
    kubeconfig: Path | None = None

    @property
    def cluster(self) -> str:
        """What the cluster is called; empty where none is asked."""
        return self.context or ("current" if self.kubeconfig else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What one commit declares, and the files that went in, by path with their content's id.

    ``problems`` is what cannot be known of it, a line each; ``layers_of`` says what is laid over an object.
    """

    desired: DesiredState
    clusters: tuple[str, ...]
    layers_of: LayersOf = of_one_file
    read: Mapping[str, str] = field(default_factory=dict)
    problems: frozenset[str] = frozenset()

    def objects(self) -> dict[ObjectRef, Manifest]:
        """Every object, placed as far as kinds are known."""
        for cluster in self.clusters:
            self.desired.rescope(cluster)
        refs = (ref for cluster in self.clusters for ref in self.desired.refs(cluster))
        found = ((ref, self.desired.declaration(ref)) for ref in refs)
        return {ref: one.manifest for ref, one in found if one and one.manifest}


RenderAt = Callable[[Tree], Awaitable[Declared]]
"""Renders everything that is asked about, as of one commit."""


async def propose(question: Question) -> Report:
    """Tell what moving from one commit to another would change.

    Raises:
        ConfigError: the paths lie in no checkout, or there are no such commits.
        ManifestError: a path is in neither commit, or does not render; says in which.

    """
    checkout = _checkout(question.paths)
    commits = find_range(checkout.repository, question.revisions)
    history = checkout.history
    inside = _inside(question, checkout, history, commits)
    async with AsyncExitStack() as stack:
        living = await _living(question, stack)
        cache = stack.enter_context(tempfile.TemporaryDirectory(prefix="auditor-"))
        render_at = _rendering(question, Within(checkout, inside), living, Path(cache))
        before = await render_at(history.tree(commits.before))
        after = await render_at(history.tree(commits.after))
        proposing = _Proposing(before, after, load_comparison(), living)
        findings = await proposing.findings()
    changed = [path for path, blob in after.read.items() if before.read.get(path) != blob]
    pinpoint = Pinpoint(
        history=history,
        before=commits.before,
        after=commits.after,
        changed=changed,
        layers_of=after.layers_of,
    )
    placed = [await asyncio.to_thread(pinpoint.place, finding) for finding in findings]
    proposal = replace(_proposal(question, commits), unknown=proposing.unknown)
    return replace(proposing.report(placed), proposal=proposal)


async def _living(question: Question, stack: AsyncExitStack) -> Living | None:
    if not question.cluster:
        return None
    living = await open_living(
        question.cluster, context=question.context, kubeconfig=question.kubeconfig, stack=stack
    )
    await living.ask()
    return living


def _checkout(paths: Sequence[Path]) -> Checkout:
    """The one checkout that all paths lie in."""
    found = {path: open_checkout(path) for path in paths}
    for path, checkout in found.items():
        if checkout is None:
            raise ConfigError(
                f"{path} lies in no Git checkout, so there are no revisions to compare. Name a path in "
                "one, or leave --revision out to compare files as they lie there."
            )
    checkouts = {one.root: one for one in found.values() if one}
    if len(checkouts) > 1:
        roots = ", ".join(map(str, checkouts))
        raise ConfigError(f"the paths lie in several checkouts ({roots}). Ask once for each.")
    return next(iter(checkouts.values()))


def _inside(
    question: Question, checkout: Checkout, history: Objects, commits: RevisionRange
) -> list[str]:
    """The paths as the commits have them; each must be in one of the two at least."""
    inside = [checkout.inside(path) for path in question.paths]
    for path in inside:
        if not any(_has(history.tree(one), path) for one in (commits.before, commits.after)):
            raise ManifestError(
                f"is in neither revision of {commits.text}. Correct the path.", path=path
            )
    return inside


def _has(tree: Tree, path: str) -> bool:
    try:
        tree.blobs(path)
    except ManifestError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Within:
    """The checkout that is asked about, and the paths as its commits have them."""

    checkout: Checkout
    paths: Sequence[str]


def _rendering(question: Question, within: Within, living: Living | None, cache: Path) -> RenderAt:
    """Render the paths themselves; each commit that lacks one declares nothing there."""

    async def render_at(tree: Tree) -> Declared:
        folders = StandIns()
        name = folders.add(open_directory(within.checkout.root)[0], tree=tree)
        folders.add_all(question.beside)
        roots = [_root(question, name, path) for path in within.paths if _has(tree, path)]
        grove = Grove(
            roots,
            Anywhere(folders.known, ()),
            [""] * len(roots),
            scope=_scope(living),
            capabilities=living.capabilities if living else NO_CLUSTER,
        )
        try:
            await grove.grow(folders.repositories, cache, Charts())
        except ManifestError as error:
            reason = f"at {tree.revision[:10]}: {error.reason}"
            raise ManifestError(reason, path=error.path, line=error.line) from error
        rendered = grove.rendered().roots
        return Declared(
            desired=grove.desired,
            layers_of=grove.layers_of,
            clusters=tuple({each.root.cluster: None for each in rendered}),
            read={path: blob for each in rendered for path, blob in each.read.items()},
            problems=frozenset(grove.problems()),
        )

    return render_at


def _root(question: Question, repository: str, path: str) -> Root:
    """Several paths are for as many clusters, unless one is asked: they may declare the same objects."""
    cluster = question.cluster or (path if len(question.paths) > 1 else "")
    request = RenderRequest(path=path, cluster=cluster, namespace=question.namespace)
    return Root(
        name=path or ".",
        repository=repository,
        request=request,
        renderer=question.renderer,
        discover=question.discover,
    )


def _scope(living: Living | None) -> Callable[[GroupKind], bool | None]:
    return living.is_namespaced if living else is_namespaced


def _proposal(question: Question, commits: RevisionRange) -> Proposal:
    return Proposal(
        revisions=commits.text,
        before=commits.before,
        after=commits.after,
        cluster=question.cluster,
    )


class _Proposing:
    """Compares what two commits declare, and where there is a cluster that with what lives."""

    def __init__(
        self, before: Declared, after: Declared, compare: Comparison, living: Living | None
    ) -> None:
        self._sides = (before, after)
        self._compare = compare
        self._living = living
        self._builtin = Schemas()
        self._problems = sorted(before.problems ^ after.problems)
        self.unknown = tuple(sorted(before.problems & after.problems))
        """What cannot be known of either commit, and concerns nothing that differs."""
        self._doubted: set[ObjectRef] = set()

    async def findings(self) -> list[Finding]:
        """Everything that would change, of all objects that differ between the commits."""
        if self._living is not None:
            self._problems += await self._living.look({change.gvk for change in self._differing()})
        changes = self._differing()
        self._tell_effects_unknown(changes)
        return [finding for change in changes for finding in self._found(change)]

    def _differing(self) -> list[Change]:
        return [change for change in self._changes() if not change.is_none]

    def _tell_effects_unknown(self, changes: Iterable[Change]) -> None:
        """An owner that differs may change what it calls for, also where nobody could say what that is."""
        names = {f"{one.ref.kind}/{one.ref.namespace}/{one.ref.name}: " for one in changes}
        effects = [line for line in self.unknown if any(name in line for name in names)]
        self._problems += effects
        self.unknown = tuple(line for line in self.unknown if line not in effects)

    def _changes(self) -> Iterator[Change]:
        before, after = (side.objects() for side in self._sides)
        for ref in sorted(before.keys() | after.keys(), key=str):
            change = Change(ref=ref, before=before.get(ref), after=after.get(ref))
            schemas = self._living or self._builtin
            yield replace(change, schema=schemas.schema_for(change.gvk))

    def _found(self, change: Change) -> tuple[Finding, ...]:
        if self._living is None:
            return proposed(change, self._compare)
        pair = self._living.pair(change)
        if pair.doubt is None:
            return proposed_alive(change, pair, self._compare)
        self._doubted.add(change.ref)
        self._problems.append(
            f"{change.ref} is unknown on {change.ref.cluster} ({pair.doubt}): it is compared with "
            "what was declared before"
        )
        return proposed(change, self._compare)

    def report(self, findings: Sequence[Finding]) -> Report:
        """The findings as one report, the gravest first."""
        now = SystemClock().now()
        pending = {finding.ref for finding in findings}
        verdicts = {change.ref: Verdict.IN_SYNC for change in self._changes()}
        verdicts |= dict.fromkeys(pending, Verdict.PENDING)
        verdicts |= dict.fromkeys(self._doubted, Verdict.UNKNOWN)
        return Report(
            findings=tuple(
                TrackedFinding(finding=one, state=State.OPEN, first_seen=now, last_seen=now)
                for one in sorted(findings, key=lambda one: (one.severity.rank, str(one.ref)))
            ),
            summary=Summary.of(verdicts.values()),
            problems=tuple(self._problems),
        )
