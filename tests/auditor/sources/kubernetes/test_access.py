"""A kubeconfig that is not right is answered with file, place and remedy."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from auditor.errors import ConfigError, SourceUnavailable
from auditor.sources.kubernetes.access import Access, Address
from tests.doubles import FakeClock


def kubeconfig(path: Path, user: dict[str, Any] | None = None, **overrides: Any) -> Path:
    """A kubeconfig with one context, ``prod``."""
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "prod",
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:6443"}}],
        "users": [{"name": "u", "user": user or {"token": "s3cret"}}],
        "contexts": [{"name": "prod", "context": {"cluster": "c", "user": "u"}}],
    }
    path.write_text(json.dumps(document | overrides))
    return path


async def opened(address: Address) -> Access:
    access = Access(address, FakeClock())
    await access.load()
    return access


async def refusal_of(**address: Any) -> str:
    """The message with which an address is refused."""
    with pytest.raises(ConfigError) as refusal:
        await opened(Address(cluster="prod", **address))
    return str(refusal.value)


async def test_current_context(tmp_path: Path) -> None:
    """Without a context, the current one is taken."""
    access = await opened(Address(cluster="prod", kubeconfig=kubeconfig(tmp_path / "config")))

    assert access.configuration.host == "https://127.0.0.1:6443"
    assert await access.authorization() == "Bearer s3cret"


async def test_environment_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a file, ``KUBECONFIG`` says which; files that it names and that are missing do not matter."""
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path / 'none'}:{kubeconfig(tmp_path / 'config')}")

    access = await opened(Address(cluster="prod"))

    assert access.configuration.host == "https://127.0.0.1:6443"


async def test_missing_file(tmp_path: Path) -> None:
    """The file is named, and what else could be done."""
    message = await refusal_of(kubeconfig=tmp_path / "none")

    assert str(tmp_path / "none") in message
    assert "No such file" in message
    assert "inCluster" in message


async def test_file_that_is_no_yaml(tmp_path: Path) -> None:
    """The line is named."""
    (tmp_path / "config").write_text("contexts:\n  - {name: prod\n")

    assert f"{tmp_path / 'config'}:3" in await refusal_of(kubeconfig=tmp_path / "config")


@pytest.mark.parametrize("content", ["", "[]", "just words"])
async def test_file_that_is_no_kubeconfig(tmp_path: Path, content: str) -> None:
    """An empty file and a list are no kubeconfig."""
    (tmp_path / "config").write_text(content)

    assert "empty or a list" in await refusal_of(kubeconfig=tmp_path / "config")


async def test_unknown_context_has_a_neighbour(tmp_path: Path) -> None:
    """A misspelt context is answered with the one that was probably meant."""
    path = kubeconfig(tmp_path / "config")

    assert "did you mean 'prod'?" in await refusal_of(kubeconfig=path, context="prdo")


async def test_unknown_context_without_neighbours(tmp_path: Path) -> None:
    """Where none is near, all are named."""
    path = kubeconfig(tmp_path / "config")

    assert "there are: prod" in await refusal_of(kubeconfig=path, context="elsewhere")


async def test_no_current_context(tmp_path: Path) -> None:
    """A kubeconfig without a current context needs one from the configuration."""
    current: dict[str, Any] = {"current-context": ""}
    path = kubeconfig(tmp_path / "config", **current)

    assert "set context to one of: prod" in await refusal_of(kubeconfig=path)


async def test_context_of_a_cluster_that_is_not_there(tmp_path: Path) -> None:
    """What kubernetes-asyncio complains about is passed on, with the file."""
    path = kubeconfig(tmp_path / "config", clusters=[])

    message = await refusal_of(kubeconfig=path)

    assert str(path) in message
    assert "clusters" in message


async def test_missing_certificate(tmp_path: Path) -> None:
    """A certificate that is not where the kubeconfig says it is."""
    cluster = {"server": "https://x", "certificate-authority": "/nowhere/ca.crt"}
    path = kubeconfig(tmp_path / "config", clusters=[{"name": "c", "cluster": cluster}])

    assert "/nowhere/ca.crt" in await refusal_of(kubeconfig=path)


async def test_no_pod(monkeypatch: pytest.MonkeyPatch) -> None:
    """``inCluster`` outside a Pod says so."""
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)

    assert "no Pod" in await refusal_of(in_cluster=True)


def plugin(path: Path, token: str) -> dict[str, Any]:
    """A user whose token a program gives; it counts its runs in a file beside it."""
    credential = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {"token": token},
    }
    path.write_text(
        f"#!/bin/sh\necho run >> {path}.runs\ncat <<'END'\n{json.dumps(credential)}\nEND\n"
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": str(path)}}


async def test_plugin_gives_the_token(tmp_path: Path) -> None:
    """An exec plugin is run for the token."""
    path = kubeconfig(tmp_path / "config", user=plugin(tmp_path / "login", "from-plugin"))

    access = await opened(Address(cluster="prod", kubeconfig=path))

    assert await access.authorization() == "Bearer from-plugin"


async def test_plugin_that_fails(tmp_path: Path) -> None:
    """What the plugin says is passed on."""
    script = tmp_path / "login"
    user = plugin(script, "never")
    script.write_text("#!/bin/sh\necho 'not logged in' >&2\nexit 1\n")

    assert "not logged in" in await refusal_of(kubeconfig=kubeconfig(tmp_path / "c", user=user))


async def test_refused_token_is_renewed(tmp_path: Path) -> None:
    """After a refusal the plugin runs again, and its new token is taken."""
    path = kubeconfig(tmp_path / "config", user=plugin(tmp_path / "login", "old"))
    access = await opened(Address(cluster="prod", kubeconfig=path))
    plugin(tmp_path / "login", "new")

    assert await access.renew("Bearer old")
    assert await access.authorization() == "Bearer new"


async def test_many_refusals_run_the_plugin_once(tmp_path: Path) -> None:
    """However many requests are refused at once, the plugin runs once in a while."""
    path = kubeconfig(tmp_path / "config", user=plugin(tmp_path / "login", "old"))
    access = await opened(Address(cluster="prod", kubeconfig=path))

    renewals = [await access.renew("Bearer old") for _ in range(5)]

    assert renewals == [False] * 5
    assert (tmp_path / "login.runs").read_text().count("run") == 2


async def test_token_that_was_renewed_meanwhile_is_taken(tmp_path: Path) -> None:
    """A request that was refused with an older token tries the present one first."""
    access = await opened(Address(cluster="prod", kubeconfig=kubeconfig(tmp_path / "config")))

    assert await access.renew("Bearer an older one")


async def test_renewal_that_fails_is_no_configuration_error(tmp_path: Path) -> None:
    """A kubeconfig that is away for a moment does not end the worker."""
    path = kubeconfig(tmp_path / "config")
    access = await opened(Address(cluster="prod", kubeconfig=path))
    path.unlink()

    with pytest.raises(SourceUnavailable):
        await access.renew("Bearer s3cret")
