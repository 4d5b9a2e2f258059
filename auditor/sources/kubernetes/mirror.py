"""Makes the state of one kind like the cluster's, and keeps it so for as long as one stream lasts.

A list fills the state, a watch goes on from where the list was taken; servers that can (WatchList) do both
in one stream. What is known stays while it is listed anew, and what the list did not meet is let go of at
its end. It refuses to wait or to try again: every interruption is raised.
https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
"""

from __future__ import annotations

from contextlib import AsyncExitStack, aclosing
from http import HTTPStatus
from typing import Final

import msgspec

from auditor.errors import SourceRefused
from auditor.sources.kubernetes.decoding import (
    Unreadable,
    decode_event,
    decode_item,
    ends_initial_events,
)
from auditor.sources.kubernetes.framing import MAX_EVENT, LineSplitter
from auditor.sources.kubernetes.intake import Intake
from auditor.sources.kubernetes.link import JSON, Link
from auditor.sources.kubernetes.listing import list_pages
from auditor.sources.kubernetes.refusals import refusal_in_stream
from auditor.sources.kubernetes.target import Target

_UNSUPPORTED: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY})
"""How servers answer that do not stream lists: 422 where they could and it is switched off."""
_LIFETIME: Final = (240, 480)
"""Seconds after which the server is asked to end a watch, at random so that all do not end together."""


class Mirror:
    """What is known of one target, and up to where."""

    def __init__(self, target: Target, link: Link, intake: Intake) -> None:
        self._target = target
        self._link = link
        self._intake = intake
        self.position = ""
        """The resource version up to which everything is known; empty where that is nothing."""
        self.certain_at = link.clock.monotonic()
        """When the state was last known to be like the cluster's."""
        self.opened_at: float | None = None
        """Since when a stream from `position` is open."""
        self.by_pages = False
        """Whether the next list must come in pages, because a streamed one did not end well."""

    async def follow(self) -> None:
        """List if need be, and watch until the stream ends.

        Raises:
            WatchExpired: the position is not known any more, or the list broke off.
            SourceUnavailable: the server refused, cannot be reached, or is silent.

        """
        if not self.position and (self.by_pages or not self._link.lists.streamed):
            await self.fill()
        try:
            await self._stream()
        except SourceRefused as error:
            if self.position or error.status not in _UNSUPPORTED:
                raise
            self._link.lists.streamed = False
            await self.fill()
            await self._stream()

    async def fill(self) -> None:
        """List in pages; raises as `follow` does."""
        link, target, position = self._link, self._target, ""
        async with (
            link.lists.slots,
            aclosing(list_pages(link.transport, target, accept=JSON)) as pages,
        ):
            async for begins, page in pages:
                link.health.heard(str(target))
                if begins:
                    self._intake.begin()
                self._take_items(page.items)
                position = page.resource_version
        self._listed(position)

    async def _stream(self) -> None:
        """Watch from the position; without one, let the server stream the list first."""
        async with AsyncExitStack() as listing:
            if not self.position:
                await listing.enter_async_context(self._link.lists.slots)
                self._intake.begin()
            await self._watch(listing)
        if not self.position:
            raise Unreadable(f"{self._target}: the streamed list broke off")

    async def _watch(self, listing: AsyncExitStack) -> None:
        """Follow one stream to its end; leave ``listing`` where the list that it began with ends."""
        link, splitter = self._link, LineSplitter()
        params = self._params()
        async with link.transport.stream(self._target.path, params, accept=JSON) as pieces:
            self.opened_at = link.clock.monotonic() if self.position else None
            try:
                async for piece in pieces:
                    await self._hear(splitter, piece, listing)
            finally:
                self.opened_at = None

    async def _hear(self, splitter: LineSplitter, piece: bytes, listing: AsyncExitStack) -> None:
        """Note one piece of the stream."""
        self._link.health.heard(str(self._target))
        listed = self._take(splitter.feed(piece))
        self._check(splitter)
        if listed:
            self._listed(listed)
            self.opened_at = self.certain_at
            await listing.aclose()
        if self.position:
            self.certain_at = self._link.clock.monotonic()

    def _params(self) -> dict[str, str]:
        params = {
            "watch": "1",
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(self._link.jitter.randint(*_LIFETIME)),
        }
        if self.position:
            return params | {"resourceVersion": self.position}
        return params | {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}

    def _take(self, lines: list[bytes]) -> str:
        """Note events; return the resource version with which a list ended, if one did.

        While a list is streamed, versions of its objects are no positions: they come in any order.
        """
        listed, changes = "", 0
        try:
            for line in lines:
                event = decode_event(line)
                if event.type == "ERROR":
                    raise refusal_in_stream(self._target.path, event.raw)
                if event.type != "BOOKMARK":
                    self._intake.take(event)
                    changes += 1
                ends = not self.position and event.type == "BOOKMARK" and ends_initial_events(event)
                if listed or ends:
                    listed = event.metadata.resource_version
                elif self.position:
                    self.position = event.metadata.resource_version
        finally:
            self._intake.flush()
            self._link.events.events_received(self._link.cluster, self._target.gvk, changes)
        return listed

    def _check(self, splitter: LineSplitter) -> None:
        """Nobody knows which object a skipped event was about; a list in pages shows it."""
        for size in splitter.skipped:
            self._link.events.event_oversized(self._link.cluster, str(self._target), size)
        if splitter.skipped:
            raise Unreadable(f"{self._target}: an event is larger than what is read")

    def _take_items(self, items: list[msgspec.Raw]) -> None:
        link = self._link
        for raw in items:
            item = decode_item(raw, self._target.gvk)
            if not self._intake.take_item(item, MAX_EVENT):
                link.events.event_oversized(link.cluster, str(self._target), len(item.raw))
        self._intake.flush()

    def _listed(self, position: str) -> None:
        gone = self._intake.finish()
        self.position = position
        self.certain_at = self._link.clock.monotonic()
        self.by_pages = False
        self._link.events.kind_listed(self._link.cluster, str(self._target), vanished=gone)
        self._intake.settle(None)
