"""The API: findings, objects, and the stream of transitions. It refuses to change anything."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import web

from auditor.domain.finding import Announcement, State, TrackedFinding
from auditor.errors import StoreUnavailable
from auditor.http.answers import Answers
from auditor.http.broadcast import Broadcast, TooManyListeners
from auditor.http.queries import (
    OF_FINDING,
    OF_STANDING,
    OF_SUPPRESSED,
    BadQuery,
    Query,
    parse_query,
)
from auditor.http.replies import refuse, reply
from auditor.wire.finding import show
from auditor.wire.model import in_utc
from auditor.wire.report import show_summary
from auditor.wire.suppression import show_suppression

HEARTBEAT: Final = 15.0
"""Seconds of silence after which a comment is sent, so that proxies keep the stream open."""
_STALLED: Final = 10.0
"""Seconds that a client may take to accept what is written."""
_RETRY: Final = b"retry: 2000\n\n"
"""Milliseconds after which a browser comes back."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Api:
    """Handlers of ``/api/v1``."""

    def __init__(
        self, answers: Answers, broadcast: Broadcast, *, heartbeat: float = HEARTBEAT
    ) -> None:
        self._answers = answers
        self._broadcast = broadcast
        self._heartbeat = heartbeat

    def routes(self) -> list[web.RouteDef]:
        """Where the handlers are."""
        return [
            web.get("/api/v1/findings", _guarded(self.findings)),
            web.get("/api/v1/findings/{id}", _guarded(self.finding)),
            web.get("/api/v1/objects", _guarded(self.objects)),
            web.get("/api/v1/suppressed", _guarded(self.suppressed)),
            web.get("/api/v1/events", self.events, allow_head=False),
        ]

    async def findings(self, request: web.Request) -> web.Response:
        """List findings; the open ones unless asked otherwise."""
        query = parse_query(list(request.query.items()), OF_FINDING)
        found = query.pick(await self._in_states(query), OF_FINDING)
        found.sort(key=lambda tracked: (tracked.finding.severity.rank, tracked.first_seen))
        return reply(
            {
                "findings": [show(tracked) for tracked in found[: query.limit]],
                "summary": show_summary(self._answers.summary()),
                "total": len(found),
            }
        )

    async def _in_states(self, query: Query) -> list[TrackedFinding]:
        states = query.wanted.get("state") or {State.OPEN}
        return [
            tracked
            for state in State
            if state in states
            for tracked in await self._answers.findings(state)
        ]

    async def finding(self, request: web.Request) -> web.Response:
        """Show one finding with its history; the beginning of its id is enough."""
        found = await self._answers.find(request.match_info["id"])
        if not found:
            return refuse(404, "there is no finding of this id")
        if len(found) > 1:
            return refuse(409, "several findings' ids begin so; write more of it")
        history = await self._answers.history(found[0].fingerprint)
        steps = [_show_step(announcement) for announcement in history]
        return reply({**show(found[0]), "history": steps})

    async def objects(self, request: web.Request) -> web.Response:
        """List objects with their verdicts."""
        query = parse_query(list(request.query.items()), OF_STANDING)
        found = query.pick(self._answers.objects(), OF_STANDING)
        shown = sorted(found, key=lambda standing: standing[0])[: query.limit]
        return reply(
            {
                "objects": [_show_standing(*standing) for standing in shown],
                "summary": show_summary(self._answers.summary()),
                "total": len(found),
            }
        )

    async def suppressed(self, request: web.Request) -> web.Response:
        """List what ignore rules hide, each difference with the rule that hides it."""
        query = parse_query(list(request.query.items()), OF_SUPPRESSED)
        found = query.pick(self._answers.suppressed(), OF_SUPPRESSED)
        shown = sorted(found, key=lambda hidden: (hidden[1].rule, hidden[0]))[: query.limit]
        return reply(
            {"suppressed": [show_suppression(*hidden) for hidden in shown], "total": len(found)}
        )

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Stream transitions until the client leaves or is let go."""
        last = request.headers.get("Last-Event-ID") or request.query.get("after") or ""
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"}
        )
        try:
            with self._broadcast.listen(int(last) if last.isdecimal() else None) as listener:
                await response.prepare(request)
                await _write(response, _RETRY)
                while not listener.done:
                    await _write(response, await self._or_heartbeat(listener.frames))
        except TooManyListeners:
            return refuse(503, "too many clients listen already; come back later")
        except (ConnectionError, TimeoutError):
            pass  # The client is gone, or reads nothing: there is nobody to tell.
        return response

    async def _or_heartbeat(self, frames: Callable[[], Awaitable[bytes]]) -> bytes:
        try:
            async with asyncio.timeout(self._heartbeat):
                return await frames()
        except TimeoutError:
            return b":\n\n"


async def _write(response: web.StreamResponse, frames: bytes) -> None:
    async with asyncio.timeout(_STALLED):
        await response.write(frames)


def _show_step(announcement: Announcement) -> dict[str, Any]:
    step = announcement.transition
    return {"transition": step.kind, "at": in_utc(step.at), "id": step.id}


def _show_standing(ref: Any, verdict: str, doubt: str | None) -> dict[str, Any]:
    named = {name: getattr(ref, name) for name in ("cluster", "group", "kind", "namespace", "name")}
    return {**named, "verdict": verdict, "doubt": doubt}


def _guarded(handler: Handler) -> Handler:
    """Turn what may go wrong with any question into an answer."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except BadQuery as error:
            return refuse(400, str(error))
        except StoreUnavailable as error:
            return refuse(503, f"the ledger cannot be read now: {error}")

    return guarded
