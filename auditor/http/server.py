"""One port for everything that the worker answers.

The server runs while its context is open: entering binds the port, leaving lets every listener go and
waits a few seconds for answers under way. It refuses to hold anything of its own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Final, Protocol, Self

from aiohttp import web

from auditor.errors import ConfigError
from auditor.http.broadcast import Broadcast
from auditor.http.hooks import LARGEST
from auditor.http.page import page
from auditor.http.replies import harden, refuse
from auditor.telemetry.http import HttpEvents

_FAREWELL: Final = 3.0
"""Seconds that answers under way may still take."""


class Part(Protocol):
    """A group of handlers."""

    def routes(self) -> list[web.RouteDef]:
        """Where the handlers are."""


class HttpServer:
    """Serves parts on one port; use it as ``async with HttpServer(…) as server``."""

    def __init__(self, parts: Sequence[Part], broadcast: Broadcast, events: HttpEvents) -> None:
        self._broadcast = broadcast
        self._events = events
        self._runner = web.AppRunner(
            self._application(parts),
            access_log=None,
            handler_cancellation=True,
            shutdown_timeout=_FAREWELL,
        )

    async def __aenter__(self) -> Self:
        """Make ready to listen."""
        await self._runner.setup()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Let everybody go and close the port."""
        await self._broadcast.close()
        await self._runner.cleanup()
        self._events.server_stopped()

    async def listen(self, host: str, port: int) -> str:
        """Open a port, and return its URL; port 0 takes any free one.

        Raises:
            ConfigError: the address is taken, or is not one of this machine.

        """
        site = web.TCPSite(self._runner, host or None, port)
        try:
            await site.start()
        except OSError as error:
            place = f"{host}:{port}"
            raise ConfigError(
                f"http.listen: cannot listen on {place}: {error.strerror or error}; "
                "choose another address, or port 0 for any free port"
            ) from error
        address = _url(self._runner.addresses[-1])
        self._events.server_started(address)
        return address

    def _application(self, parts: Sequence[Part]) -> web.Application:
        application = web.Application(client_max_size=LARGEST, middlewares=[self._counted])
        application.on_response_prepare.append(harden)
        application.add_routes([web.get("/", page)])
        for part in parts:
            application.add_routes(part.routes())
        return application

    @web.middleware
    async def _counted(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Count every answer, and give errors of the router the form of all others."""
        try:
            response = await handler(request)
        except web.HTTPException as error:
            response = _plain(error)
        resource = request.match_info.route.resource
        self._events.request_answered(resource.canonical if resource else "none", response.status)
        return response


def _plain(error: web.HTTPException) -> web.StreamResponse:
    response = refuse(error.status, f"{error.reason}; see / for what there is")
    if "Allow" in error.headers:
        response.headers["Allow"] = error.headers["Allow"]
    return response


def _url(address: tuple[str, int] | str) -> str:
    host, port = address[0], address[1]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host)  # noqa: S104 - for a person to open
    return f"http://{shown or (f'[{host}]' if ':' in host else host)}:{port}"
