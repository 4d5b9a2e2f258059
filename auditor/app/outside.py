"""The real outside: API servers over HTTP, repositories of Git, of registries and in buckets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path

from auditor.app.clock import SystemClock
from auditor.app.garbage import set_aside
from auditor.app.logins import look_up
from auditor.app.seams import Seams
from auditor.config.clusters import Cluster
from auditor.config.document import Configuration
from auditor.config.repositories import Credentials as CredentialsChoice
from auditor.config.repositories import Repository as RepositoryChoice
from auditor.pipeline.worker import BEAT
from auditor.ports import ApiTransport, Clock, Repository
from auditor.sources.artifacts.bucket import Place
from auditor.sources.artifacts.bucket import place_of as bucket_of
from auditor.sources.artifacts.channel import Server
from auditor.sources.artifacts.opening import open_artifact, open_bucket
from auditor.sources.artifacts.registry import Artifact, place_of
from auditor.sources.git.credentials import Credentials
from auditor.sources.git.fetching import Remote
from auditor.sources.git.libgit2 import trust_hosts
from auditor.sources.git.repository import open_repository
from auditor.sources.kubernetes.access import Address
from auditor.sources.kubernetes.client import ApiServer


def real_seams(configuration: Configuration) -> Seams:
    """Reach out as configured; what can be fetched again is kept in the configured cache."""
    clock = SystemClock()
    cache = configuration.store.cache
    mirrors = cache / "git"
    _trust_hosts(configuration.repositories, mirrors)
    return Seams(
        clock=clock,
        cluster=lambda choice: _api_server(choice, clock),
        repository=lambda choice: (
            _fetched(choice, cache / "artifacts", clock)
            if choice.is_artifact or choice.is_bucket
            else _repository(choice, mirrors)
        ),
        beat=BEAT,
        settled=set_aside,
    )


def _trust_hosts(choices: Iterable[RepositoryChoice], mirrors: Path) -> None:
    """Let ssh servers be those of the configured known_hosts files, if there are any."""
    credentials = (choice.credentials for choice in choices)
    files = [one.known_hosts for one in credentials if one and one.known_hosts]
    if files:
        trust_hosts(files, home=mirrors / "home")


def _api_server(choice: Cluster, clock: Clock) -> AbstractAsyncContextManager[ApiTransport]:
    address = Address(
        cluster=choice.name,
        kubeconfig=choice.kubeconfig,
        context=choice.context,
        in_cluster=choice.in_cluster,
    )
    return ApiServer(address, clock)


@asynccontextmanager
async def _repository(choice: RepositoryChoice, mirrors: Path) -> AsyncIterator[Repository]:
    credentials = _credentials(choice.credentials) if choice.credentials else None
    remote = Remote(
        url=choice.url, ref=choice.followed, credentials=credentials, depth=choice.depth
    )
    yield open_repository(choice.name, remote, cache=mirrors)


@asynccontextmanager
async def _fetched(
    choice: RepositoryChoice, shelves: Path, clock: Clock
) -> AsyncIterator[Repository]:
    """Open what is no repository of Git."""
    if choice.is_bucket:
        host, bucket, prefix = bucket_of(choice.url)
        place = Place(
            server=_server(choice, host), bucket=bucket, prefix=prefix, region=choice.region
        )
        yield open_bucket(choice.name, place, shelves=shelves, now=clock.now)
        return
    host, path = place_of(choice.url)
    artifact = Artifact(server=_server(choice, host), path=path, ref=choice.followed)
    yield open_artifact(choice.name, artifact, shelves=shelves, now=clock.now)


def _server(choice: RepositoryChoice, host: str) -> Server:
    return Server(
        host=host,
        login=partial(look_up, choice.credentials) if choice.credentials else None,
        is_plain=choice.insecure,
        ca=choice.ca_file,
    )


def _credentials(choice: CredentialsChoice) -> Credentials:
    return Credentials(
        username=choice.username_from.resolve() if choice.username_from else choice.username,
        token=choice.token_from.resolve() if choice.token_from else "",
        ssh_key=choice.ssh_key_from.resolve() if choice.ssh_key_from else "",
        ssh_passphrase=choice.ssh_passphrase_from.resolve() if choice.ssh_passphrase_from else "",
    )
