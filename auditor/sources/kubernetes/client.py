"""One cluster's API server over HTTP: bytes, and nothing decoded.

A thin transport on the session that kubernetes-asyncio configures (TLS, proxy, client certificates).
Whatever goes wrong leaves here as an error of the tree. It refuses to retry, except once after new
credentials: when to try again is for whoever asked.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Self

import aiohttp
from kubernetes_asyncio.client.rest import RESTClientObject

from auditor import __version__
from auditor.errors import ConfigError, SourceUnavailable
from auditor.ports import Clock
from auditor.sources.answers import read_whole
from auditor.sources.kubernetes.access import Access, Address
from auditor.sources.kubernetes.refusals import refusal

USER_AGENT: Final = f"drift-auditor/{__version__}"
_CONNECT: Final = 10.0
"""Seconds to a connection, TLS included."""
_FIRST_WORD: Final = 30.0
"""Seconds to the first line of an answer that is then streamed."""
_WHOLE: Final = 120.0
"""Seconds to the end of an answer that is read whole: a page of a list, a schema."""
_MAX_ANSWER: Final = 1 << 30
"""Bytes of the largest answer that is read whole."""


_APPLY: Final = "application/apply-patch+yaml; charset=utf-8"
"""Server-side apply; JSON is YAML. With the charset named, the client library sends bytes as they are.

https://kubernetes.io/docs/reference/using-api/server-side-apply/#serialization
"""
_DRY_RUN: Final = {"dryRun": "All", "fieldManager": "drift-auditor", "force": "true"}
"""https://kubernetes.io/docs/reference/using-api/api-concepts/#dry-run"""


@dataclass(frozen=True, slots=True)
class _Request:
    """What is asked; with an object in it, it is a dry run."""

    path: str
    params: Mapping[str, str]
    accept: str
    timeout: aiohttp.ClientTimeout
    body: bytes | None = None


_ANSWERED: Final = aiohttp.ClientTimeout(total=_WHOLE, sock_connect=_CONNECT)
_STREAMED: Final = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT)


class ApiServer:
    """An `ApiTransport` over HTTP. An async context manager: the session ends with it."""

    def __init__(self, address: Address, clock: Clock) -> None:
        self._access = Access(address, clock)
        self._cluster = address.cluster
        self._rest: Any = None
        self._identity: tuple[object, ...] = ()

    async def __aenter__(self) -> Self:
        """Read the configuration and make the session; nothing is sent yet.

        Raises:
            ConfigError: the kubeconfig or what it points to cannot be used.

        """
        await self._access.load()
        try:
            self._rest = RESTClientObject(self._access.configuration)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(
                f"cluster {self._cluster}: a certificate of the kubeconfig cannot be used: {error}"
            ) from error
        self._identity = self._access.identity
        return self

    async def __aexit__(self, *_: object) -> None:
        """End the session and everything that still streams."""
        await self._rest.close()

    @property
    def url(self) -> str:
        """Where the API server is."""
        return str(self._access.configuration.host)

    async def get(self, path: str, params: Mapping[str, str], *, accept: str) -> bytes:
        """Read one answer whole; see `auditor.ports.ApiTransport.get`."""
        async with self._answer(_Request(path, params, accept, _ANSWERED)) as response:
            return await read_whole(response, what=path, most=_MAX_ANSWER)

    async def dry_run(self, path: str, body: bytes) -> bytes:
        """Ask what applying would come to; see `auditor.ports.DryRunning.dry_run`."""
        request = _Request(path, _DRY_RUN, "application/json", _ANSWERED, body)
        async with self._answer(request) as response:
            return await read_whole(response, what=path, most=_MAX_ANSWER)

    @asynccontextmanager
    async def stream(
        self, path: str, params: Mapping[str, str], *, accept: str
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open an answer without end; see `auditor.ports.ApiTransport.stream`."""
        async with self._answer(_Request(path, params, accept, _STREAMED)) as response:
            yield response.content.iter_any()

    @asynccontextmanager
    async def _answer(self, request: _Request) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send a request and have its answer, again with new credentials if these are not accepted."""
        try:
            response = await self._send(request)
            try:
                yield response
            finally:
                # An answer that was not read to its end cannot share its connection.
                response.close()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise SourceUnavailable(
                f"cluster {self._cluster}: {self.url} cannot be reached: {_words(error)}"
            ) from error

    async def _send(self, request: _Request) -> aiohttp.ClientResponse:
        token = await self._access.authorization()
        response = await self._ask(request, token)
        if response.status == HTTPStatus.UNAUTHORIZED and await self._access.renew(token):
            response.close()
            await self._adopt()
            response = await self._ask(request, await self._access.authorization())
        if response.status >= HTTPStatus.BAD_REQUEST:
            async with response:
                said = await read_whole(response, what=request.path, most=_MAX_ANSWER)
            if request.body is not None:
                said = b""  # What the server says of an object may repeat values of it.
            raise refusal(request.path, response.status, headers=response.headers, body=said)
        return response

    async def _ask(self, request: _Request, token: str | None) -> aiohttp.ClientResponse:
        headers = {"Accept": request.accept, "User-Agent": USER_AGENT}
        if request.body is not None:
            headers["Content-Type"] = _APPLY
        if token is not None:
            headers["Authorization"] = token
        async with asyncio.timeout(_FIRST_WORD):
            response: aiohttp.ClientResponse = await self._rest.request(
                "GET" if request.body is None else "PATCH",
                self.url + request.path,
                query_params=list(request.params.items()),
                headers=headers,
                body=request.body,
                _preload_content=False,
                _request_timeout=request.timeout,
            )
        return response

    async def _adopt(self) -> None:
        """Take up new client certificates, which belong to the session and not to a request."""
        if self._access.identity != self._identity:
            old, self._rest = self._rest, RESTClientObject(self._access.configuration)
            self._identity = self._access.identity
            await old.close()


def _words(error: BaseException) -> str:
    """What an exception says; some say nothing but their name."""
    return str(error) or type(error).__name__
