"""HTTP to one server that speaks as registries do: bounded, and with credentials that go nowhere else.

How a registry asks who asks: https://distribution.github.io/distribution/spec/auth/token/ and RFC 7617. A
redirection to another place, as for content that lies in a cloud's storage, is followed without credentials.
Content is never unpacked on the way, so that its size is what was sent. It refuses plain HTTP unless that is
configured, and to put more into an error than the name of a server: addresses may hold tokens.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import IO, Any, Final, Self
from urllib.parse import urljoin, urlsplit

import aiohttp
import msgspec

from auditor import __version__
from auditor.domain.remotes import Login
from auditor.errors import SourceRefused, SourceUnavailable
from auditor.sources.answers import read_whole

_MAX_ANSWER: Final = 4 * 2**20
"""Bytes; what registries hold a manifest to: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-manifests"""
_MOST_HOPS: Final = 5
_CONNECTING: Final = 10.0
_SILENCE: Final = 30.0
_CHALLENGE: Final = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_REDIRECTIONS: Final = frozenset({301, 302, 303, 307, 308})
_REMEDIES: Final = {
    401: "Check the repository's credentials",
    403: "Give the account read access to it",
    404: "Check the url and ref, and that the account may see it",
    429: "It asks for fewer requests: look less often (poll)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where something is: ``host`` with a port if it has one. ``ca`` is a file with its authorities.

    ``login`` looks up who asks; secrets may change, so it is asked whenever they are needed.
    """

    host: str
    login: Callable[[], Login] | None = None
    is_plain: bool = False
    ca: Path | None = None

    @property
    def url(self) -> str:
        """The address of its root."""
        return f"{'http' if self.is_plain else 'https'}://{self.host}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server said."""

    body: bytes
    headers: Mapping[str, str]


class Channel:
    """Requests to one server. An async context manager: connections end with it."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._session: aiohttp.ClientSession
        self._authorization = ""

    async def __aenter__(self) -> Self:
        """Make the session; nothing is sent yet.

        Raises:
            SourceUnavailable: the file of authorities cannot be used.

        """
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECTING, sock_read=_SILENCE)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self._context()),
            timeout=timeout,
            trust_env=True,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": f"drift-auditor/{__version__}", "Accept-Encoding": "identity"},
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        """End all connections."""
        await self._session.close()

    def _context(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=self._server.ca)
        except (OSError, ssl.SSLError) as error:
            raise SourceUnavailable(
                f"the authorities in {self._server.ca} cannot be used: {error}. Correct caFile."
            ) from error

    async def read(self, path: str, *, accept: str, method: str = "GET") -> Answer:
        """Read one answer whole.

        Raises:
            SourceRefused: the server answered with an error.
            SourceUnavailable: it did not answer, or at too great a length.

        """
        async with self._answer(path, accept, method) as response:
            body = await read_whole(response, what=self._server.host, most=_MAX_ANSWER)
            return Answer(body=body, headers=response.headers)

    async def download(self, path: str, into: IO[bytes], *, most: int) -> None:
        """Copy an answer to a file; raises as `read` does."""
        async with self._answer(path, "*/*", "GET") as response:
            size = 0
            async for piece in response.content.iter_any():
                size += len(piece)
                if size > most:
                    raise SourceUnavailable(f"more than {most // 2**20} MiB were sent")
                await asyncio.to_thread(into.write, piece)

    @asynccontextmanager
    async def _answer(
        self, path: str, accept: str, method: str
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Ask once, and once more with what the server asks for."""
        request = _Request(method, self._server.url + path, accept)
        try:
            response = await self._follow(request)
            if response.status == HTTPStatus.UNAUTHORIZED and await self._log_in(response):
                response.close()
                response = await self._follow(request)
            try:
                _refuse(response)
                yield response
            finally:
                response.close()
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            # "from None": the original may carry an address with a token in it.
            raise SourceUnavailable(
                f"{self._server.host} cannot be reached: {_words(error)}"
            ) from None

    async def _follow(self, request: _Request) -> aiohttp.ClientResponse:
        """Ask, and go where the answer leads; credentials stay at the server that they are for."""
        url = request.url
        for _ in range(_MOST_HOPS):
            headers = {"Accept": request.accept}
            if self._authorization and _origin(url) == _origin(request.url):
                headers["Authorization"] = self._authorization
            response = await self._session.request(
                request.method, url, headers=headers, allow_redirects=False
            )
            if response.status not in _REDIRECTIONS or "Location" not in response.headers:
                return response
            response.close()
            url = self._permitted(urljoin(url, response.headers["Location"]))
        raise SourceUnavailable(f"{self._server.host} leads in circles")

    def _permitted(self, url: str) -> str:
        """Go on only as safely as it began."""
        schemes = {"https", "http"} if self._server.is_plain else {"https"}
        if urlsplit(url).scheme not in schemes:
            raise SourceUnavailable(
                f"{self._server.host} leads to {_host(url)} without encryption, which is not followed"
            )
        return url

    # --- who asks ----------------------------------------------------------------------------------

    async def _log_in(self, response: aiohttp.ClientResponse) -> bool:
        """Get what the server asks for; tell whether there is anything new to send."""
        if _origin(str(response.url)) != _origin(self._server.url) or self._authorization:
            return False
        scheme, _, rest = response.headers.get("WWW-Authenticate", "").partition(" ")
        match scheme.lower():
            case "basic" if self._server.login is not None:
                self._authorization = _basic(self._server.login())
            case "bearer":
                self._authorization = await self._token(dict(_CHALLENGE.findall(rest)))
        return bool(self._authorization)

    async def _token(self, challenge: Mapping[str, str]) -> str:
        realm = challenge.get("realm", "")
        is_own = _host(realm) == _host(self._server.url)
        if not realm.startswith("https://") and not (self._server.is_plain and is_own):
            raise SourceUnavailable(
                f"{self._server.host} has tokens fetched from {_host(realm) or 'nowhere'} without "
                "encryption, which is refused"
            )
        login = self._server.login
        headers = {"Authorization": _basic(login())} if login else {}
        asked = {name: challenge[name] for name in ("service", "scope") if name in challenge}
        async with self._session.get(
            realm, params=asked, headers=headers, allow_redirects=False
        ) as response:
            _refuse(response)
            body = await read_whole(response, what=_host(realm), most=_MAX_ANSWER)
            said = msgspec.json.decode(body, type=_Token)
        token = said.token or said.access_token
        return f"Bearer {token}" if token.isprintable() and token else ""


class _Token(msgspec.Struct):
    """What whoever gives tokens answers."""

    token: str = ""
    access_token: str = ""


@dataclass(frozen=True, slots=True)
class _Request:
    """What is asked for."""

    method: str
    url: str
    accept: str


def _refuse(response: aiohttp.ClientResponse) -> None:
    """Tell what a server refuses by its status alone: its words may repeat what it was sent."""
    if response.status < HTTPStatus.BAD_REQUEST:
        return
    after = response.headers.get("Retry-After", "")
    said = f"{_host(str(response.url))} answers {response.status}"
    remedy = _REMEDIES.get(response.status, "It is tried again")
    raise SourceRefused(
        f"{said}. {remedy}.",
        status=response.status,
        retry_after=float(after) if after.isdecimal() else None,
    )


def _basic(login: Login) -> str:
    return aiohttp.encode_basic_auth(login.username, login.password)


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2].lower()


def _words(error: Any) -> str:
    """What went wrong, without any address in it."""
    match error:
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError():
            return f"its certificate is not trusted ({type(error).__name__}). Set caFile"
        case aiohttp.ClientConnectorError():
            return f"{error.os_error.strerror or 'no connection'}. Check the url and the network"
        case TimeoutError():
            return "it did not answer in time. It is tried again"
    return f"{type(error).__name__}. Check the url"
