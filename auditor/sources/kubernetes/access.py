"""Where a cluster is and how one proves who one is: a kubeconfig, or the account of the Pod.

kubernetes-asyncio reads both and runs exec plugins and token refreshes; here its complaints become
messages that name file, place and remedy. Tokens never leave the configuration object. It refuses to write
a kubeconfig back.
"""

from __future__ import annotations

import asyncio
import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from kubernetes_asyncio.client import Configuration
from kubernetes_asyncio.config import (
    ConfigException,
    load_incluster_config,
    load_kube_config,
)

from auditor.errors import ConfigError, SourceUnavailable
from auditor.ports import Clock

_RENEWAL_INTERVAL: Final = 10.0
"""Seconds between two runs of a plugin, however many requests were refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """How a cluster is found.

    Without a kubeconfig it is ``KUBECONFIG`` or ``~/.kube/config``, and without a context the current
    one, as kubectl has it.
    """

    cluster: str
    kubeconfig: Path | None = None
    context: str | None = None
    in_cluster: bool = False


class Access:
    """Configuration and credentials for one cluster."""

    def __init__(self, address: Address, clock: Clock) -> None:
        self._address = address
        self._clock = clock
        self._renewing = asyncio.Lock()
        self._renewed = -_RENEWAL_INTERVAL
        self.configuration: Any = None

    async def load(self) -> None:
        """Read everything anew; plugins run again, token files are read again.

        Raises:
            ConfigError: the kubeconfig cannot be read or does not say enough.

        """
        configuration = Configuration()
        # Every kind holds a connection, so a limit would silently leave kinds unwatched.
        configuration.connection_pool_maxsize = 0
        if self._address.in_cluster:
            _load_in_cluster(configuration, self._address)
        else:
            await _load_kubeconfig(configuration, self._address)
        self.configuration = configuration

    async def authorization(self) -> str | None:
        """The value of the Authorization header; the Pod's token is read again every minute."""
        token: str | None = await self.configuration.get_api_key_with_prefix("BearerToken")
        return token

    async def renew(self, refused: str | None) -> bool:
        """Get new credentials after some were refused; tell whether there are any.

        Raises:
            SourceUnavailable: they cannot be had now.

        """
        async with self._renewing:
            if await self.authorization() != refused:
                return True  # Another request was faster.
            if self._clock.monotonic() - self._renewed < _RENEWAL_INTERVAL:
                return False
            self._renewed = self._clock.monotonic()
            before = self.identity
            try:
                await self.load()
            except ConfigError as error:
                raise SourceUnavailable(f"no new credentials: {error}") from error
            return self.identity != before or await self.authorization() != refused

    @property
    def identity(self) -> tuple[object, ...]:
        """What a session is built from: when it changes, another session is needed."""
        c = self.configuration
        return c.host, c.ssl_ca_cert, c.cert_file, c.key_file, c.proxy, c.tls_server_name


_COMPLAINTS: Final = (
    ConfigException,
    OSError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    AssertionError,
    yaml.YAMLError,
)
"""What kubernetes-asyncio raises on a kubeconfig that is not as it expects."""


def _load_in_cluster(configuration: Any, address: Address) -> None:
    try:
        load_incluster_config(client_configuration=configuration)
    except (ConfigException, OSError) as error:
        raise ConfigError(
            f"cluster {address.cluster}: inCluster is set, but this is no Pod with a service account "
            f"({error}); give a kubeconfig instead"
        ) from error


async def _load_kubeconfig(configuration: Any, address: Address) -> None:
    paths = _paths(address)
    _check(paths, address)
    try:
        await load_kube_config(
            config_file=os.pathsep.join(map(str, paths)),
            context=address.context,
            client_configuration=configuration,
            persist_config=False,
        )
    except _COMPLAINTS as error:
        raise ConfigError(
            f"{_named(paths)}: cluster {address.cluster}: {error}; "
            "check it with: kubectl config view --minify"
        ) from error


def _paths(address: Address) -> list[Path]:
    """The files that make up the kubeconfig. Of those in ``KUBECONFIG``, missing ones are left out."""
    if address.kubeconfig is not None:
        return [address.kubeconfig.expanduser()]
    listed = [Path(name) for name in os.environ.get("KUBECONFIG", "").split(os.pathsep) if name]
    present = [path for path in listed if path.exists()]
    return present or listed or [Path.home() / ".kube" / "config"]


def _check(paths: list[Path], address: Address) -> None:
    """Say what is wrong with a kubeconfig before kubernetes-asyncio does, and better."""
    documents = [_read(path, address) for path in paths]
    contexts = [name for document in documents for name in _context_names(document)]
    current = next((found for d in documents if (found := d.get("current-context"))), None)
    wanted = address.context or current
    if not wanted:
        raise ConfigError(
            f"{_named(paths)}: cluster {address.cluster}: no current-context; "
            f"set context to one of: {', '.join(contexts) or '(it has none)'}"
        )
    if wanted not in contexts:
        raise ConfigError(
            f"{_named(paths)}: cluster {address.cluster}: contexts: no context {wanted!r}; "
            f"{_nearest(str(wanted), contexts)}"
        )


def _read(path: Path, address: Address) -> Mapping[str, Any]:
    try:
        document = yaml.safe_load(path.read_bytes())
    except OSError as error:
        raise ConfigError(
            f"{path}: cluster {address.cluster}: the kubeconfig cannot be read ({error.strerror}); "
            "set kubeconfig to a file that can, or inCluster: true inside a Pod"
        ) from error
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        place = f"{path}:{line + 1}" if line is not None else str(path)
        raise ConfigError(
            f"{place}: cluster {address.cluster}: the kubeconfig is no YAML"
        ) from error
    if not isinstance(document, dict):
        raise ConfigError(f"{path}: cluster {address.cluster}: the kubeconfig is empty or a list")
    return document


def _context_names(document: Mapping[str, Any]) -> list[str]:
    contexts = document.get("contexts")
    listed = contexts if isinstance(contexts, list) else []
    return [str(context.get("name")) for context in listed if isinstance(context, dict)]


def _nearest(wanted: str, names: list[str]) -> str:
    near = difflib.get_close_matches(wanted, names, n=1)
    return f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(names) or '(none)'}"


def _named(paths: list[Path]) -> str:
    return os.pathsep.join(map(str, paths))
