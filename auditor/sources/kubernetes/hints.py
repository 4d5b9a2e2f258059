"""Notices that a cluster may serve other kinds than before.

A hint and no more: discovery is asked at intervals in any case, and sooner after a hint. Where the account
may not watch these kinds, the intervals have to do. Only metadata is streamed: definitions are large.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from auditor.domain.identity import GroupVersionKind
from auditor.errors import RetryableError, SourceRefused
from auditor.sources.kubernetes.backoff import Backoff
from auditor.sources.kubernetes.framing import LineSplitter
from auditor.sources.kubernetes.link import METADATA_ONLY, Link
from auditor.sources.kubernetes.target import Target

DEFINITIONS: Final = Target(
    gvk=GroupVersionKind("apiextensions.k8s.io", "v1", "CustomResourceDefinition"),
    resource="customresourcedefinitions",
)
SERVICES: Final = Target(
    gvk=GroupVersionKind("apiregistration.k8s.io", "v1", "APIService"), resource="apiservices"
)
_PARAMS: Final = {"watch": "1", "allowWatchBookmarks": "true", "timeoutSeconds": "300"}
_BOOKMARK: Final = b'{"type":"BOOKMARK"'
_REFUSED: Final = 300.0
"""Seconds until a watch that was refused is tried again."""


async def watch_for_hints(target: Target, link: Link, hint: Callable[[], None]) -> None:
    """Call ``hint`` whenever something of the target changes, until cancelled."""
    backoff = Backoff(link.jitter)
    while True:
        started = link.clock.monotonic()
        try:
            await _watch(target, link, hint)
        except SourceRefused:
            await link.clock.sleep(_REFUSED * link.jitter.uniform(0.8, 1.2))
        except RetryableError:
            lasted = link.clock.monotonic() - started
            await link.clock.sleep(backoff.pause(healthy_for=lasted))
        else:
            await link.clock.sleep(link.jitter.uniform(0.5, 1.5))


async def _watch(target: Target, link: Link, hint: Callable[[], None]) -> None:
    splitter = LineSplitter()
    async with link.transport.stream(target.path, _PARAMS, accept=METADATA_ONLY) as pieces:
        async for piece in pieces:
            if any(not line.startswith(_BOOKMARK) for line in splitter.feed(piece)):
                hint()
