"""Buckets are read like repositories."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from auditor.domain.fieldpath import FieldPath
from auditor.domain.history import Passage
from auditor.domain.remotes import Login
from auditor.errors import SourceUnavailable
from auditor.ports import Repository
from auditor.sources.artifacts.bucket import Bucket, Place, place_of
from auditor.sources.artifacts.channel import Server
from auditor.sources.artifacts.opening import open_bucket
from auditor.sources.artifacts.paths import Unacceptable
from auditor.sources.artifacts.repository import FetchedRepository
from auditor.sources.artifacts.unpacking import Bounds
from auditor.sources.git.shelf import Shelf
from tests.auditor.sources.artifacts.scripted import serving
from tests.auditor.sources.artifacts.test_channel import asking
from tests.buckets import ScriptedBucket
from tests.contracts.repository_contract import RepositoryContract
from tests.stack.object_store import ACCESS_KEY, SECRET_KEY, ObjectStore

pytestmark = pytest.mark.e2e


def now() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


def account() -> Login:
    return Login(username=ACCESS_KEY, password=SECRET_KEY)


@pytest.fixture
def upstream(object_store: ObjectStore) -> ScriptedBucket:
    return ScriptedBucket(object_store, f"shop-{uuid.uuid4().hex}")


@pytest.fixture
def place(upstream: ScriptedBucket) -> Place:
    server = Server(host=upstream.server.host, login=account, is_plain=True)
    return Place(server=server, bucket=upstream.bucket)


@pytest.fixture
def repository(place: Place, tmp_path: Path) -> Repository:
    return open_bucket("apps", place, shelves=tmp_path / "shelves", now=now)


async def refusal(repository: Repository) -> str:
    """Why nothing is read; whatever it is, it never says a secret."""
    with pytest.raises(SourceUnavailable) as error:
        (await repository.heads()).at()
    assert SECRET_KEY not in f"{error.value} {error.value.__cause__} {error.value.__context__}"
    return str(error.value)


class TestBucket(RepositoryContract[ScriptedBucket]):
    """Everything that holds for a repository holds for a bucket."""

    async def test_a_deleted_branch_is_unavailable(
        self, upstream: ScriptedBucket, repository: Repository
    ) -> None:
        """The message names the bucket."""
        upstream.commit({"a.yaml": "1"})
        upstream.server.remove_bucket(upstream.bucket)

        said = await refusal(repository)
        assert (
            said
            == f"{upstream.url}: it answers 404 NoSuchBucket. Check url, region and credentials"
        )

    async def test_a_commit_says_who_and_when(
        self, upstream: ScriptedBucket, repository: Repository
    ) -> None:
        """A bucket does not tell who; it was made when the newest file was."""
        before = datetime.now(UTC).replace(microsecond=0)
        upstream.commit({"a.yaml": "1"})
        digest = upstream.commit({"a.yaml": "2"})
        (await repository.heads()).at()

        info = repository.commit(digest)

        assert (info.id, info.author) == (digest, "unknown")
        assert before <= info.committed <= datetime.now(UTC)
        assert info.authored == info.committed

    async def test_the_last_change_of_a_passage_is_known(
        self, upstream: ScriptedBucket, repository: Repository
    ) -> None:
        """Among what was seen: a bucket tells of nothing before."""
        first = upstream.commit({"a.yaml": "kind: A\nspec:\n  x: 1\n  y: 1\n", "b.yaml": "1"})
        (await repository.heads()).at()
        second = upstream.commit({"a.yaml": "kind: A\nspec:\n  x: 1\n  y: 2\n"})
        (await repository.heads()).at()

        assert repository.last_change(second, Passage("a.yaml", 1)).id == second
        unchanged = Passage("a.yaml", 1, (FieldPath(("spec", "x")),))
        assert repository.last_change(second, unchanged).id == first
        assert repository.last_change(second, Passage("b.yaml")).id == first


async def test_a_folder_of_a_bucket_is_a_repository_too(
    upstream: ScriptedBucket, place: Place, tmp_path: Path
) -> None:
    """With the paths that the files have in the bucket, as Flux has them."""
    upstream.commit({"apps/a.yaml": "1", "apps-old/b.yaml": "1", "c.yaml": "1"})
    narrow = open_bucket("apps", replace(place, prefix="apps/"), shelves=tmp_path, now=now)

    tree = narrow.tree((await narrow.heads()).at())

    assert [blob.path for blob in tree.blobs()] == ["apps/a.yaml"]


async def test_keys_may_hold_any_letter(upstream: ScriptedBucket, repository: Repository) -> None:
    """Also such as mean something in an address; and files may be empty."""
    upstream.commit({"a/empty.yaml": "", "ä b#%20?.yaml": "1"})

    tree = repository.tree((await repository.heads()).at())

    assert [blob.path for blob in tree.blobs()] == ["a/empty.yaml", "ä b#%20?.yaml"]


class Listed:
    """A store that lists what it is told."""

    def __init__(self, *objects: tuple[str, int]) -> None:
        self.objects = objects

    async def list(self, prefix: str | None) -> AsyncIterator[list[dict[str, Any]]]:
        del prefix
        for path, size in self.objects:
            yield [{"path": path, "size": size, "e_tag": '"x"', "last_modified": now()}]


async def test_what_stands_for_a_folder_is_no_file(place: Place) -> None:
    """Clients make empty objects where people make folders; the library does not tell their slash."""
    listed = Listed(("a", 0), ("a/b", 0), ("a/b/c.yaml", 1), ("empty.yaml", 0))

    found = await Bucket(place, now=now)._list(cast("Any", listed))

    assert [each.path for each in found] == ["a/b/c.yaml", "empty.yaml"]


async def test_a_key_that_leads_out_refuses_the_bucket(place: Place) -> None:
    """It may be any text."""
    with pytest.raises(Unacceptable, match="which no tree may have"):
        await Bucket(place, now=now)._list(cast("Any", Listed(("../a.yaml", 1))))


async def test_a_wrong_key_is_told_without_it(place: Place, tmp_path: Path) -> None:
    """And so is none."""
    wrong = Login(username=ACCESS_KEY, password=f"{SECRET_KEY}-wrong")
    for login, code in ((lambda: wrong, "SignatureDoesNotMatch"), (None, "AccessDenied")):
        asking_so = replace(place, server=replace(place.server, login=login))
        said = await refusal(open_bucket("apps", asking_so, shelves=tmp_path, now=now))
        assert said == f"{place}: it answers 403 {code}. Check url, region and credentials"


async def test_too_much_is_not_read(upstream: ScriptedBucket, place: Place, tmp_path: Path) -> None:
    """Neither in files nor in bytes."""
    upstream.commit({"a.yaml": "1" * 100, "b.yaml": "1", "c.yaml": "1"})
    for bounds in (Bounds(files=2), Bounds(unpacked=50)):
        bucket = Bucket(place, now=now, bounds=bounds)
        narrow = FetchedRepository("apps", bucket, Shelf(tmp_path / "shelf.git", name="apps"))
        assert "it holds more than" in await refusal(narrow)


async def test_what_changes_while_it_is_read_is_refused(
    upstream: ScriptedBucket, place: Place, tmp_path: Path
) -> None:
    """Half of a change was never declared."""
    upstream.commit({"a.yaml": "1"})
    bucket = Bucket(place, now=now)
    seen = await bucket.newest("")
    upstream.commit({"a.yaml": "2"})

    with pytest.raises(SourceUnavailable, match="changed while it was read"):
        await bucket.fetch(seen, tmp_path)


async def test_plain_http_is_spoken_where_that_is_configured(place: Place, tmp_path: Path) -> None:
    """And nowhere else."""
    encrypted = replace(place, server=replace(place.server, is_plain=False))
    said = await refusal(open_bucket("apps", encrypted, shelves=tmp_path, now=now))
    assert said == f"{place}: it cannot be reached. Check url, region and the network"


async def test_the_key_itself_is_sent_to_nobody(place: Place, tmp_path: Path) -> None:
    """Requests are signed with it, and a server that asks for a password gets none."""
    async with serving(asking("Basic", "never")) as server:
        elsewhere = replace(place, server=replace(place.server, host=server.host))
        await refusal(open_bucket("apps", elsewhere, shelves=tmp_path, now=now))

        assert server.seen
        assert not [sent for _, sent in server.seen if SECRET_KEY in sent]


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("s3://H.io:9000/shop", ("h.io:9000", "shop", "")),
        ("s3://h.io/shop/", ("h.io", "shop", "")),
        ("s3://h.io/shop/Apps/prod/", ("h.io", "shop", "Apps/prod/")),
    ],
)
def test_an_address_tells_host_bucket_and_folder(url: str, parts: tuple[str, str, str]) -> None:
    """The host is the same in either case."""
    assert place_of(url) == parts
