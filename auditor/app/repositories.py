"""Builds the Git side: for each repository a follower that declares its roots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from auditor.app.seams import Seams
from auditor.config.document import Configuration
from auditor.config.repositories import Desired
from auditor.config.repositories import Repository as RepositoryChoice
from auditor.ports import Renderer, RenderRequest
from auditor.sources.git.declaring import Declarer, Outlets
from auditor.sources.git.follower import GitFollower, Pace
from auditor.state.roots import Root


def roots_of(configuration: Configuration) -> list[Root]:
    """Everything that the configuration says is declared."""
    return [_root(choice) for choice in configuration.desired]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """What every follower works with."""

    seams: Seams
    renderers: Mapping[str, Renderer]
    outlets: Outlets


async def open_follower(
    choice: RepositoryChoice,
    roots: Sequence[Root],
    kit: Kit,
    stack: AsyncExitStack,
) -> GitFollower:
    """Build the follower of one repository; nothing is fetched yet."""
    seams = kit.seams
    repository = await stack.enter_async_context(seams.repository(choice))
    own = [root for root in roots if root.repository == choice.name]
    declarer = Declarer(repository, kit.renderers, kit.outlets)
    pace = Pace(clock=seams.clock, jitter=seams.jitter, poll=choice.poll.total_seconds())
    return GitFollower(repository, own, declarer=declarer, pace=pace)


def _root(choice: Desired) -> Root:
    request = RenderRequest(
        path=choice.path,
        cluster=choice.cluster,
        namespace=choice.namespace,
        options=choice.options,
    )
    return Root(
        name=choice.name,
        repository=choice.repository,
        request=request,
        renderer=choice.renderer,
    )
