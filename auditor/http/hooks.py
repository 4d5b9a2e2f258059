"""Webhooks: somebody says that something happened, so look now.

A webhook is a hint. It starts a look that would have come anyway, and proves nothing: a verified push makes
the repository's source ask the Git server, an alert is only noted. Without a secret a hook is off; a wrong
signature, a replay, a stranger's repository do nothing.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from aiohttp import web

from auditor.errors import ConfigError
from auditor.http.deliveries import Deliveries
from auditor.http.providers import PROVIDERS, Provider, same_secret
from auditor.http.remotes import named_by
from auditor.http.replies import refuse, reply
from auditor.ports import Clock
from auditor.telemetry.http import HttpEvents

LARGEST: Final = 1024 * 1024
"""Bytes of a webhook's body that are read."""
_PATIENCE: Final = 10.0
"""Seconds that a sender may take for its body."""
ALERTMANAGER: Final = "alertmanager"
_ALERT_VERSION: Final = "4"
"""https://prometheus.io/docs/alerting/latest/configuration/#webhook_config"""


@dataclass(frozen=True, slots=True, kw_only=True)
class HookKey:
    """Secrets that verify a webhook, and which repositories they speak for (None: all).

    ``secrets`` looks them up now and raises ConfigError where it cannot.
    """

    secrets: Callable[[], tuple[str, ...]]
    repositories: frozenset[str] | None = None

    def reaches(self, repository: str) -> bool:
        """Whether the key speaks for a repository."""
        return self.repositories is None or repository in self.repositories


@dataclass(frozen=True, slots=True, kw_only=True)
class HookSettings:
    """What hooks need to know: keys by provider, the URL of each repository, and whom to tell.

    ``poke`` asks a repository's source to look now; it must not block.
    """

    keys: Mapping[str, tuple[HookKey, ...]] = field(default_factory=dict)
    remotes: Mapping[str, str] = field(default_factory=dict)
    poke: Callable[[str], None]


class Hooks:
    """Handlers of ``/hooks``."""

    def __init__(self, settings: HookSettings, clock: Clock, events: HttpEvents) -> None:
        self._settings = settings
        self._events = events
        self._deliveries = Deliveries(clock)

    def routes(self) -> list[web.RouteDef]:
        """Where the handlers are."""
        pushes = [
            web.post(f"/hooks/{one.name}", self._taken(one.name, partial(self._push, one)))
            for one in PROVIDERS
        ]
        return [
            *pushes,
            web.post(f"/hooks/{ALERTMANAGER}", self._taken(ALERTMANAGER, self._alerts)),
        ]

    def _taken(
        self, name: str, answer: Callable[[web.Request, bytes], web.Response]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        """What all hooks have in common: a secret, and a body within bounds."""

        async def handler(request: web.Request) -> web.Response:
            if not self._settings.keys.get(name):
                self._events.hook_received(name, "off")
                return refuse(403, f"this hook is off; set http.hooks.{name}.secretFrom to take it")
            try:
                async with asyncio.timeout(_PATIENCE):
                    body = await request.read()
                return answer(request, body)
            except TimeoutError:
                return refuse(408, "the body took too long")
            except ConfigError as error:
                self._events.secret_unavailable(name, str(error))
                return refuse(503, "the secret of this hook cannot be looked up now; see the log")

        return handler

    # --- pushes ---

    def _push(self, provider: Provider, request: web.Request, body: bytes) -> web.Response:
        headers = request.headers
        keys = self._verified(provider.name, lambda secret: provider.verify(headers, body, secret))
        if not keys:
            return self._denied(provider.name)
        payload = _json(body)
        if payload is None:
            self._events.hook_received(provider.name, "malformed")
            return refuse(
                400, "the body is no JSON object; choose application/json as content type"
            )
        delivery = headers.get(provider.delivery_header, "")
        if not self._deliveries.first(provider.name, delivery, body):
            return self._accepted(provider.name, "replayed")
        if headers.get(provider.event_header) not in provider.pushes:
            return self._accepted(provider.name, "ignored")
        return self._poked(provider, payload, keys)

    def _poked(
        self, provider: Provider, payload: Mapping[str, Any], keys: list[HookKey]
    ) -> web.Response:
        meant = named_by(provider.urls(payload), self._settings.remotes)
        names = tuple(name for name in meant if any(key.reaches(name) for key in keys))
        for name in names:
            self._settings.poke(name)
        return self._accepted(provider.name, "poked" if names else "unknown", names)

    def _verified(self, name: str, verify: Callable[[str], bool]) -> list[HookKey]:
        """The keys that a request was made with. Every secret is tried, so that time tells nothing."""
        return [
            key
            for key in self._settings.keys[name]
            if sum(verify(secret) for secret in key.secrets())
        ]

    def _denied(self, name: str) -> web.Response:
        self._events.hook_received(name, "denied")
        return refuse(401, "the signature or secret does not fit")

    def _accepted(self, name: str, outcome: str, names: tuple[str, ...] = ()) -> web.Response:
        self._events.hook_received(name, outcome, names)
        return reply({"outcome": outcome, "repositories": list(names)}, status=202)

    # --- alerts ---

    def _alerts(self, request: web.Request, body: bytes) -> web.Response:
        given = _credential(request.headers.get("Authorization", ""))
        if not self._verified(ALERTMANAGER, lambda secret: same_secret(given, secret)):
            return self._denied(ALERTMANAGER)
        payload = _json(body)
        if payload is None or payload.get("version") != _ALERT_VERSION:
            self._events.hook_received(ALERTMANAGER, "malformed")
            return refuse(400, f"not a webhook of Alertmanager, version {_ALERT_VERSION}")
        alerts = payload.get("alerts")
        count = len(alerts) if isinstance(alerts, list) else 0
        self._events.alerts_received(str(payload.get("status"))[:16], count)
        return self._accepted(ALERTMANAGER, "noted")


def _credential(authorization: str) -> str:
    """The bearer token, or the password of basic authentication; empty if there is none."""
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        decoded = base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return decoded.partition(":")[2]


def _json(body: bytes) -> Mapping[str, Any] | None:
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return payload if isinstance(payload, dict) else None
