"""Builds the Git side: the forest of all roots, and for each repository a follower that feeds it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final

from auditor.app.seams import Seams
from auditor.app.surroundings import KnownObjects
from auditor.config.document import Configuration
from auditor.config.repositories import Desired
from auditor.ports import Clock, Renderer, RenderRequest
from auditor.sources.git.declaring import CapabilitiesOf, Declarer, Outlets
from auditor.sources.git.follower import GitFollower, Pace
from auditor.sources.git.following import Following, Ground, environments_of
from auditor.sources.git.forest import Forest
from auditor.sources.git.ingredients import Ingredients
from auditor.sources.git.patience import Patience
from auditor.sources.git.provenance import Provenance
from auditor.state.atlas import Atlas, KnownCluster, KnownRepository
from auditor.state.roots import Root

_COALESCING: Final = 1.0
"""Seconds in which changes of what is alive come together before owners are followed again."""


def roots_of(configuration: Configuration) -> list[Root]:
    """Everything that the configuration says is declared."""
    return [_root(choice) for choice in configuration.desired]


def atlas_of(configuration: Configuration) -> Atlas:
    """Every configured repository and cluster, by all names that it goes by."""
    repositories = [
        KnownRepository(name=each.name, urls=(each.url, *each.aliases), ref=each.followed)
        for each in configuration.repositories
    ]
    clusters = [
        KnownCluster(name=each.name, aliases=frozenset(alias.rstrip("/") for alias in each.aliases))
        for each in configuration.clusters
    ]
    return Atlas(repositories, clusters)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """What the Git side works with: the outside, the renderers, where declarations go, what is known."""

    seams: Seams
    renderers: Mapping[str, Renderer]
    outlets: Outlets
    known: KnownObjects
    atlas: Atlas
    capabilities_of: CapabilitiesOf


@dataclass(frozen=True, slots=True, kw_only=True)
class GitSide:
    """All roots, the followers that tell of commits, and what tells of owners that change alive."""

    forest: Forest
    followers: Mapping[str, GitFollower]
    stirred: asyncio.Event
    clock: Clock
    provenance: Provenance

    async def follow_news(self) -> None:
        """Follow owners again whenever something changed that they are or refer to; until cancelled."""
        while True:
            await self.stirred.wait()
            await self.clock.sleep(_COALESCING)
            self.stirred.clear()
            await self.forest.grow(self.clock.now())

    def problems(self) -> Iterator[str]:
        """What is not known now of what is declared, a line each, for people."""
        for name in sorted(self.forest.unseen()):
            yield f"repository {name}: not all that is asked of it was looked for yet"
        yield from self.forest.problems()


async def open_git(configuration: Configuration, kit: Kit, stack: AsyncExitStack) -> GitSide:
    """Build the forest and the followers of all repositories; nothing is fetched yet."""
    seams, repositories = kit.seams, {}
    for choice in configuration.repositories:
        repositories[choice.name] = await stack.enter_async_context(seams.repository(choice))
    declarer = Declarer(repositories, kit.renderers, kit.outlets, kit.capabilities_of)
    forest = _forest(configuration, kit, declarer)
    followers = {}
    for choice in configuration.repositories:
        pace = Pace(clock=seams.clock, jitter=seams.jitter, poll=choice.poll.total_seconds())
        repository = repositories[choice.name]
        followers[choice.name] = GitFollower(repository, forest, kit.outlets, pace)
    forest.editions.seek = lambda name: followers[name].poke()
    return GitSide(
        forest=forest,
        followers=followers,
        stirred=kit.known.stirred,
        clock=seams.clock,
        provenance=Provenance(repositories.values(), kit.outlets.events, Ingredients(declarer).of),
    )


def _forest(configuration: Configuration, kit: Kit, declarer: Declarer) -> Forest:
    tops = roots_of(configuration)
    said: Sequence[str] = [choice.environment for choice in configuration.desired]
    ground = Ground(
        atlas=kit.atlas,
        objects=kit.known,
        environments=environments_of(zip(tops, said, strict=True)),
    )
    return Forest(
        tops,
        declarer,
        Following(ground),
        Patience(kit.seams.clock, kit.seams.jitter),
    )


def _root(choice: Desired) -> Root:
    request = RenderRequest(
        path=choice.path,
        cluster=choice.cluster,
        namespace=choice.namespace,
        options=choice.options,
    )
    return Root(
        name=choice.name,
        repository=choice.repository or "",
        request=request,
        renderer=choice.renderer,
        discover=choice.discover or "",
    )
