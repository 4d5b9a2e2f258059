"""Keeps knowing what a cluster serves.

Asked at intervals that grow to a minute, and sooner after a hint: what a new CustomResourceDefinition
brings is served a moment after it is there. It refuses to act on what it learns.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from auditor.domain.capabilities import Capabilities
from auditor.errors import RetryableError
from auditor.sources.kubernetes.backoff import Backoff
from auditor.sources.kubernetes.discovery import ask_version, discover
from auditor.sources.kubernetes.link import Link
from auditor.sources.kubernetes.nap import Nap
from auditor.state.kinds import ServedKinds

_SHORTEST: Final = 1.0
_LONGEST: Final = 60.0
_GROWTH: Final = 3.0
_NAME: Final = "discovery"


class Catalogue:
    """What one cluster serves, as last heard; ``capabilities`` sums it up for charts, once it was heard.

    ``changed`` is called whenever that is news.
    """

    def __init__(self, link: Link, changed: Callable[[], None] = lambda: None) -> None:
        self.served = ServedKinds()
        self.capabilities: Capabilities | None = None
        self._changed = changed
        self._link = link
        self._nap = Nap(link.clock)
        self._pause = _SHORTEST

    def hint(self) -> None:
        """Something may have changed: ask soon."""
        self._pause = _SHORTEST
        self._nap.rouse()

    async def refresh(self) -> None:
        """Ask now.

        Raises:
            SourceUnavailable: the cluster cannot be asked.

        """
        link = self._link
        served = await discover(link.transport, self.served)
        version = await ask_version(link.transport)
        # An answer now and then is no sign that the cluster can be heard between answers.
        link.health.heard(_NAME)
        link.health.left(_NAME)
        if served != self.served:
            self.served = served
            link.events.discovery_changed(link.cluster, len(served))
        capabilities = Capabilities(kube_version=version, api_versions=served.api_versions())
        if capabilities != self.capabilities:
            self.capabilities = capabilities
            self._changed()

    async def run(self, refreshed: Callable[[], Awaitable[None]]) -> None:
        """Ask again and again, and call ``refreshed`` after every answer, until cancelled."""
        link, backoff = self._link, Backoff(self._link.jitter)
        while True:
            try:
                await self.refresh()
            except RetryableError as error:
                pause = backoff.pause(retry_after=error.retry_after)
                link.health.failed(_NAME, error)
                link.events.discovery_failed(link.cluster, error, pause)
            else:
                backoff = Backoff(link.jitter)
                await refreshed()
                pause = self._pause * link.jitter.uniform(0.8, 1.2)
                self._pause = min(self._pause * _GROWTH, _LONGEST)
            # However many hints come, a moment is between two questions.
            await link.clock.sleep(min(pause, _SHORTEST))
            await self._nap.sleep(pause - _SHORTEST)
