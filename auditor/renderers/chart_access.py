"""What it takes to reach chart repositories: who asks, whom to trust, over which protocol.

helm is told in files of its own folder, which nobody else can read and which go with it: nothing secret
stands in arguments, in the environment or in what helm complains about. What is meant for one address is
given to that host alone, and only for what lies below the address: helm sends a password to the host of the
repository and to no other that an index names (``--pass-credentials`` of
https://helm.sh/docs/helm/helm_repo_add/). It refuses to look a secret up before it is needed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from auditor.domain.remotes import Login

REPOSITORY: Final = "charts"
"""What the one repository of a repository file is called."""
_DOCKER_HUB: Final = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io"})
_DOCKER_HUB_KEY: Final = "https://index.docker.io/v1/"
"""By which the registry that is everybody's default is kept in such files, for historical reasons."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartAccess:
    """What it takes to reach the repositories at an address and below it. ``login`` looks secrets up."""

    url: str
    login: Callable[[], Login] | None = None
    ca: Path | None = None
    is_plain: bool = False

    def covers(self, address: str) -> bool:
        """Tell whether an address is this one, or lies below it: at the same host, and not by name alone."""
        own, other = _parts(self.url), _parts(address)
        return other is not None and own is not None and other[: len(own)] == own


def access_to(accesses: Iterable[ChartAccess], address: str) -> ChartAccess | None:
    """Find what is meant for an address; of several, the one that says most of it."""
    covering = [each for each in accesses if each.covers(address)]
    return max(covering, key=lambda each: len(each.url.rstrip("/")), default=None)


def repository_file(access: ChartAccess, login: Login | None, url: str) -> bytes:
    """Say all of an HTTP repository, as helm keeps it: https://helm.sh/docs/helm/helm_repo_add/."""
    entry: dict[str, Any] = {"name": REPOSITORY, "url": url, "pass_credentials_all": False}
    if login is not None:
        entry |= {"username": login.username, "password": login.password}
    if access.ca is not None:
        entry["caFile"] = str(access.ca)
    return orjson.dumps({"apiVersion": "", "repositories": [entry]})


def registry_file(login: Login | None, url: str) -> bytes:
    """Say who asks at a registry, as docker keeps it, and nothing of any other registry.

    https://docs.docker.com/reference/cli/docker/login/#credential-stores
    """
    host = urlsplit(url).netloc
    names = [host, _DOCKER_HUB_KEY] if host in _DOCKER_HUB else [host]
    auths = {name: {"auth": login.encoded} for name in names} if login else {}
    return orjson.dumps({"auths": auths})


def write_private(file: Path, content: bytes) -> None:
    """Write a file that nobody else can read, not even for a moment."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
        opened.write(content)


def secrets_of(login: Login | None) -> Iterator[str]:
    """What must not be repeated of a login, in each of its forms."""
    if login is not None:
        yield from (login.password, login.encoded)


def _parts(url: str) -> tuple[str, ...] | None:
    """Scheme, host and the steps of the path; nothing where an address may be read in two ways."""
    if not url.isascii() or not url.isprintable() or set(url) & set(" \\%"):
        return None
    try:
        split = urlsplit(url)
    except ValueError:
        return None
    steps = [step for step in split.path.split("/") if step]
    if "@" in split.netloc or {".", ".."} & set(steps):
        return None
    return (split.scheme, split.netloc.lower(), *steps)
