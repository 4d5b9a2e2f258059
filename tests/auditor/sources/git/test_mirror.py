"""Remote repositories are mirrored into a cache that survives everything."""

from __future__ import annotations

import asyncio
import fcntl
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pygit2
import pytest

from auditor.domain.history import CONFIGURED, Passage
from auditor.errors import SourceUnavailable
from auditor.ports import Repository
from auditor.sources.git import mirror
from auditor.sources.git.credentials import Credentials
from auditor.sources.git.fetching import Remote
from auditor.sources.git.libgit2 import SILENCE_MILLISECONDS, prepare
from auditor.sources.git.mirror import Mirror
from auditor.sources.git.repository import GitRepository, open_repository
from tests.contracts.repository_contract import GitRepositoryContract
from tests.git_repositories import ScriptedRepository
from tests.git_server import GitServer, serving

PASSWORD = "planted-token"


@pytest.fixture
def server(upstream: ScriptedRepository) -> Iterator[GitServer]:
    with serving(upstream.folder.parent) as git_server:
        yield git_server


@pytest.fixture
def remote(server: GitServer) -> Remote:
    return Remote(url=f"{server.url}/upstream.git", ref="main")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def repository(remote: Remote, cache: Path) -> GitRepository:
    return open_repository("platform", remote, cache=cache)


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold a lock as another process would."""
    file.parent.mkdir()
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def silence() -> Iterator[int]:
    """Listen on a port and never answer; libgit2 waits a second for it, not half a minute."""
    prepare()
    pygit2.settings.server_timeout = 1000
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]
    pygit2.settings.server_timeout = SILENCE_MILLISECONDS


class TestMirror(GitRepositoryContract):
    """Everything that holds for a repository holds for a mirrored one."""


class TestShallow(GitRepositoryContract):
    """The same with only the newest commit fetched; but then nobody knows what was before it."""

    @pytest.fixture
    def repository(self, remote: Remote, cache: Path) -> GitRepository:
        return open_repository("platform", replace(remote, depth=1), cache=cache)

    async def test_the_last_change_of_a_passage_is_known(
        self, upstream: ScriptedRepository, repository: Repository
    ) -> None:
        """As far back as commits were fetched."""
        upstream.commit({"a.yaml": "1", "b.yaml": "1"})
        upstream.commit({"a.yaml": "2"})
        await repository.heads()
        third = upstream.commit({"a.yaml": "3"})
        await repository.heads()

        assert repository.last_change(third, Passage("a.yaml")).id == third
        with pytest.raises(SourceUnavailable, match="was fetched shallow"):
            repository.last_change(third, Passage("b.yaml"))


async def test_a_depth_limits_what_is_fetched(
    upstream: ScriptedRepository, remote: Remote, cache: Path
) -> None:
    """A very long history need cost nothing."""
    first = upstream.commit({"a.yaml": "1"})
    upstream.commit({"a.yaml": "2"})
    repository = open_repository("platform", replace(remote, depth=1), cache=cache)

    await repository.heads()

    with pytest.raises(SourceUnavailable):
        repository.tree(first)


async def test_a_shallow_mirror_is_completed(
    upstream: ScriptedRepository, server: GitServer, remote: Remote, cache: Path
) -> None:
    """At the first look after all of the history is wanted, and then not again."""
    first = upstream.commit({"a.yaml": "1"})
    commit = upstream.commit({"b.yaml": "2"})
    await open_repository("platform", replace(remote, depth=1), cache=cache).heads()
    repository = open_repository("platform", remote, cache=cache)

    await repository.heads()

    assert repository.last_change(commit, Passage("a.yaml")).id == first
    server.requests.clear()
    await repository.heads()
    assert len(server.requests) == 1


async def test_a_look_without_news_fetches_nothing(
    upstream: ScriptedRepository, server: GitServer, repository: GitRepository
) -> None:
    """Polling costs one request."""
    upstream.commit({"a.yaml": "1"})
    await repository.heads()
    server.requests.clear()

    await repository.heads()

    assert all("info/refs" in request for request in server.requests)
    assert len(server.requests) == 1


async def test_a_restart_finds_what_was_fetched(
    upstream: ScriptedRepository, server: GitServer, remote: Remote, cache: Path
) -> None:
    """The cache outlives the process, earlier commits included."""
    first = upstream.commit({"a.yaml": "1"})
    await open_repository("platform", remote, cache=cache).heads()
    upstream.commit({"a.yaml": "2"})
    await open_repository("platform", remote, cache=cache).heads()
    server.requests.clear()

    restarted = open_repository("platform", remote, cache=cache)
    await restarted.heads()

    assert restarted.tree(first).read("a.yaml") == b"1"
    assert len(server.requests) == 1


async def test_a_half_written_cache_is_thrown_away(
    upstream: ScriptedRepository, remote: Remote, cache: Path
) -> None:
    """A process that was killed in its first fetch left something that is no mirror."""
    commit = upstream.commit({"a.yaml": "1"})
    folder = Mirror(remote, cache=cache).folder
    (folder / "objects").mkdir(parents=True)
    (folder / "HEAD").write_text("ref: refs/heads/ma")

    repository = open_repository("platform", remote, cache=cache)

    assert (await repository.heads()).at() == commit
    assert repository.tree(commit).read("a.yaml") == b"1"


@pytest.mark.parametrize("victim", ["HEAD", "objects/pack/*.pack", "objects/pack/*.idx", "config"])
async def test_a_damaged_cache_is_fetched_anew(
    upstream: ScriptedRepository, remote: Remote, cache: Path, victim: str
) -> None:
    """Whatever a full disk or a crash did to it."""
    commit = upstream.commit({"a.yaml": "1"})
    await open_repository("platform", remote, cache=cache).heads()
    for file in Mirror(remote, cache=cache).folder.glob(victim):
        file.unlink()
        file.write_bytes(b"")

    repository = open_repository("platform", remote, cache=cache)

    assert (await repository.heads()).at() == commit
    assert repository.tree(commit).read("a.yaml") == b"1"


async def test_locks_of_a_killed_process_do_not_block(
    upstream: ScriptedRepository, remote: Remote, cache: Path
) -> None:
    """libgit2 takes them for another process at work, for ever."""
    upstream.commit({"a.yaml": "1"})
    await open_repository("platform", remote, cache=cache).heads()
    folder = Mirror(remote, cache=cache).folder
    (folder / "refs" / "auditor" / "followed.lock").touch()
    (folder / "shallow.lock").touch()
    commit = upstream.commit({"a.yaml": "2"})

    assert (await open_repository("platform", remote, cache=cache).heads()).at() == commit


async def test_two_looks_into_one_cache_take_turns(
    upstream: ScriptedRepository, remote: Remote, cache: Path
) -> None:
    """Entries of one URL, or a scan beside a worker."""
    first = upstream.commit({"a.yaml": "1"})
    second = upstream.commit({"a.yaml": "2"})
    upstream.branch("staging", first)
    remotes = [remote, replace(remote, ref="staging")] * 3
    entries = [open_repository("platform", each, cache=cache) for each in remotes]

    async with asyncio.TaskGroup() as group:
        looks = [group.create_task(entry.heads()) for entry in entries]

    assert [look.result().at() for look in looks] == [second, first] * 3


async def test_a_cache_that_stays_taken_is_told(
    upstream: ScriptedRepository, remote: Remote, cache: Path
) -> None:
    """The look is tried again later."""
    upstream.commit({"a.yaml": "1"})
    mirror = Mirror(remote, cache=cache, turn=0)

    with (
        locked(mirror.folder.with_suffix(".lock")),
        pytest.raises(SourceUnavailable, match="another fetch"),
    ):
        await GitRepository("platform", mirror).heads()


async def test_many_fetches_do_not_pile_up(
    upstream: ScriptedRepository, remote: Remote, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Packs are joined, and every commit stays readable."""
    monkeypatch.setattr(mirror, "_MANY_PACKS", 5)
    repository = open_repository("platform", remote, cache=cache)
    commits = []
    for number in range(12):
        commits.append(upstream.commit({"a.yaml": str(number)}))
        await repository.heads()

    packs = list(Mirror(remote, cache=cache).folder.glob("objects/pack/*.pack"))
    contents = [repository.tree(commit).read("a.yaml") for commit in commits]
    assert len(packs) < 6
    assert contents == [str(number).encode() for number in range(12)]


class TestCredentials:
    async def test_a_token_opens_the_door(
        self, upstream: ScriptedRepository, server: GitServer, remote: Remote, cache: Path
    ) -> None:
        """The server asks, the token is given."""
        commit = upstream.commit({"a.yaml": "1"})
        server.password = PASSWORD
        known = replace(remote, credentials=Credentials(token=PASSWORD))

        assert (await open_repository("platform", known, cache=cache).heads()).at() == commit

    @pytest.mark.parametrize("credentials", [None, Credentials(token="wrong-token")])
    async def test_refusal_is_said_without_the_token(
        self, server: GitServer, remote: Remote, cache: Path, credentials: Credentials | None
    ) -> None:
        """One message with the URL and the remedy, and no secret in it."""
        server.password = PASSWORD
        unknown = replace(remote, credentials=credentials)

        with pytest.raises(SourceUnavailable, match=r"credentials") as refusal:
            await open_repository("platform", unknown, cache=cache).heads()

        assert "wrong-token" not in str(refusal.value)
        assert remote.url in str(refusal.value)

    async def test_a_password_in_the_url_is_never_shown(
        self, server: GitServer, cache: Path
    ) -> None:
        """Neither where the server refuses, nor where there is none."""
        server.status = 404
        url = server.url.replace("http://", f"http://ada:{PASSWORD}@") + "/upstream.git"

        with pytest.raises(SourceUnavailable) as refusal:
            await open_repository("platform", Remote(url=url), cache=cache).heads()

        assert PASSWORD not in str(refusal.value)
        assert "127.0.0.1" in str(refusal.value)

    def test_credentials_do_not_print(self) -> None:
        """Not even by accident."""
        credentials = Credentials(
            username="ada", token=PASSWORD, ssh_key="KEY", ssh_passphrase="PHRASE"
        )

        assert repr(credentials) == "Credentials(username='ada')"
        assert PASSWORD not in repr(
            Remote(url="https://example.com/x.git", credentials=credentials)
        )


class TestTrouble:
    @pytest.mark.parametrize(
        ("status", "remedy"), [(403, "read access"), (404, "Check the URL"), (500, "")]
    )
    async def test_the_servers_answer_is_passed_on(
        self, server: GitServer, repository: GitRepository, status: int, remedy: str
    ) -> None:
        """With what can be done about it."""
        server.status = status

        with pytest.raises(SourceUnavailable, match=rf"{status}.*{remedy}"):
            await repository.heads()

    async def test_a_server_that_is_not_there_is_unavailable(self, cache: Path) -> None:
        """It may be there later."""
        remote = Remote(url="http://127.0.0.1:9/x.git")

        with pytest.raises(SourceUnavailable, match=r"127\.0\.0\.1"):
            await open_repository("platform", remote, cache=cache).heads()

    async def test_a_repository_comes_back(
        self, upstream: ScriptedRepository, server: GitServer, repository: GitRepository
    ) -> None:
        """What was fetched stays readable meanwhile, and the next look succeeds."""
        first = upstream.commit({"a.yaml": "1"})
        await repository.heads()
        server.status = 503
        with pytest.raises(SourceUnavailable):
            await repository.heads()
        meanwhile = repository.tree(first).read("a.yaml")
        server.status = 0

        assert (meanwhile, (await repository.heads()).at()) == (b"1", first)

    @pytest.mark.parametrize("patience", [0.3, 60.0])
    async def test_a_silent_server_is_given_up(self, cache: Path, patience: float) -> None:
        """By us or by libgit2: a connection that nobody answers does not hold the auditor up."""
        with silence() as port:
            remote = Remote(url=f"http://127.0.0.1:{port}/x.git")
            repository = GitRepository("platform", Mirror(remote, cache=cache), patience=patience)

            with pytest.raises(SourceUnavailable):
                await repository.heads()

    async def test_a_fetch_that_nobody_waits_for_ends(
        self, upstream: ScriptedRepository, remote: Remote, cache: Path
    ) -> None:
        """Its thread must not go on filling the disk."""
        upstream.commit({"a.yaml": "1"})
        stop = threading.Event()
        stop.set()

        with pytest.raises(SourceUnavailable, match="given up"):
            Mirror(remote, cache=cache).look(stop, [CONFIGURED])


class TestRevisions:
    async def test_however_many_revisions_cost_one_fetch(
        self, upstream: ScriptedRepository, server: GitServer, repository: GitRepository
    ) -> None:
        """And no more than one at the polls after that: one question without news."""
        tags = {f"v{number}": upstream.commit({"a.yaml": str(number)}) for number in range(200)}
        for tag, commit in tags.items():
            upstream.tag(tag, commit)
        asked = ["", *tags, *tags.values(), "*"]

        first = await repository.heads(asked)
        requests = len(server.requests)
        server.requests.clear()
        again = await repository.heads(asked)

        assert first == again
        assert first.commits == {"": upstream.head, **tags, **{c: c for c in tags.values()}} | {
            "*": upstream.head
        }
        assert requests <= 4  # for the names, and again with what is wanted
        assert len(server.requests) == 1

    async def test_what_one_revision_brings_is_not_fetched_again(
        self, upstream: ScriptedRepository, server: GitServer, repository: GitRepository
    ) -> None:
        """An owner that asks for what is here costs no fetch."""
        upstream.commit({"a.yaml": "1"})
        upstream.tag("v1")
        upstream.commit({"a.yaml": "2"})
        await repository.heads()
        server.requests.clear()

        heads = await repository.heads(["", "v1", upstream.commits[0][:10]])

        assert {*heads.commits.values()} == {*upstream.commits}
        assert len(server.requests) == 1

    @pytest.mark.parametrize("is_generous", [False, True])
    async def test_a_commit_that_no_branch_leads_to_is_had_where_the_server_gives_it(
        self, upstream: ScriptedRepository, repository: GitRepository, *, is_generous: bool
    ) -> None:
        """As the big hosts do; by its whole id alone."""
        upstream.commit({"a.yaml": "1"})
        lost = upstream.commit({"a.yaml": "2"})
        upstream.rewrite({"a.yaml": "3"})
        upstream.git.config["uploadpack.allowAnySHA1InWant"] = str(is_generous).lower()

        heads = await repository.heads(["", lost, "0" * 40])

        assert (heads.commits.get(lost) == lost) is is_generous
        assert ("below a branch or tag" in heads.lacking.get(lost, "")) is not is_generous
        assert "0" * 40 in heads.lacking

    async def test_what_is_not_found_is_not_sought_again(
        self, upstream: ScriptedRepository, server: GitServer, repository: GitRepository
    ) -> None:
        """Before the server has other branches or tags."""
        upstream.commit({"a.yaml": "1"})
        absent = "abcdef0"
        await repository.heads(["", absent])
        server.requests.clear()
        await repository.heads(["", absent])
        unchanged = len(server.requests)
        upstream.commit({"a.yaml": "2"})
        upstream.branch("feature")

        await repository.heads(["", absent])

        assert unchanged == 1
        assert len(server.requests) > 2

    async def test_a_branch_may_become_a_folder_of_branches(
        self, upstream: ScriptedRepository, repository: GitRepository
    ) -> None:
        """Git cannot have both a branch and branches below its name, but one after the other."""
        upstream.commit({"a.yaml": "1"})
        first = upstream.branch("x")
        before = await repository.heads(["x", "abcdef0"])
        upstream.git.references.delete("refs/heads/x")
        upstream.commit({"a.yaml": "2"})
        second = upstream.branch("x/y")

        after = await repository.heads(["x/y", "abcdef0"])

        assert (before.at("x"), after.at("x/y")) == (first, second)

    async def test_what_nobody_asks_for_any_more_is_let_go(
        self, upstream: ScriptedRepository, remote: Remote, cache: Path
    ) -> None:
        """Refs of ours lead to what counts and to nothing else; commits stay."""
        first = upstream.commit({"a.yaml": "1"})
        upstream.tag("v1")
        upstream.commit({"a.yaml": "2"})
        repository = open_repository("platform", remote, cache=cache)
        await repository.heads(["", "v1", first])
        mirrored = pygit2.Repository(str(Mirror(remote, cache=cache).folder))
        before = len([*mirrored.references])

        await repository.heads()

        assert (before, len([*mirrored.references])) == (2, 1)
        assert repository.tree(first).read("a.yaml") == b"1"

    async def test_an_earlier_form_of_the_cache_is_taken_over(
        self, upstream: ScriptedRepository, server: GitServer, remote: Remote, cache: Path
    ) -> None:
        """It knew one ref, of another name: what it leads to is not fetched again."""
        upstream.commit({"a.yaml": "1"})
        await open_repository("platform", remote, cache=cache).heads()
        mirrored = pygit2.Repository(str(Mirror(remote, cache=cache).folder))
        (ours,) = mirrored.references
        mirrored.references.create("refs/auditor/followed", mirrored.references[ours].target)
        mirrored.references.delete(ours)
        server.requests.clear()

        await open_repository("platform", remote, cache=cache).heads()

        assert [*mirrored.references] == [ours]
        assert len(server.requests) == 1

    async def test_a_damaged_revision_is_fetched_anew(
        self, upstream: ScriptedRepository, remote: Remote, cache: Path
    ) -> None:
        """With all the others."""
        first = upstream.commit({"a.yaml": "1"})
        upstream.tag("v1", message="annotated")
        upstream.commit({"a.yaml": "2"})
        await open_repository("platform", remote, cache=cache).heads(["", "v1"])
        for pack in Mirror(remote, cache=cache).folder.glob("objects/pack/*.pack"):
            pack.unlink()

        heads = await open_repository("platform", remote, cache=cache).heads(["", "v1"])

        assert heads.commits == {"": upstream.head, "v1": first}
