"""Builds the Git side: for each repository a follower that declares its roots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack

from auditor.app.seams import Seams
from auditor.config.document import Configuration
from auditor.config.repositories import Desired
from auditor.config.repositories import Repository as RepositoryChoice
from auditor.plugins import PluginKind, load_plugin
from auditor.ports import Renderer, RenderRequest
from auditor.sources.git.declaring import Declarer, Outlets
from auditor.sources.git.follower import GitFollower, Pace
from auditor.state.roots import Root


def roots_of(configuration: Configuration) -> list[Root]:
    """Everything that the configuration says is declared."""
    return [_root(choice) for choice in configuration.desired]


async def open_follower(
    choice: RepositoryChoice,
    roots: Sequence[Root],
    *,
    seams: Seams,
    outlets: Outlets,
    stack: AsyncExitStack,
) -> GitFollower:
    """Build the follower of one repository; nothing is fetched yet."""
    repository = await stack.enter_async_context(seams.repository(choice))
    own = [root for root in roots if root.repository == choice.name]
    declarer = Declarer(repository, load_renderers(own), outlets)
    pace = Pace(clock=seams.clock, jitter=seams.jitter, poll=choice.poll.total_seconds())
    return GitFollower(repository, own, declarer=declarer, pace=pace)


def load_renderers(roots: Sequence[Root]) -> Mapping[str, Renderer]:
    """Load the renderers that roots name.

    Raises:
        PluginError: one of them is not installed.

    """
    names = {root.renderer for root in roots}
    return {name: load_plugin(PluginKind.RENDERER, name)() for name in names}


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
