"""A webhook is a hint that is believed only if it is signed, fresh and about a known repository."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
from collections.abc import Mapping
from typing import Any

import pytest
from structlog.testing import capture_logs

from auditor.errors import ConfigError
from auditor.http.deliveries import WINDOW
from auditor.http.hooks import LARGEST, HookKey
from tests.auditor.http.world import World

_SECRET = "hunter2-planted"
_REMOTES = {
    "platform": "https://git.example.com/org/platform.git",
    "apps": "git@git.example.com:org/apps.git",
    "local": "/srv/git/local",
}


def _keys(*secrets: str, repositories: frozenset[str] | None = None) -> dict[str, Any]:
    key = HookKey(secrets=lambda: secrets or (_SECRET,), repositories=repositories)
    return dict.fromkeys(("github", "gitlab", "gitea", "alertmanager"), (key,))


def _payload(provider: str, repository: str = "platform") -> bytes:
    web_url = f"https://Git.example.com/org/{repository}"
    if provider == "gitlab":
        return json.dumps({"object_kind": "push", "project": {"web_url": web_url}}).encode()
    return json.dumps({"ref": "x", "repository": {"clone_url": f"{web_url}.git"}}).encode()


def _headers(
    provider: str, body: bytes, secret: str = _SECRET, delivery: str = "1"
) -> dict[str, str]:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {
        "github": {
            "X-GitHub-Event": "push",
            "X-GitHub-Delivery": delivery,
            "X-Hub-Signature-256": f"sha256={digest}",
        },
        "gitlab": {
            "X-Gitlab-Event": "Push Hook",
            "X-Gitlab-Event-UUID": delivery,
            "X-Gitlab-Token": secret,
        },
        "gitea": {
            "X-Gitea-Event": "push",
            "X-Gitea-Delivery": delivery,
            "X-Gitea-Signature": digest,
        },
    }[provider]


async def _post(
    world: World, path: str, body: bytes, headers: Mapping[str, str], **serving: Any
) -> tuple[int, dict[str, Any]]:
    settings: dict[str, Any] = {"keys": _keys(), "remotes": _REMOTES} | serving
    async with (
        world.serving(**settings) as client,
        client.post(path, data=io.BytesIO(body), headers=headers) as answer,
    ):
        return answer.status, await answer.json()


@pytest.mark.parametrize("provider", ["github", "gitlab", "gitea"])
@pytest.mark.parametrize("repository", ["platform", "apps"])
async def test_a_signed_push_makes_the_repository_look(provider: str, repository: str) -> None:
    """However its URL is written here and there."""
    world = World()
    body = _payload(provider, repository)

    status, document = await _post(world, f"/hooks/{provider}", body, _headers(provider, body))

    assert (status, document["outcome"]) == (202, "poked")
    assert world.poked == [repository]


@pytest.mark.parametrize("provider", ["github", "gitlab", "gitea"])
async def test_a_wrong_secret_is_denied(provider: str) -> None:
    """And nobody looks."""
    world = World()
    body = _payload(provider)

    status, _ = await _post(world, f"/hooks/{provider}", body, _headers(provider, body, "guess"))

    assert status == 401
    assert world.poked == []
    assert world.sample("auditor_hooks_total", provider=provider, outcome="denied") == 1


@pytest.mark.parametrize("provider", ["github", "gitlab", "gitea"])
async def test_no_signature_at_all_is_denied(provider: str) -> None:
    """A missing header is a wrong one."""
    status, _ = await _post(World(), f"/hooks/{provider}", _payload(provider), {})

    assert status == 401


@pytest.mark.parametrize("provider", ["github", "gitea"])
async def test_a_changed_body_is_denied(provider: str) -> None:
    """The signature is over every byte."""
    body = _payload(provider)

    status, _ = await _post(World(), f"/hooks/{provider}", body + b" ", _headers(provider, body))

    assert status == 401


@pytest.mark.parametrize("provider", ["github", "gitlab", "gitea", "alertmanager"])
async def test_a_hook_without_secret_is_off(provider: str) -> None:
    """The answer says how it is switched on."""
    status, document = await _post(World(), f"/hooks/{provider}", b"{}", {}, keys={})

    assert status == 403
    assert f"http.hooks.{provider}.secretFrom" in document["error"]


async def test_either_secret_is_good_during_rotation() -> None:
    """The old one and the new one."""
    body = _payload("github")
    for secret in ("old", "new"):
        headers = _headers("github", body, secret)
        status, _ = await _post(World(), "/hooks/github", body, headers, keys=_keys("old", "new"))

        assert status == 202


async def test_the_secret_of_one_repository_speaks_for_no_other() -> None:
    """A tenant's hook cannot make others look."""
    world = World()
    body = _payload("github", "platform")

    _, document = await _post(
        world,
        "/hooks/github",
        body,
        _headers("github", body),
        keys=_keys(repositories=frozenset({"apps"})),
    )

    assert document["outcome"] == "unknown"
    assert world.poked == []


async def test_a_strangers_repository_is_accepted_and_ignored() -> None:
    """A hook of a whole organisation tells of many."""
    world = World()
    body = _payload("github", "elsewhere")

    status, document = await _post(world, "/hooks/github", body, _headers("github", body))

    assert (status, document["outcome"], world.poked) == (202, "unknown", [])


async def test_other_events_are_accepted_and_ignored() -> None:
    """GitHub pings a new hook, for one."""
    body = b'{"zen": "Design for failure."}'
    headers = _headers("github", body) | {"X-GitHub-Event": "ping"}

    status, document = await _post(World(), "/hooks/github", body, headers)

    assert (status, document["outcome"]) == (202, "ignored")


@pytest.mark.parametrize("delivery", ["1", "2"])
async def test_a_replay_does_nothing(delivery: str) -> None:
    """Neither with the same id nor with a made-up one: the signed body is the same."""
    world = World()
    body = _payload("github")
    async with world.serving(keys=_keys(), remotes=_REMOTES) as client:
        await client.post("/hooks/github", data=body, headers=_headers("github", body))
        headers = _headers("github", body, delivery=delivery)
        async with client.post("/hooks/github", data=body, headers=headers) as answer:
            document = await answer.json()

    assert (answer.status, document["outcome"]) == (202, "replayed")
    assert world.poked == ["platform"]


async def test_after_the_window_a_delivery_is_fresh_again() -> None:
    """Somebody pressed redeliver."""
    world = World()
    body = _payload("github")
    async with world.serving(keys=_keys(), remotes=_REMOTES) as client:
        for _ in range(2):
            await client.post("/hooks/github", data=body, headers=_headers("github", body))
            world.clock.advance(WINDOW + 1)

    assert world.poked == ["platform", "platform"]


@pytest.mark.parametrize("body", [b"payload=%7B%7D", b"[]", b"\xff", b"[" * 100_000])
async def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    """Signed or not; the answer says what to choose at the sender."""
    status, document = await _post(World(), "/hooks/github", body, _headers("github", body))

    assert status == 400
    assert "application/json" in document["error"]


async def test_a_huge_body_is_refused() -> None:
    """Before it is all read."""
    body = b" " * (LARGEST + 1)

    status, _ = await _post(World(), "/hooks/github", body, _headers("github", body))

    assert status == 413


async def test_a_secret_that_cannot_be_looked_up_is_our_fault() -> None:
    """The sender may try again; the log names the reference, and no answer does."""

    def lost() -> tuple[str, ...]:
        raise ConfigError("the secret env:HOOK_SECRET is empty or not set")

    keys = {"github": (HookKey(secrets=lost),)}
    with capture_logs() as logs:
        status, document = await _post(World(), "/hooks/github", b"{}", {}, keys=keys)

    assert status == 503
    assert "HOOK_SECRET" not in document["error"]
    assert any("HOOK_SECRET" in str(line) for line in logs)


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (f"Bearer {_SECRET}", 202),
        ("Basic YWxlcnQ6aHVudGVyMi1wbGFudGVk", 202),
        ("Bearer guess", 401),
        ("Basic !!!", 401),
        ("Digest x", 401),
        ("", 401),
    ],
)
async def test_alerts_need_their_secret(authorization: str, status: int) -> None:
    """As bearer token or as password: what Alertmanager can send."""
    body = json.dumps({"version": "4", "status": "firing", "alerts": [{}, {}]}).encode()

    answered, _ = await _post(
        World(), "/hooks/alertmanager", body, {"Authorization": authorization}
    )

    assert answered == status


async def test_alerts_are_noted_and_not_acted_upon() -> None:
    """An alert is no evidence."""
    world = World()
    body = json.dumps({"version": "4", "status": "firing", "alerts": [{}, {}]}).encode()
    headers = {"Authorization": f"Bearer {_SECRET}"}

    with capture_logs() as logs:
        _, document = await _post(world, "/hooks/alertmanager", body, headers)

    assert document["outcome"] == "noted"
    assert world.poked == []
    assert {"event": "alerts_received", "status": "firing", "count": 2, "log_level": "info"} in logs


async def test_alerts_of_another_version_are_refused() -> None:
    """The fields may mean something else."""
    headers = {"Authorization": f"Bearer {_SECRET}"}

    status, _ = await _post(World(), "/hooks/alertmanager", b'{"version": "5"}', headers)

    assert status == 400


async def test_no_secret_is_in_any_answer_or_log() -> None:
    """Whatever goes wrong."""
    with capture_logs() as logs:
        for provider in ("github", "gitlab", "gitea"):
            body = _payload(provider)
            for secret in (_SECRET, "guess"):
                _, document = await _post(
                    World(), f"/hooks/{provider}", body, _headers(provider, body, secret)
                )
                assert _SECRET not in str(document)

    assert logs
    assert _SECRET not in str(logs)
