"""Charts of places that ask who asks; what is meant for one place is sent to no other."""

from __future__ import annotations

import base64
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from auditor.domain.remotes import Login
from auditor.errors import ManifestError, SourceUnavailable
from auditor.renderers.chart_access import ChartAccess, access_to
from auditor.renderers.chart_pulling import ChartAddress, ChartPuller
from auditor.renderers.chart_store import ChartStore
from auditor.renderers.helm import HelmRenderer
from auditor.renderers.programs import Answer, Command, ProgramRunner
from tests.artifacts import CHART, Pushing
from tests.auditor.renderers.chart_server import pack
from tests.auditor.renderers.folders import folder, names, request
from tests.certificates import self_signed
from tests.stack.fixtures import private_registry, workspace
from tests.stack.registry import PASSWORD, USER, Registry

__all__ = ["private_registry", "workspace"]

SECRET = "planted-password"
LOGIN = Login(username="robot", password=SECRET)
BASIC = f"Basic {LOGIN.encoded}"
ARCHIVE = pack("web", "1.0.0")
PRIVATE = "https://charts.example.com/private"


class TestCovering:
    """For which addresses something is meant."""

    @pytest.mark.parametrize(
        "address",
        [
            PRIVATE,
            f"{PRIVATE}/",
            f"{PRIVATE}/team/x",
            "https://CHARTS.example.com/private",
            "https://charts.example.com//private",
        ],
    )
    def test_what_lies_below_an_address_is_covered(self, address: str) -> None:
        """The address itself as well."""
        assert ChartAccess(url=PRIVATE).covers(address)

    @pytest.mark.parametrize(
        "address",
        [
            "http://charts.example.com/private",
            "oci://charts.example.com/private",
            "https://charts.example.com",
            "https://charts.example.com/privateer",
            "https://charts.example.com.evil.example/private",
            "https://charts.example.com:8443/private",
            "https://evil.charts.example.com/private",
            "https://charts.example.com@evil.example/private",
            "https://evil.example/https://charts.example.com/private",
            "https://evil.example#@charts.example.com/private",
            "https://charts.example.com\\@evil.example/private",
            "https://charts.example.com/private/../public",
            "https://charts.example.com/private/%2e%2e/public",
            "https://charts.example.com\t/private",
            "https://[charts.example.com/private",
            "",
        ],
    )
    def test_what_only_looks_like_it_is_not(self, address: str) -> None:
        """Another scheme, host, port or path, however it is written."""
        assert not ChartAccess(url=PRIVATE).covers(address)

    @given(st.text())
    def test_no_text_is_too_strange(self, address: str) -> None:
        """Whatever stands in a manifest, the question has an answer."""
        assert ChartAccess(url=PRIVATE).covers(address) in {True, False}

    def test_the_longest_address_counts(self) -> None:
        """A part of a host may be somebody else's."""
        whole, part = ChartAccess(url="https://charts.example.com"), ChartAccess(url=PRIVATE)

        assert access_to([whole, part], f"{PRIVATE}/x") is part
        assert access_to([whole, part], "https://charts.example.com/x") is whole
        assert access_to([whole, part], "https://example.com") is None


@dataclass
class Repository:
    """A chart repository that asks for a password; what each request brought along is kept."""

    archives: str = ""
    leads_to: str = ""
    scheme: str = "http"
    address: str = ""
    seen: list[tuple[str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.address}"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        sent = request.headers.get("Authorization", "")
        self.seen.append((request.path, sent))
        if sent != BASIC:
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="x"'})
        if request.path.endswith("index.yaml"):
            place = f"{self.archives}web-1.0.0.tgz"
            entry = {"name": "web", "version": "1.0.0", "apiVersion": "v2", "urls": [place]}
            return web.json_response({"apiVersion": "v1", "entries": {"web": [entry]}})
        if self.leads_to:
            return web.Response(status=302, headers={"Location": self.leads_to})
        return web.Response(body=ARCHIVE)


@asynccontextmanager
async def serving(
    repository: Repository, host: str, encryption: ssl.SSLContext | None = None
) -> AsyncIterator[Repository]:
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", repository.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, 0, ssl_context=encryption)
        await site.start()
        repository.address = "{}:{}".format(*runner.addresses[0][:2])
        repository.scheme = "https" if encryption else "http"
        yield repository
    finally:
        await runner.cleanup()


@pytest.fixture
async def repository() -> AsyncIterator[Repository]:
    async with serving(Repository(), "127.0.0.1") as served:
        yield served


@pytest.fixture
async def other() -> AsyncIterator[Repository]:
    """A server at another host, which would take the password."""
    async with serving(Repository(), "127.0.0.2") as served:
        yield served


def store(folder: Path, *accesses: ChartAccess) -> ChartStore:
    puller = ChartPuller(ProgramRunner(), accesses)
    return ChartStore(folder / "charts", puller=puller, allowed=())


def access(repository: Repository, login: Login | None = LOGIN) -> ChartAccess:
    return ChartAccess(url=repository.url, login=lambda: login or LOGIN)


def address(repository: Repository, version: str = "1.0.0") -> ChartAddress:
    return ChartAddress(repository=repository.url, name="web", version=version)


async def refusal(charts: ChartStore, wanted: ChartAddress) -> str:
    """Why a chart does not come; whatever it is, it never says a secret."""
    with pytest.raises((SourceUnavailable, ManifestError)) as error:
        await charts.fetch(wanted)
    told = f"{error.value} {error.value!r} {error.value.__cause__!r}"
    assert not [secret for secret in (SECRET, LOGIN.encoded, PASSWORD) if secret in told]
    return str(error.value)


@pytest.mark.usefixtures("rendering_programs")
class TestRepositories:
    """Over HTTP, as helm has them."""

    @pytest.mark.parametrize("version", ["1.0.0", "^1.0.0", "*", ""])
    async def test_a_password_brings_the_chart(
        self, repository: Repository, tmp_path: Path, version: str
    ) -> None:
        """In an exact version or a range of them, whatever else may be reached."""
        charts = store(tmp_path, access(repository))

        archive = await charts.fetch(address(repository, version))

        assert archive.content == ARCHIVE
        assert {sent for _, sent in repository.seen} == {BASIC}

    async def test_a_wrong_password_is_told_without_it(
        self, repository: Repository, tmp_path: Path
    ) -> None:
        """In the words of helm, by which a person can act."""
        wrong = Login(username="robot", password=f"{SECRET}-wrong")
        charts = store(tmp_path, access(repository, wrong))

        said = await refusal(charts, address(repository))

        assert "401" in said
        assert wrong.encoded not in said

    async def test_a_password_in_an_address_is_not_repeated(
        self, repository: Repository, tmp_path: Path
    ) -> None:
        """Whoever wrote it into a manifest published it; that is no reason to publish it again."""
        puller = ChartPuller(ProgramRunner())
        charts = ChartStore(tmp_path, puller=puller, allowed=["http://127.0.0.1:1/*"])
        open_charts = ChartStore(tmp_path, puller=puller)
        url = repository.url.replace("://", f"://someone:{SECRET}@")
        wanted = replace(address(repository), repository=url)

        assert "is not fetched" in await refusal(charts, wanted)
        assert "cannot be fetched" in await refusal(open_charts, wanted)

    async def test_another_repository_is_told_nothing(
        self, repository: Repository, other: Repository, tmp_path: Path
    ) -> None:
        """Even one that asks."""
        puller = ChartPuller(ProgramRunner(), [access(repository)])
        charts = ChartStore(tmp_path, puller=puller, allowed=["*"])

        await refusal(charts, address(other))

        assert {sent for _, sent in other.seen} == {""}

    async def test_an_index_leads_no_password_elsewhere(
        self, repository: Repository, other: Repository, tmp_path: Path
    ) -> None:
        """It may say that an archive lies at another host."""
        repository.archives = f"{other.url}/"

        await refusal(store(tmp_path, access(repository)), address(repository))

        assert {sent for _, sent in other.seen} == {""}

    async def test_a_redirection_leads_no_password_elsewhere(
        self, repository: Repository, other: Repository, tmp_path: Path
    ) -> None:
        """Neither does one."""
        repository.leads_to = f"{other.url}/web-1.0.0.tgz"

        await refusal(store(tmp_path, access(repository)), address(repository))

        assert {sent for _, sent in other.seen} == {""}

    async def test_a_secret_that_cannot_be_looked_up_is_tried_again(
        self, repository: Repository, tmp_path: Path
    ) -> None:
        """It may come late; nothing is asked without it."""

        def absent() -> Login:
            raise SourceUnavailable("the secret env:X is empty or not set")

        charts = store(tmp_path, replace(access(repository), login=absent))

        assert "env:X" in await refusal(charts, address(repository))
        assert repository.seen == []

    async def test_an_authority_of_its_own_is_trusted_where_that_is_said(
        self, tmp_path: Path
    ) -> None:
        """And nowhere else."""
        encryption, certificate = self_signed(tmp_path)
        async with serving(Repository(), "127.0.0.1", encryption) as served:
            known = access(served)
            said = await refusal(store(tmp_path / "1", known), address(served))
            trusted = store(tmp_path / "2", replace(known, ca=certificate))

            assert "certificate signed by unknown authority" in said
            assert served.seen == []
            assert (await trusted.fetch(address(served))).content == ARCHIVE

    async def test_locked_dependencies_come_from_there_too(
        self, repository: Repository, tmp_path: Path
    ) -> None:
        """The lock file says the version; that the place is configured is leave enough."""
        needs = [{"name": "web", "version": "1.x", "repository": repository.url}]
        about = {"apiVersion": "v2", "name": "shop", "version": "1.0.0", "dependencies": needs}
        locked = {"dependencies": [{**needs[0], "version": "1.0.0"}]}
        tree = folder({"app/Chart.yaml": about, "app/Chart.lock": locked})
        renderer = HelmRenderer(store=store(tmp_path, access(repository)))

        rendering = await renderer.render(tree, request())

        assert names(rendering) == ["ConfigMap/shop-settings"]
        assert {sent for _, sent in repository.seen} == {BASIC}

    async def test_a_chart_that_is_not_there_is_told(
        self, repository: Repository, tmp_path: Path
    ) -> None:
        """As without a password."""
        wanted = replace(address(repository), name="nothing")

        assert "is not there" in await refusal(store(tmp_path, access(repository)), wanted)


@pytest.mark.e2e
@pytest.mark.usefixtures("rendering_programs")
class TestRegistries:
    """The real one, with a password."""

    @pytest.fixture
    def place(self, private_registry: Registry) -> ChartAddress:
        about = b'{"name":"web","version":"1.0.0","apiVersion":"v2"}'
        Pushing(private_registry, "charts/web").push(
            [(CHART, ARCHIVE)], tag="1.0.0", config=(HELM, about)
        )
        repository = f"oci://{private_registry.host}/charts"
        return ChartAddress(repository=repository, name="web", version="1.0.0")

    async def test_a_password_brings_the_chart(self, place: ChartAddress, tmp_path: Path) -> None:
        """For the registry, a part of it or one chart of it."""
        host = place.repository.removesuffix("/charts")
        for number, url in enumerate((host, place.repository, f"{place.repository}/web")):
            known = ChartAccess(url=url, login=user(USER, PASSWORD), is_plain=True)

            archive = await store(tmp_path / str(number), known).fetch(place)

            assert archive.content == ARCHIVE

    async def test_a_wrong_password_is_told_without_it(
        self, place: ChartAddress, tmp_path: Path
    ) -> None:
        """And so is none."""
        for login in (user(USER, f"{SECRET}-wrong"), None):
            known = ChartAccess(url=place.repository, login=login, is_plain=True)

            said = await refusal(store(tmp_path, known), place)

            assert said.endswith("Check the credentials in charts.repositories.")


HELM = "application/vnd.cncf.helm.config.v1+json"


def user(name: str, password: str) -> Callable[[], Login]:
    return lambda: Login(username=name, password=password)


class Listening(ProgramRunner):
    """Tells what a program was called with, in which environment, and who could read its files."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []
        self.modes: set[int] = set()

    async def run(self, command: Command, **_: object) -> Answer:
        self.heard += [*command.arguments, *command.environment.values()]
        files = [file for file in command.home.rglob("*") if file.is_file()]
        self.modes |= {file.stat().st_mode & 0o777 for file in files}
        assert any(SECRET in decoded(file) for file in files)
        return Answer(status=1, output=b"", complaint=f"{SECRET} and {LOGIN.encoded} are wrong")


def decoded(file: Path) -> str:
    text = file.read_text()
    return text + base64.b64decode(text.partition('"auth":"')[2].partition('"')[0]).decode()


@pytest.mark.usefixtures("rendering_programs")
@pytest.mark.parametrize("url", ["https://charts.example.com", "oci://charts.example.com/x"])
async def test_nothing_secret_stands_where_others_look(url: str, tmp_path: Path) -> None:
    """Not in arguments, which every process can read, and not in what helm complains about."""
    listening = Listening()
    puller = ChartPuller(listening, [ChartAccess(url=url, login=lambda: LOGIN)])
    charts = ChartStore(tmp_path, puller=puller)
    wanted = ChartAddress(repository=url, name="web", version="1.0.0")

    said = await refusal(charts, wanted)

    assert said.endswith("<redacted> and <redacted> are wrong")
    assert not [word for word in listening.heard if SECRET in word or LOGIN.encoded in word]
    assert listening.modes == {0o600}


def test_a_login_prints_nothing_of_itself() -> None:
    """Wherever it may come to be printed."""
    assert SECRET not in repr(LOGIN)
