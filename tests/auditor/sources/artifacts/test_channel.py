"""A server is asked within bounds, and credentials go to nobody whom they are not for."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from auditor.domain.remotes import Login
from auditor.errors import SourceRefused, SourceUnavailable
from auditor.sources.artifacts import channel as channels
from auditor.sources.artifacts.channel import Channel, Server
from tests.auditor.sources.artifacts.scripted import Answering, Scripted, serving
from tests.certificates import self_signed

LOGIN = Login(username="robot", password="planted-password")
BASIC = "Basic " + base64.b64encode(b"robot:planted-password").decode()


async def hello(_: web.Request) -> web.StreamResponse:
    return web.Response(text="hello")


def asking(challenge: str, accepted: str) -> Answering:
    """Ask who asks, and be content with one answer."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") == accepted:
            return web.Response(text="hello")
        return web.Response(status=401, headers={"WWW-Authenticate": challenge})

    return answer


def leading(to: str) -> Answering:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=307, headers={"Location": to})

    return answer


def known() -> Login:
    return LOGIN


def at(scripted: Scripted, *, login: Callable[[], Login] | None = known) -> Server:
    return Server(host=scripted.host, login=login, is_plain=True)


async def read(server: Server) -> bytes:
    async with Channel(server) as channel:
        return (await channel.read("/v2/x", accept="*/*")).body


async def refused(server: Server) -> str:
    """Why nothing is read; whatever it is, it never says a secret."""
    with pytest.raises(SourceUnavailable) as error:
        await read(server)
    told = "".join(map(str, [error.value, error.value.__cause__]))
    assert "planted" not in told
    assert BASIC not in told
    return str(error.value)


async def test_a_password_is_sent_once_it_is_asked_for() -> None:
    """And not before."""
    async with serving(asking('Basic realm="x"', BASIC)) as server:
        assert await read(at(server)) == b"hello"
        assert [sent for _, sent in server.seen] == ["", BASIC]


async def test_nobody_is_told_a_password_who_does_not_ask() -> None:
    """A server that answers needs none."""
    async with serving(hello) as server:
        assert await read(at(server)) == b"hello"
        assert server.seen == [("/v2/x", "")]


async def test_a_token_is_fetched_where_the_server_says() -> None:
    """With the scope that it names; the server itself sees the token alone."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/token":
            return web.json_response({"token": "planted-token"})
        realm = f"http://{request.host}/token"
        challenge = f'Bearer realm="{realm}",service="r",scope="repository:x:pull"'
        return await asking(challenge, "Bearer planted-token")(request)

    async with serving(answer) as server:
        assert await read(at(server)) == b"hello"
        assert server.seen == [
            ("/v2/x", ""),
            ("/token?service=r&scope=repository:x:pull", BASIC),
            ("/v2/x", "Bearer planted-token"),
        ]


async def test_a_public_artifact_needs_a_token_and_no_password() -> None:
    """Registries give tokens to anybody for what is public."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/token":
            return web.json_response({"access_token": "for-all"})
        return await asking(f'Bearer realm="http://{request.host}/token"', "Bearer for-all")(
            request
        )

    async with serving(answer) as server:
        assert await read(at(server, login=None)) == b"hello"
        assert server.seen[1] == ("/token", "")


async def test_a_token_is_not_fetched_elsewhere_in_the_clear() -> None:
    """A password would go to whoever answers there."""
    async with serving(hello) as other:
        challenge = f'Bearer realm="http://{other.host}/token"'
        async with serving(asking(challenge, "never")) as server:
            assert "without encryption" in await refused(at(server))
        assert other.seen == []


async def test_a_redirection_takes_no_password_along() -> None:
    """Content lies in clouds' storage, which is not who the password is for."""
    async with (
        serving(hello) as storage,
        serving(leading(f"http://{storage.host}/blob?signature=planted")) as server,
    ):

        async def answer(request: web.Request) -> web.StreamResponse:
            if request.headers.get("Authorization") != BASIC:
                return web.Response(status=401, headers={"WWW-Authenticate": "Basic"})
            return await leading(f"http://{storage.host}/blob?signature=planted")(request)

        server.answering = answer
        assert await read(at(server)) == b"hello"
        assert storage.seen == [("/blob?signature=planted", "")]


async def test_who_is_led_to_is_told_no_password_even_if_it_asks() -> None:
    """Asking is what a thief would do."""
    async with (
        serving(asking("Basic", BASIC)) as thief,
        serving(leading(f"http://{thief.host}/")) as server,
    ):
        assert f"{thief.host} answers 401" in await refused(at(server))
        assert {sent for _, sent in thief.seen} == {""}


async def test_circles_end() -> None:
    """After a few rounds."""
    async with serving(leading("/v2/x")) as server:
        assert await refused(at(server)) == f"{server.host} leads in circles"
        assert len(server.seen) == 5


async def test_a_wrong_password_is_told_without_it() -> None:
    """With what to check, and after one try."""
    async with serving(asking("Basic", "never")) as server:
        said = await refused(at(server))
        assert said == f"{server.host} answers 401. Check the repository's credentials."
        assert len(server.seen) == 2


async def test_what_a_server_says_of_a_failure_is_not_repeated() -> None:
    """It may hold what it was sent."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=503, text="planted", headers={"Retry-After": "7"})

    async with serving(answer) as server:
        assert "answers 503" in await refused(at(server))
        with pytest.raises(SourceRefused) as error:
            await read(at(server))
        assert (error.value.status, error.value.retry_after) == (503, 7)


async def test_a_long_answer_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it is read to its end."""
    monkeypatch.setattr(channels, "_MAX_ANSWER", 4)
    async with serving(hello) as server:
        assert (await refused(at(server))).endswith(": the answer is larger than 4 bytes")


async def test_a_long_download_is_refused() -> None:
    """What is more than was announced is not kept."""
    async with serving(hello) as server, Channel(at(server)) as channel:
        with pytest.raises(SourceUnavailable, match="more than 0 MiB"):
            await channel.download("/x", io.BytesIO(), most=4)


async def test_content_is_not_unpacked_on_the_way() -> None:
    """A few bytes could become any number of them."""

    async def answer(request: web.Request) -> web.StreamResponse:
        assert request.headers["Accept-Encoding"] == "identity"
        return web.Response(body=b"packed", headers={"Content-Encoding": "gzip"})

    async with serving(answer) as server:
        assert await read(at(server)) == b"packed"


async def test_plain_http_is_spoken_where_that_is_configured() -> None:
    """And nowhere else."""
    async with serving(hello) as server:
        said = await refused(replace(at(server), is_plain=False))
        assert server.host in said
        assert server.seen == []


async def test_an_authority_of_its_own_is_trusted_where_that_is_said(tmp_path: Path) -> None:
    """And nowhere else."""
    encryption, certificate = self_signed(tmp_path)
    async with serving(hello, encryption) as server:
        private = Server(host=server.host, login=known)

        assert "Set caFile" in await refused(private)
        assert await read(replace(private, ca=certificate)) == b"hello"


async def test_encryption_is_not_left(tmp_path: Path) -> None:
    """A redirection could lead to where everybody listens."""
    encryption, certificate = self_signed(tmp_path)
    async with (
        serving(hello) as other,
        serving(leading(f"http://{other.host}/"), encryption) as server,
    ):
        private = Server(host=server.host, login=known, ca=certificate)

        assert "without encryption" in await refused(private)
        assert other.seen == []


async def test_nobody_there_is_told_by_name() -> None:
    """With what to check."""
    async with serving(hello) as server:
        gone = at(server)
    assert (await refused(gone)).startswith(f"{gone.host} cannot be reached: ")


async def test_authorities_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    """By the file and the field."""
    file = tmp_path / "ca.pem"
    file.write_text("nothing")
    said = await refused(Server(host="127.0.0.1:1", ca=file))
    assert str(file) in said
    assert said.endswith("Correct caFile.")


def test_a_login_prints_nothing_of_itself() -> None:
    """Wherever it may come to be printed."""
    assert "planted" not in repr(LOGIN) + repr(Server(host="x", login=known))
