"""How each Git server signs its webhooks, and where in them the repository stands.

GitHub: ``X-Hub-Signature-256``, https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries.
GitLab sends the secret itself, https://docs.gitlab.com/user/project/integrations/webhooks/.
Gitea and Forgejo: ``X-Gitea-Signature``, https://docs.gitea.com/usage/webhooks.
Pure functions: every comparison takes the same time whatever it is given. It refuses to read a body that
was not verified.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

Headers = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One sort of Git server."""

    name: str
    verify: Callable[[Headers, bytes, str], bool]
    """Tells whether headers and body were made by somebody who knows a secret."""
    event_header: str
    pushes: frozenset[str]
    """Values of the event header that say that something was pushed."""
    delivery_header: str
    urls: Callable[[Mapping[str, Any]], Iterator[str]]
    """The URLs that the payload gives the repository."""


def _signed(header: str, prefix: str) -> Callable[[Headers, bytes, str], bool]:
    def verify(headers: Headers, body: bytes, secret: str) -> bool:
        digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        given = headers.get(header, "").encode(errors="replace")
        return hmac.compare_digest(f"{prefix}{digest}".encode(), given)

    return verify


def _shared(header: str) -> Callable[[Headers, bytes, str], bool]:
    def verify(headers: Headers, _body: bytes, secret: str) -> bool:
        return same_secret(headers.get(header, ""), secret)

    return verify


def same_secret(given: str, secret: str) -> bool:
    """Compare in constant time, the length included, since digests are compared."""
    digests = (hashlib.sha256(text.encode(errors="replace")).digest() for text in (given, secret))
    return hmac.compare_digest(*digests)


def _urls(section: str, fields: tuple[str, ...]) -> Callable[[Mapping[str, Any]], Iterator[str]]:
    def urls(payload: Mapping[str, Any]) -> Iterator[str]:
        described = payload.get(section)
        if isinstance(described, Mapping):
            yield from (described[name] for name in fields if isinstance(described.get(name), str))

    return urls


_GITHUB_URLS: Final = _urls("repository", ("clone_url", "ssh_url", "html_url", "git_url"))

PROVIDERS: Final = (
    Provider(
        name="github",
        verify=_signed("X-Hub-Signature-256", "sha256="),
        event_header="X-GitHub-Event",
        pushes=frozenset({"push", "create"}),
        delivery_header="X-GitHub-Delivery",
        urls=_GITHUB_URLS,
    ),
    Provider(
        name="gitlab",
        verify=_shared("X-Gitlab-Token"),
        event_header="X-Gitlab-Event",
        pushes=frozenset({"Push Hook", "Tag Push Hook"}),
        delivery_header="X-Gitlab-Event-UUID",
        urls=_urls("project", ("git_http_url", "git_ssh_url", "web_url")),
    ),
    Provider(
        name="gitea",
        verify=_signed("X-Gitea-Signature", ""),
        event_header="X-Gitea-Event",
        pushes=frozenset({"push", "create"}),
        delivery_header="X-Gitea-Delivery",
        urls=_GITHUB_URLS,
    ),
)
