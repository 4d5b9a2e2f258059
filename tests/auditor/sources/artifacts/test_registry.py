"""Artifacts of a registry are read like repositories."""

from __future__ import annotations

import asyncio
import hashlib
import json
import tarfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from auditor.domain.fieldpath import FieldPath
from auditor.domain.history import Passage
from auditor.domain.remotes import Login
from auditor.errors import SourceUnavailable
from auditor.ports import Repository
from auditor.sources.artifacts.channel import Server
from auditor.sources.artifacts.opening import open_artifact
from auditor.sources.artifacts.registry import Artifact, RegistryArtifact, moment
from tests.artifacts import CHART, FLUX, MANIFEST, PLAIN, Pushing, ScriptedArtifact, archive, member
from tests.auditor.sources.artifacts.scripted import serving
from tests.certificates import registry_token, self_signed
from tests.contracts.repository_contract import RepositoryContract
from tests.doubles import START
from tests.stack.registry import SERVICE, Access, Registry, Tokens
from tests.stack.workspace import Workspace


def now() -> datetime:
    return START + timedelta(hours=1)


@pytest.mark.e2e
class TestArtifact(RepositoryContract[ScriptedArtifact]):
    """Everything that holds for a repository holds for an artifact of a registry."""

    async def test_a_deleted_branch_is_unavailable(
        self, upstream: ScriptedArtifact, repository: Repository
    ) -> None:
        """The message names the tag and what there is instead."""
        digest = upstream.commit({"a.yaml": "1"})
        upstream.pushing.point("mainline", digest)
        upstream.pushing.remove("main")

        with pytest.raises(SourceUnavailable, match=r"no tag 'main'.*mainline"):
            (await repository.heads()).at()

    async def test_the_last_change_of_a_passage_is_known(
        self, upstream: ScriptedArtifact, repository: Repository
    ) -> None:
        """Among the artifacts that were seen: a registry tells of none before."""
        unseen = upstream.commit({"a.yaml": "kind: A\nspec:\n  x: 1\n  y: 1\n"})
        first = upstream.commit({"b.yaml": "1"})
        (await repository.heads()).at()
        second = upstream.commit({"a.yaml": "kind: A\nspec:\n  x: 1\n  y: 2\n"})
        (await repository.heads()).at()
        third = upstream.commit({"b.yaml": "2"})
        (await repository.heads()).at()

        def changed(passage: Passage, at: str = third) -> str:
            return repository.last_change(at, passage).id

        assert changed(Passage("a.yaml")) == changed(Passage("a.yaml", 1)) == second
        assert changed(Passage("a.yaml", 1, (FieldPath(("spec", "x")),))) == first
        assert changed(Passage("b.yaml"), second) == first
        with pytest.raises(SourceUnavailable, match="has no revision"):
            repository.tree(unseen)
        info = repository.last_change(third, Passage("a.yaml"))
        assert (info.author, info.authored) == ("Ada", START + timedelta(minutes=2))


def _manifest(layers: list[dict[str, Any]], **more: Any) -> bytes:
    return json.dumps({"schemaVersion": 2, "layers": layers, **more}).encode()


async def _refusal(repository: Repository) -> str:
    with pytest.raises(SourceUnavailable) as error:
        (await repository.heads()).at()
    return str(error.value)


@pytest.mark.e2e
async def test_a_digest_is_followed_where_it_is(
    upstream: ScriptedArtifact, artifact: Artifact, tmp_path: Path
) -> None:
    """Whatever tags do."""
    first = upstream.commit({"a.yaml": "1"})
    upstream.commit({"a.yaml": "2"})
    pinned = open_artifact("apps", replace(artifact, ref=first), shelves=tmp_path, now=now)

    assert (await pinned.heads()).at() == first
    assert pinned.tree(first).read("a.yaml") == b"1"


@pytest.mark.e2e
@pytest.mark.parametrize(
    "case",
    [
        ("semver:>=1.0.0", "2.0.0"),
        ("semver:1.x", "1.10.0"),
        ("semver:>=1.0.0-0 <1.2.0", "1.2.0-rc.1"),
        ("1.x", "1.10.0"),
        ("^1.2.0", "1.10.0"),
        ("~1.2", "1.2.0_build"),
        ("1.2.0-rc.1", "1.2.0-rc.1"),
    ],
)
async def test_a_range_is_the_highest_version_in_it(
    pushing: Pushing, artifact: Artifact, tmp_path: Path, case: tuple[str, str]
) -> None:
    """As Flux writes it, and as Argo CD does; other tags are none of it."""
    ref, tag = case
    tags = ("1.2.0-rc.1", "1.2.0_build", "1.10.0", "2.0.0", "3", "latest", "v")
    digests = {each: pushing.push([(FLUX, archive({"a.yaml": each}))], tag=each) for each in tags}
    ranged = open_artifact("apps", replace(artifact, ref=ref), shelves=tmp_path, now=now)

    assert (await ranged.heads()).at() == digests[tag]


@pytest.mark.e2e
async def test_all_that_is_asked_of_an_artifact_is_told_at_one_look(
    pushing: Pushing, artifact: Artifact, tmp_path: Path
) -> None:
    """Tags, digests and ranges; what there is not, or is no name at all, says so and hinders nothing."""
    tags = ("latest", "1.0.0", "1.1.0")
    digests = {each: pushing.push([(FLUX, archive({"a.yaml": each}))], tag=each) for each in tags}
    asked = {"": "latest", "1.0.0": "1.0.0", "semver:1.x": "1.1.0", digests["1.0.0"]: "1.0.0"}
    absent = ("2.0.0", "semver:>=2", "+refs/*:refs/*", "../latest", "-", "x" * 100_000)
    latest = replace(artifact, ref="latest")
    repository = open_artifact("apps", latest, shelves=tmp_path, now=now)

    heads = await repository.heads([*asked, *absent])

    assert heads.commits == {each: digests[tag] for each, tag in asked.items()}
    assert heads.lacking.keys() == {*absent}
    assert repository.tree(heads.at("semver:1.x")).read("a.yaml") == b"1.1.0"


@pytest.mark.e2e
async def test_a_new_version_in_a_range_is_noticed(
    pushing: Pushing, artifact: Artifact, tmp_path: Path
) -> None:
    """And becomes the one that counts."""
    ranged = open_artifact("apps", replace(artifact, ref="semver:*"), shelves=tmp_path, now=now)
    first = pushing.push([(FLUX, archive({"a.yaml": "1"}))], tag="1.0.0")
    heads = [(await ranged.heads()).at()]
    second = pushing.push([(FLUX, archive({"a.yaml": "2"}))], tag="1.0.1")
    heads.append((await ranged.heads()).at())

    assert heads == [first, second]
    assert ranged.last_change(second, Passage("a.yaml")).id == second


@pytest.mark.e2e
@pytest.mark.parametrize(
    "case",
    [
        ("semver:>=9", "it has no tag in the range 'semver:>=9', but 1.0.0"),
        ("semver:nonsense", "it has no tag in the range 'semver:nonsense', but 1.0.0"),
        (">=9", "it has no tag in the range '>=9', but 1.0.0"),
        ("a b", "'a b' is no tag, no digest and no range of versions"),
        ("sha256:0", "'sha256:0' is no tag, no digest"),
        ("../../x", "is no tag"),
    ],
)
async def test_what_is_in_no_range_is_told(
    pushing: Pushing, artifact: Artifact, tmp_path: Path, case: tuple[str, str]
) -> None:
    """With what there is."""
    ref, why = case
    pushing.push([(FLUX, archive({"a.yaml": "1"}))], tag="1.0.0")
    ranged = open_artifact("apps", replace(artifact, ref=ref), shelves=tmp_path, now=now)

    assert why in await _refusal(ranged)


async def test_tags_are_read_to_the_last_page(tmp_path: Path) -> None:
    """Registries list some of them at a time."""
    manifest = _manifest([{"mediaType": FLUX, "digest": PROMISED, "size": 2}])
    digest = f"sha256:{hashlib.sha256(manifest).hexdigest()}"

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/tags/list"):
            number = int(request.query.get("last", "0")) + 1
            after = {"Link": f'</v2/apps/tags/list?last={number}>; rel="next"'}
            headers = {} if number == 3 else after
            return web.json_response({"tags": [f"1.{number}.0"]}, headers=headers)
        found = request.path.endswith("/1.3.0") or request.path.endswith(digest)
        headers = {"Docker-Content-Digest": digest}
        return web.Response(body=manifest, headers=headers, status=200 if found else 404)

    async with serving(answer) as server:
        there = Server(host=server.host, is_plain=True)
        ranged = Artifact(server=there, path="apps", ref="semver:1.x")

        assert await RegistryArtifact(ranged, now=now).newest(ranged.ref) == digest


@pytest.mark.e2e
async def test_a_tag_that_is_moved_back_is_followed(
    upstream: ScriptedArtifact, repository: Repository
) -> None:
    """To the artifact that was there before, which is not fetched again."""
    first = upstream.commit({"a.yaml": "1"})
    (await repository.heads()).at()
    second = upstream.commit({"a.yaml": "2"})
    (await repository.heads()).at()
    upstream.pushing.point("main", first)

    assert (await repository.heads()).at() == first
    assert repository.changed(second, first) == {"a.yaml"}


@pytest.mark.e2e
@pytest.mark.parametrize("kind", [FLUX, PLAIN, "application/vnd.oci.image.layer.v1.tar"])
async def test_the_first_layer_counts(pushing: Pushing, repository: Repository, kind: str) -> None:
    """What was pushed by Flux, by ORAS, and not packed at all."""
    content = archive({"a.yaml": "1"}, packed=kind.endswith("gzip"))
    digest = pushing.push([(kind, content), (kind, archive({"b.yaml": "1"}))], tag="main")

    assert (await repository.heads()).at() == digest
    assert [blob.path for blob in repository.tree(digest).blobs()] == ["a.yaml"]


@pytest.mark.e2e
async def test_links_are_those_of_the_tool_that_pushed(
    pushing: Pushing, repository: Repository
) -> None:
    """Flux leaves them out of what it reads, and Argo CD follows them."""
    link = member("b.yaml", kind=tarfile.SYMTYPE, target="a.yaml")
    content = archive({"a.yaml": "1"}, [link])
    seen = []
    for kind in (FLUX, PLAIN):
        digest = pushing.push([(kind, content)], tag="main")
        (await repository.heads()).at()
        seen.append([blob.path for blob in repository.tree(digest).blobs()])

    assert seen == [["a.yaml"], ["a.yaml", "b.yaml"]]


@pytest.mark.e2e
async def test_a_packed_chart_lies_at_the_root(pushing: Pushing, repository: Repository) -> None:
    """Argo CD takes it out of its folder; one that has more than that is none."""
    files = {"web/Chart.yaml": "name: web", "web/templates/a.yaml": "a: 1"}
    digest = pushing.push([(CHART, archive(files))], tag="main")
    (await repository.heads()).at()
    paths = [blob.path for blob in repository.tree(digest).blobs()]
    pushing.push([(CHART, archive(files | {"other/x": ""}))], tag="main")

    assert paths == ["Chart.yaml", "templates/a.yaml"]
    assert "all its files in one folder" in await _refusal(repository)


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("layers", "why"),
    [
        ([], "its first layer is no archive but absent"),
        ([("text/plain", b"x")], "its first layer is no archive but text/plain"),
        ([(FLUX, b"x")], "the archive is broken"),
        ([(FLUX, archive({"../a": "x"}))], "which no tree may have"),
    ],
)
async def test_what_may_not_be_read_is_told(
    pushing: Pushing, repository: Repository, layers: list[tuple[str, bytes]], why: str
) -> None:
    """By the name of the artifact."""
    digest = pushing.push(layers, tag="main")

    said = await _refusal(repository)
    assert said.startswith(f"{pushing.url}: ")
    assert why in said
    with pytest.raises(SourceUnavailable):
        repository.tree(digest)


@pytest.mark.e2e
async def test_nothing_is_kept_of_what_is_refused(
    pushing: Pushing, repository: Repository, tmp_path: Path
) -> None:
    """However many files came before what it is refused for."""
    files = {f"{number}.yaml": str(number) for number in range(9)}
    pushing.push([(FLUX, archive(files, [member("x", kind=tarfile.FIFOTYPE)]))], tag="main")

    await _refusal(repository)

    kept = (tmp_path / "shelves").glob("*.git/objects/??/*")
    assert list(kept) == []


@pytest.mark.e2e
async def test_an_index_is_refused(pushing: Pushing, repository: Repository) -> None:
    """Which of several artifacts is meant is nobody's to guess."""
    digest = pushing.push([(FLUX, archive({"a.yaml": "1"}))], tag="one")
    kind = "application/vnd.oci.image.index.v1+json"
    listed = {"mediaType": MANIFEST, "digest": digest, "size": 1}
    index = json.dumps({"schemaVersion": 2, "mediaType": kind, "manifests": [listed]})
    pushing.put_manifest(index.encode(), tag="main", kind=kind)

    assert "Name one by its digest" in await _refusal(repository)


@pytest.mark.e2e
async def test_a_registry_that_asks_who_asks_is_told_so(
    private_registry: Registry, tmp_path: Path
) -> None:
    """A wrong password is an error that does not repeat it; a missing one as well."""
    for login in (None, lambda: Login(username="robot", password="planted-wrong-password")):
        server = Server(host=private_registry.host, login=login, is_plain=True)
        artifact = Artifact(server=server, path="apps", ref="main")
        said = await _refusal(open_artifact("apps", artifact, shelves=tmp_path, now=now))
        assert "answers 401. Check the repository's credentials" in said
        assert "planted" not in said


@pytest.mark.e2e
async def test_a_registry_that_wants_tokens_is_given_one(
    upstream: ScriptedArtifact, registry: Registry, workspace: Workspace, tmp_path: Path
) -> None:
    """From whom it says, over https, by the password; the registry itself sees the token alone."""
    digest = upstream.commit({"a.yaml": "1"})
    path = upstream.pushing.path
    encryption, certificate = self_signed(tmp_path)
    login = Login(username="robot", password="planted-password")
    basic = aiohttp.encode_basic_auth(login.username, login.password)

    async def give(request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != basic:
            return web.Response(status=401)
        return web.json_response({"token": registry_token(certificate, path=path)})

    async with serving(give, encryption) as giving:
        tokens = Tokens(realm=f"https://{giving.host}/token", certificate=certificate)
        access = Access(tokens=tokens, data=registry.data)
        private = await asyncio.to_thread(
            Registry.launch, workspace, name="token-registry", access=access
        )
        server = Server(host=private.host, login=lambda: login, is_plain=True, ca=certificate)
        artifact = Artifact(server=server, path=path, ref="main")
        repository = open_artifact("apps", artifact, shelves=tmp_path / "shelves", now=now)

        assert (await repository.heads()).at() == digest
        asked = f"/token?service={SERVICE}&scope=repository:{path}:pull"
        assert {place for place, _ in giving.seen} == {asked}
    assert repository.tree(digest).read("a.yaml") == b"1"


async def _lying(answers: Mapping[str, bytes], tmp_path: Path) -> str:
    """What is said of a registry that answers so, whatever is asked otherwise."""

    async def answer(request: web.Request) -> web.StreamResponse:
        for end, body in answers.items():
            if request.path.endswith(end):
                return web.Response(body=body, headers={"Docker-Content-Digest": PROMISED})
        return web.Response(status=404)

    async with serving(answer) as server:
        there = Server(host=server.host, is_plain=True)
        artifact = Artifact(server=there, path="apps", ref="main")
        return await _refusal(open_artifact("apps", artifact, shelves=tmp_path, now=now))


PROMISED = f"sha256:{'0' * 64}"


async def test_an_artifact_has_the_digest_that_it_goes_by(tmp_path: Path) -> None:
    """What a registry sends is believed only then."""
    said = await _lying({"main": b"", PROMISED: _manifest([])}, tmp_path)
    assert said.endswith(f"what it sent for {PROMISED} has another digest")


@pytest.mark.parametrize(
    ("layer", "why"),
    [
        ({"digest": PROMISED, "size": 2}, "what it sent has not the digest that it goes by"),
        ({"digest": "sha256:../../x", "size": 2}, "no digest of the form sha256:…"),
        ({"digest": PROMISED, "size": 2**40}, "it is larger than 64 MiB"),
        ({"digest": PROMISED, "size": 1}, "more than 0 MiB were sent"),
        ({"digest": PROMISED}, "it is larger than 64 MiB"),
    ],
)
async def test_a_layer_is_what_was_announced(
    tmp_path: Path, layer: dict[str, Any], why: str
) -> None:
    """In digest and size."""
    manifest = _manifest([{"mediaType": FLUX} | layer])
    digest = f"sha256:{hashlib.sha256(manifest).hexdigest()}"

    async def answer(request: web.Request) -> web.StreamResponse:
        body = b"{}" if "/blobs/" in request.path else manifest
        return web.Response(body=body, headers={"Docker-Content-Digest": digest})

    async with serving(answer) as server:
        there = Server(host=server.host, is_plain=True)
        artifact = Artifact(server=there, path="apps", ref="main")
        assert why in await _refusal(open_artifact("a", artifact, shelves=tmp_path, now=now))


@pytest.mark.parametrize("body", [b"", b"nothing", b"[]", b'{"layers": 7}', b'{"layers": [7]}'])
async def test_an_answer_that_makes_no_sense_is_told(tmp_path: Path, body: bytes) -> None:
    """It is unavailable, and nothing breaks."""
    digest = f"sha256:{hashlib.sha256(body).hexdigest()}"

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(body=body, headers={"Docker-Content-Digest": digest})

    async with serving(answer) as server:
        there = Server(host=server.host, is_plain=True)
        artifact = Artifact(server=there, path="apps", ref="main")
        assert await _refusal(open_artifact("apps", artifact, shelves=tmp_path, now=now))


@pytest.mark.parametrize(
    ("written", "made"),
    [
        ("2026-01-02T03:04:05Z", START),
        ("2026-01-02T03:04:05.123456789Z", START.replace(microsecond=123456)),
        ("2999-01-01T00:00:00Z", now()),
        ("2026-01-02T03:04:05", now()),
        ("yesterday", now()),
        (None, now()),
    ],
)
def test_when_it_was_made_is_believed_where_it_can_be(written: object, made: datetime) -> None:
    """A moment to come, or none, is the moment at which it was seen."""
    assert moment(written, now()) == made
