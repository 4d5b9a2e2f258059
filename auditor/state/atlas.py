"""Which configured repository and cluster is meant by what an owner writes.

Only what is configured is ever reached: an address in a manifest alone makes nobody connect anywhere. What
is not configured is told by name, with what to add. A repository that is, is followed at whatever revision
is asked for. It refuses to fetch, and to say where a revision is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from auditor.domain.gitops.branch import Destination
from auditor.domain.history import CONFIGURED
from auditor.domain.remotes import OCI, S3
from auditor.errors import ManifestError
from auditor.state.roots import Edition

_SCP: Final = re.compile(r"^(?:[\w.-]+@)?([\w.-]+):(?!//)(.+)$")
HEAD: Final = "HEAD"
EVERY: Final = "*"
"""Stands for whatever is asked for: a folder is looked at as it lies there."""
LONGEST: Final = 512
"""So many characters of a revision are taken: as many as of a range of versions."""
_IN_CLUSTER: Final = Destination(name="in-cluster", server="https://kubernetes.default.svc")
"""How Argo CD names the cluster that it runs on:
https://argo-cd.readthedocs.io/en/stable/operator-manual/declarative-setup/#clusters"""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRepository:
    """A configured repository: every address that it goes by, and what is followed of it."""

    name: str
    urls: tuple[str, ...]
    ref: str = "HEAD"

    def edition(self, revision: str) -> Edition:
        """What of it somebody asks for; of a folder there is only what lies there."""
        is_configured = self.ref in {EVERY, revision}
        return Edition(self.name, CONFIGURED if is_configured else revision)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCluster:
    """A configured cluster, and the other names and addresses that it goes by."""

    name: str
    aliases: frozenset[str] = frozenset()

    def goes_by(self, text: str) -> bool:
        """Tell whether it is meant by a name or an address."""
        return text == self.name or text.rstrip("/") in self.aliases


class Atlas:
    """Everything configured, by the names that others give it."""

    def __init__(
        self, repositories: Sequence[KnownRepository], clusters: Sequence[KnownCluster]
    ) -> None:
        self._repositories = [
            ({plain_url(url) for url in each.urls}, each) for each in repositories
        ]
        self._clusters = tuple(clusters)

    def edition(self, url: str, revision: str) -> Edition:
        """Name the configured repository with this address, at a revision: none is the default branch.

        Of several with the address the one counts that is configured to follow the revision, else the first.

        Raises:
            ManifestError: there is none, or there can be no such revision; says what to do.

        """
        wanted, asked = plain_url(url), revision or HEAD
        if len(asked) > LONGEST:
            raise ManifestError(
                f"{asked[:20]!r}… is no revision: no more than {LONGEST} characters are one"
            )
        found = [each.edition(asked) for urls, each in self._repositories if wanted in urls]
        if not found:
            raise ManifestError(
                f"{_shown(url)} is not one of the repositories; add it with its url"
            )
        return next((each for each in found if each.revision == CONFIGURED), found[0])

    def knows(self, url: str) -> bool:
        """Tell whether anything is configured at an address, whatever is followed of it."""
        return any(plain_url(url) in urls for urls, _ in self._repositories)

    def has(self, repository: str) -> bool:
        """Tell whether a repository is configured under a name."""
        return any(known.name == repository for _, known in self._repositories)

    def cluster(self, destination: Destination, own: str) -> str:
        """Name the configured cluster that is meant; ``own`` is the one that the owner is on.

        Raises:
            ManifestError: it is not configured; says what to add.

        """
        texts = [text for text in (destination.name, destination.server) if text]
        if not texts or any(_is_own(text) for text in texts):
            return own
        for text in texts:
            for cluster in self._clusters:
                if cluster.goes_by(text):
                    return cluster.name
        raise ManifestError(
            f"{texts[0]} is not one of the clusters; add it, or add that to the aliases of one"
        )


class Anywhere(Atlas):
    """An atlas for looking around without a configuration: every cluster is known by its own name."""

    def cluster(self, destination: Destination, own: str) -> str:
        """Take a cluster for itself."""
        texts = [text for text in (destination.name, destination.server) if text]
        return own if not texts or any(_is_own(text) for text in texts) else texts[0]


def plain_url(url: str) -> str:
    """Bring the ways of writing one address into one: host and path, without user, scheme and .git.

    An artifact may have host and path of a Git repository (forges have both), so its scheme stays, and so
    does that of a bucket.
    """
    if url.startswith((OCI, S3)):
        scheme, _, place, *inside = url.rstrip("/").split("/", 3)
        return "/".join((scheme, "", place.lower(), *inside))
    host, path = _split(url)
    plain = re.sub(r"/+", "/", path).strip("/").removesuffix(".git").rstrip("/")
    return f"{host.lower()}/{plain}"


def _split(url: str) -> tuple[str, str]:
    if "://" in url:
        try:
            parts = urlsplit(url)
        except ValueError:  # an address that is none is the same as nothing but itself
            return "", url
        return parts.hostname or "", parts.path
    scp = _SCP.match(url)
    return (scp[1], scp[2]) if scp else ("", url)


def _is_own(text: str) -> bool:
    return text in {_IN_CLUSTER.name, _IN_CLUSTER.server} or text.rstrip("/") == _IN_CLUSTER.server


def _shown(url: str) -> str:
    """An address without what may be a password."""
    return re.sub(r"//[^/@]*@", "//", url)
